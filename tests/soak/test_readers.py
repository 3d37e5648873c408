"""Twenty rounds of the long soak, and proof that its comparison detects growth."""

from pathlib import Path

import pytest
from tests.soak import readers

pytestmark = pytest.mark.slow

ROUNDS, TAPS = 20, 50


def test_taps_and_replugs_leave_nothing_behind(tmp_path: Path) -> None:
    assert readers.soak(tmp_path, ROUNDS, 20, lambda _: None, TAPS) == []


def test_growth_would_be_seen() -> None:
    assert readers.growth((1000, 2, 9), (2024, 2, 9)) == []
    assert readers.growth((1000, 2, 9), (2025, 3, 10)) == [
        "1000 KiB of memory became 2025",
        "2 threads became 3",
        "9 descriptors became 10",
    ]
