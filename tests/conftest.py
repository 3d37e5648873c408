"""What every test shares: Hypothesis keeps nothing in the checkout and times nothing."""

import logging

from hypothesis import HealthCheck, settings

settings.register_profile(
    "taptill",
    database=None,
    deadline=None,  # a timing never decides a test
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("taptill")
logging.getLogger("hypothesis").setLevel(logging.ERROR)
