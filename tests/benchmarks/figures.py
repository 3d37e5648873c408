"""Figures from samples and their floors, with goals that are met or missed.

A figure has up to two floors from the same run. The *own* floor pays what the till has chosen to
pay: the same framework with as many widgets, the same driver, the same statements. The *thin* floor
is the least program that does the same work at all. An own floor hides what it shares with the
till; against the thin one that can be seen.
"""

import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

QUICK_PART = 6
"""A quick run makes every sixth round."""

HIGH = (95, 99)
NAME_CELLS, FIGURE_CELLS = 44, 9


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure should be: at most `limit`, or at least."""

    description: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure is as wanted."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        return f"{'met   ' if self.met else 'MISSED'} {self.description} {sign} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, and beside it the least that it could be; all of it in `unit`.

    `floor` is the own floor, `thin` the thin one.
    """

    name: str
    unit: str
    samples: Sequence[float]
    floor: Sequence[float] = ()
    goals: tuple[Goal, ...] = ()
    remark: str = ""
    thin: Sequence[float] = ()

    @property
    def ratio(self) -> float | None:
        """Compare the medians; None without a floor."""
        return times(self.samples, self.floor) if self.floor else None

    @property
    def thin_ratio(self) -> float | None:
        """Compare the median with that of the thin floor; None without one."""
        return times(self.samples, self.thin) if self.thin else None

    def rows(self) -> Iterator[str]:
        """Draw it for a person: the figures, then a row for each goal."""
        cells = [_cell(value) for value in _spread(self.samples)]
        for floor, ratio in ((self.floor, self.ratio), (self.thin, self.thin_ratio)):
            cells += [_cell(value) for value in _spread(floor)[:2]]
            cells.append("" if ratio is None else f"{ratio:.2f} x")
        name = f"{self.name} ({self.unit})".ljust(NAME_CELLS)
        yield name + "".join(cell.rjust(FIGURE_CELLS) for cell in cells)
        for goal in self.goals:
            yield f"    {goal}: {goal.value:.3g}"
        if self.remark:
            yield f"    {self.remark}"

    def as_json(self) -> dict[str, Any]:
        """Return it for a machine."""
        return {
            "name": self.name,
            "unit": self.unit,
            "count": len(self.samples),
            "median": median(self.samples),
            "p95": percentile(self.samples, 95),
            "p99": percentile(self.samples, 99),
            "max": max(self.samples, default=None),
            "floor_median": median(self.floor),
            "floor_p95": percentile(self.floor, 95),
            "floor_p99": percentile(self.floor, 99),
            "ratio": self.ratio,
            "thin_median": median(self.thin),
            "thin_p95": percentile(self.thin, 95),
            "thin_ratio": self.thin_ratio,
            "goals": [
                {
                    "goal": goal.description,
                    "limit": goal.limit,
                    "value": goal.value,
                    "met": goal.met,
                }
                for goal in self.goals
            ],
            "remark": self.remark,
        }


_TITLES = ("median", "p95", "p99", "max", "own", "p95", "ratio", "thin", "p95", "ratio")
HEAD = " " * NAME_CELLS + "".join(title.rjust(FIGURE_CELLS) for title in _TITLES)


def median(samples: Sequence[float]) -> float | None:
    """Return the middle; None of nothing."""
    return statistics.median(samples) if samples else None


def percentile(samples: Sequence[float], percent: int) -> float | None:
    """Return the sample that so many percent do not exceed; None of nothing."""
    if not samples:
        return None
    return sorted(samples)[math.ceil(len(samples) * percent / 100) - 1]


def times(samples: Sequence[float], floor: Sequence[float]) -> float:
    """Tell how many times the floor's median the median is."""
    return statistics.median(samples) / statistics.median(floor)


def times_high(samples: Sequence[float], floor: Sequence[float], percent: int = 95) -> float:
    """Tell how many times the floor's p95, or another high part of it, the samples' own is."""
    return (percentile(samples, percent) or math.inf) / (percentile(floor, percent) or math.inf)


def at_most(description: str, value: float | None, limit: float) -> Goal:
    """Make the usual goal; nothing measured is no goal met."""
    return Goal(description, math.inf if value is None else value, limit)


def milliseconds(seconds: Sequence[float]) -> list[float]:
    """Turn samples into the unit that people read."""
    return [duration * 1000 for duration in seconds]


def timed_s(work: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


@dataclass(frozen=True, slots=True)
class Bench:
    """Where a measurement may write, and how thorough it is to be."""

    folder: Path
    quick: bool

    def rounds(self, description: str, full: int) -> Iterator[int]:
        """Count the rounds of a measurement, and say on the way how far it is."""
        count = max(3, full // QUICK_PART) if self.quick else full
        step = max(1, count // 4)
        for number in range(count):
            if number % step == 0:
                self.say(f"{description}: round {number + 1} of {count}")
            yield number

    def say(self, text: str) -> None:
        """Tell a person that waits what is going on, and how busy the machine is."""
        sys.stderr.write(f"  {text} (load {os.getloadavg()[0]:.1f})\n")
        sys.stderr.flush()


def _spread(samples: Sequence[float]) -> tuple[float | None, ...]:
    """Return median, p95, p99 and the largest; None for a part that of few would be the largest."""
    high = (percentile(samples, percent) if _has(samples, percent) else None for percent in HIGH)
    return median(samples), *high, max(samples, default=None)


def _has(samples: Sequence[float], percent: int) -> bool:
    """Return whether there are samples above so many percent of them."""
    return len(samples) * (100 - percent) >= 100


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
