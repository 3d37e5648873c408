"""What the tests of slips share."""

import time

import pytest


@pytest.fixture
def in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let local time be UTC in this process, so that a printed time is the same everywhere."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
