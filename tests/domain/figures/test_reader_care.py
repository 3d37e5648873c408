"""When a reader should be cleaned, its cable looked at, or replaced."""

import pytest

from taptill.domain.figures.reader import (
    RECENT_FRAMES,
    Care,
    HistoryKeeper,
    ReaderHistory,
    care_for,
)

CASES = {
    "a new reader": (ReaderHistory(), Care.NONE),
    "a good one": (ReaderHistory(recent=200, recent_bad=2, before=5000, before_bad=50), Care.NONE),
    "too few frames to tell": (ReaderHistory(recent=49, recent_bad=49), Care.NONE),
    "it was good before, a twentieth is bad now": (
        ReaderHistory(recent=200, recent_bad=10, before=5000, before_bad=50),
        Care.CLEAN,
    ),
    "just below a twentieth": (
        ReaderHistory(recent=200, recent_bad=9, before=5000, before_bad=0),
        Care.NONE,
    ),
    "it was always so": (
        ReaderHistory(recent=200, recent_bad=20, before=5000, before_bad=500),
        Care.NONE,
    ),
    "three times as bad as before": (
        ReaderHistory(recent=200, recent_bad=30, before=5000, before_bad=250),
        Care.CLEAN,
    ),
    "not quite three times": (
        ReaderHistory(recent=200, recent_bad=29, before=5000, before_bad=250),
        Care.NONE,
    ),
    "bad from the first frame on": (ReaderHistory(recent=60, recent_bad=6), Care.CLEAN),
    "a quarter is bad, and always was": (
        ReaderHistory(recent=200, recent_bad=50, before=5000, before_bad=1250),
        Care.REPLACE,
    ),
    "opened anew twice this hour": (ReaderHistory(reopens_an_hour=2), Care.NONE),
    "opened anew three times": (ReaderHistory(reopens_an_hour=3), Care.CABLE),
    "opened anew a dozen times": (ReaderHistory(reopens_an_hour=12), Care.REPLACE),
    "dirty and loose": (
        ReaderHistory(recent=200, recent_bad=20, before=500, reopens_an_hour=4),
        Care.CABLE,
    ),
}


@pytest.mark.parametrize(("history", "care"), CASES.values(), ids=CASES)
def test_what_a_reader_needs(history: ReaderHistory, care: Care) -> None:
    assert care_for(history) is care


def test_the_history_has_the_newest_frames_and_those_before() -> None:
    keeper = HistoryKeeper()
    for number in range(RECENT_FRAMES + 100):
        keeper.record_frame(is_bad=number < 30 or number == 299)
    expected = ReaderHistory(recent=RECENT_FRAMES, recent_bad=1, before=100, before_bad=30)
    assert keeper.history(0.0) == expected


def test_a_reopen_is_forgotten_after_an_hour() -> None:
    keeper = HistoryKeeper()
    keeper.record_reopen(100.0)
    keeper.record_reopen(2000.0)
    assert keeper.history(3600.0).reopens_an_hour == 2
    assert keeper.history(3700.0).reopens_an_hour == 1
    assert keeper.history(9000.0).reopens_an_hour == 0
