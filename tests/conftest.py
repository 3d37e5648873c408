"""What every test shares: one locale, and a Hypothesis that keeps nothing and times nothing."""

import gc
import logging
import os

import pytest
from hypothesis import HealthCheck, settings

# Commands write amounts as the shell's language does.
os.environ["LC_ALL"] = "C.UTF-8"

settings.register_profile(
    "taptill",
    database=None,
    deadline=None,  # a timing never decides a test
    suppress_health_check=[HealthCheck.too_slow],
)
# For make check (--hypothesis-profile=few); make test tries as many as Hypothesis does by itself.
settings.register_profile("few", settings.get_profile("taptill"), max_examples=20)
settings.load_profile("taptill")
logging.getLogger("hypothesis").setLevel(logging.ERROR)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that run the real program: at the end they would leave a core idle."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of each later search for garbage.

    Those are hundreds of thousands of objects that stay until the end; a search through all of
    them would cost more than many a test.
    """
    gc.collect()
    gc.freeze()
