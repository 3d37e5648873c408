"""A reader's figures, and the rule by which its own history says that it should be looked after."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from taptill.domain.tap import ReaderState

RECENT_FRAMES = 200
"""The share of bad frames is that of so many, the newest."""

HOUR_S = 3600.0
REOPENS_MAX = 64


class Care(StrEnum):
    """What a reader needs, by its own history; each is a key of the screen texts."""

    NONE = "none"
    CLEAN = "clean"  # more bad frames than it used to have
    CABLE = "cable"  # it was lost and found several times
    REPLACE = "replace"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderHistory:
    """What a reader has sent: the newest frames, those before them, and reopens of the last hour.

    `recent` and `before` count good and bad frames together.
    """

    recent: int = 0
    recent_bad: int = 0
    before: int = 0
    before_bad: int = 0
    reopens_an_hour: int = 0


@dataclass(frozen=True, slots=True)
class CareRule:
    """One row of the rule: all of it must hold.

    `recent_min` newest frames were seen, of which at least `bad_percent` are bad and at least
    `times_before` times the share of those before; or the device was opened `reopens` times anew
    within an hour.
    """

    care: Care
    bad_percent: int = 0
    times_before: int = 0
    recent_min: int = 0
    reopens: int = 0

    def holds(self, history: ReaderHistory) -> bool:
        """Return whether this row is true of a reader."""
        if self.reopens:
            return history.reopens_an_hour >= self.reopens
        bad, recent = history.recent_bad, history.recent
        is_bad = recent >= self.recent_min and bad * 100 >= recent * self.bad_percent
        is_worse = bad * history.before >= self.times_before * history.before_bad * recent
        return is_bad and is_worse


CARE_RULES = (
    CareRule(Care.REPLACE, bad_percent=25, recent_min=50),
    CareRule(Care.REPLACE, reopens=12),
    CareRule(Care.CABLE, reopens=3),
    CareRule(Care.CLEAN, bad_percent=5, times_before=3, recent_min=50),
)
"""The first row that holds is told. A reader that was always a little bad is left alone: its wire
format may have a weak check, or customers pull their cards away early."""


def care_for(history: ReaderHistory) -> Care:
    """Return what a reader with this history needs."""
    return next((rule.care for rule in CARE_RULES if rule.holds(history)), Care.NONE)


class HistoryKeeper:
    """Keeps a reader's history; its thread records, any thread may ask."""

    def __init__(self) -> None:
        self._recent: deque[bool] = deque(maxlen=RECENT_FRAMES)
        self._frames = self._bad = 0
        self._reopened_s: deque[float] = deque(maxlen=REOPENS_MAX)

    def record_frame(self, *, is_bad: bool) -> None:
        """Count a frame."""
        self._recent.append(is_bad)
        self._frames += 1
        self._bad += is_bad

    def record_reopen(self, now_s: float) -> None:
        """Count that the device was opened again, at a monotonic time."""
        self._reopened_s.append(now_s)

    def history(self, now_s: float) -> ReaderHistory:
        """Return the history at a monotonic time."""
        recent = list(self._recent)
        recent_bad = sum(recent)
        return ReaderHistory(
            recent=len(recent),
            recent_bad=recent_bad,
            before=max(0, self._frames - len(recent)),
            before_bad=max(0, self._bad - recent_bad),
            reopens_an_hour=sum(now_s - at_s < HOUR_S for at_s in list(self._reopened_s)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderFigures:
    """A reader's figures since the start; `silent_s`: so long it has said nothing, None: never."""

    name: str
    state: ReaderState
    for_goods: bool = False
    frames: int = 0
    bad_frames: int = 0
    faults: tuple[tuple[str, int], ...] = ()
    reopened: int = 0
    silent_s: float | None = None
    care: Care = Care.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRead:
    """What a reader has read last, for the technician's page alone: it names a card.

    `octets` are those that came last, as far as the reader delivers any; `card` is the number that
    the till made of them, `ago_s` how long ago that was.
    """

    reader: str
    octets: bytes = b""
    card: str = ""
    ago_s: float = 0.0
