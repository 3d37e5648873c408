"""How long something takes: the last of them for percentiles, all of them as a histogram."""

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass
from math import ceil
from threading import Lock

RECENT = 1000
"""Percentiles are those of so many, the newest."""

BOUNDS_S = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the histogram's classes, in seconds; one more class has no bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationSummary:
    """Durations in seconds.

    `classes` counts all since the start, one number for each of `BOUNDS_S` and one for what is
    longer; `recent_classes` counts the newest `RECENT`, of which the percentiles are, too. These
    are None where nothing was measured yet.
    """

    classes: tuple[int, ...] = (0,) * (len(BOUNDS_S) + 1)
    recent_classes: tuple[int, ...] = (0,) * (len(BOUNDS_S) + 1)
    sum_s: float = 0.0
    p50_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None

    @property
    def count(self) -> int:
        """Return how many there were since the start."""
        return sum(self.classes)

    @property
    def recent(self) -> int:
        """Return of how many the percentiles are."""
        return sum(self.recent_classes)


class Durations:
    """Counts durations; one thread may record while another one asks for the summary."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._classes = [0] * (len(BOUNDS_S) + 1)
        self._sum_s = 0.0
        self._lock = Lock()

    def record(self, seconds: float) -> None:
        """Count one duration; a clock that goes back is not believed."""
        seconds = max(0.0, seconds)
        with self._lock:
            self._recent.append(seconds)
            self._classes[bisect_left(BOUNDS_S, seconds)] += 1
            self._sum_s += seconds

    def summary(self) -> DurationSummary:
        """Return what was counted until now."""
        with self._lock:
            recent, classes, sum_s = list(self._recent), tuple(self._classes), self._sum_s
        recent.sort()
        return DurationSummary(
            classes=classes,
            recent_classes=_classes_of(recent),
            sum_s=sum_s,
            p50_s=_percentile(recent, 50),
            p95_s=_percentile(recent, 95),
            p99_s=_percentile(recent, 99),
        )


def _classes_of(recent: list[float]) -> tuple[int, ...]:
    counts = [0] * (len(BOUNDS_S) + 1)
    for seconds in recent:
        counts[bisect_left(BOUNDS_S, seconds)] += 1
    return tuple(counts)


def _percentile(ascending: list[float], percent: int) -> float | None:
    """Return the smallest value that so many percent are not above (nearest rank)."""
    if not ascending:
        return None
    return ascending[max(0, ceil(len(ascending) * percent / 100) - 1)]
