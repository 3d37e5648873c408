"""Bounds how much a till logs: each event so often an hour, and all of them together.

A reader with a loose contact, or a server that fails each request, would else fill the log with one
line, for which older lines are dropped. What is left out is counted, and told once an hour.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator

WINDOW_S = 3600.0
EVENT_MAX = 60
"""So many lines of one event an hour."""

LINES_MAX = 500
"""So many lines of all events an hour that are no faults, and of all faults:"""

FAULTS_MAX = 100
EVENTS_MAX = 200
"""So many events are told apart, of faults and of all else; others count as one."""

OTHERS = "others"
SUPPRESSED = "log.suppressed"

LINES_A_DAY_MAX = 24 * (LINES_MAX + FAULTS_MAX + 2 * EVENTS_MAX)
"""With the lines that tell what was left out."""


class _Budget:
    """What is left of an hour, for faults or for all other records."""

    def __init__(self, lines_max: int) -> None:
        self._lines_max = lines_max
        self._lines = 0
        self.counts: Counter[str] = Counter()

    def takes(self, event: str) -> bool:
        """Count a record; return whether it is written."""
        known = event in self.counts or len(self.counts) < EVENTS_MAX
        event = event if known else OTHERS
        self.counts[event] += 1
        if self.counts[event] > EVENT_MAX or self._lines >= self._lines_max:
            return False
        self._lines += 1
        return True


class LogLimit(logging.Filter):
    """Lets so many records of each event through; an event is a logger with a message.

    Faults have a budget of their own, so that nothing else keeps them out.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._begin_hour()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is written."""
        if record.msg == SUPPRESSED:
            return True
        if self._monotonic() - self._began_s >= WINDOW_S:
            told = [*self._left_out()]
            self._begin_hour()
            for fields in told:
                logging.getLogger("taptill").warning(SUPPRESSED, extra=fields)
        budget = self._faults if record.levelno >= logging.ERROR else self._others
        return budget.takes(f"{record.name} {record.msg}")

    def _begin_hour(self) -> None:
        self._began_s = self._monotonic()
        self._faults, self._others = _Budget(FAULTS_MAX), _Budget(LINES_MAX)

    def _left_out(self) -> Iterator[dict[str, object]]:
        for budget in (self._faults, self._others):
            for event, count in budget.counts.items():
                if count > EVENT_MAX:
                    yield {"event": event.rpartition(" ")[2], "left_out": count - EVENT_MAX}
