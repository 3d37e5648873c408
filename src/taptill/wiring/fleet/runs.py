"""How often a till was started, how its runs ended, and what the crash files say."""

import json
import logging
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from taptill import __version__
from taptill.domain.errors import OutputError
from taptill.domain.figures.till import CrashNote
from taptill.durable_files import unsynced_write
from taptill.wiring.fleet.crash_files import adopt_dump, crash_notes

log = logging.getLogger("taptill.fleet")

RUNS, STATUS = "runs.json", "status.json"
"""Names of files: the first in the state directory, the second in that for running programs."""
BYTES_MAX = 4096
_TICKS_FIELD = 19  # of /proc/self/stat behind the program's name: starttime, proc_pid_stat(5)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What `runs.json` holds: `is_running` from a start until its clean end."""

    starts: int = 0
    unclean_ends: int = 0
    is_running: bool = False


class Runs:
    """Counts the runs of a till; a file that cannot be read or written counts from nought."""

    def __init__(self, state: Path) -> None:
        self._path = state / RUNS
        self._record = RunRecord()
        self.crashes: tuple[CrashNote, ...] = ()
        self.ready_s: float | None = None
        self._state = state

    @property
    def starts(self) -> int:
        """Return how many starts there were, this one included."""
        return self._record.starts

    @property
    def unclean_ends(self) -> int:
        """Return how many runs were killed, lost their power or broke."""
        return self._record.unclean_ends

    def begin(self, at: str = "") -> None:
        """Count this start, and log the newest crash if the run before ended by it.

        `at` is now, for what Python has written at an abort: nobody knows when that was.
        """
        before = read_runs(self._state)
        unclean_ends = before.unclean_ends + before.is_running
        self._write(RunRecord(before.starts + 1, unclean_ends, is_running=True))
        facts = {"at": at, "version": __version__}
        adopt_dump(self._state, facts)
        self.crashes = crash_notes(self._state)
        if before.is_running:
            last = self.crashes[-1] if self.crashes else None
            fields = {"crash_files": len(self.crashes), "unclean_ends": unclean_ends}
            newest = {"fault": last.fault, "place": last.place, "at": last.at} if last else {}
            log.warning("run.ended_uncleanly", extra={**fields, **newest})

    def ready(self) -> None:
        """Keep how long this start took, from the program's first step until now."""
        self.ready_s = self.uptime_s()

    def end(self) -> None:
        """Record that the till was left as it should be."""
        record = self._record
        self._write(RunRecord(record.starts, record.unclean_ends))

    def uptime_s(self) -> float:
        """Return for how long this program has run."""
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - _started_s())

    def _write(self, record: RunRecord) -> None:
        self._record = record
        with suppress(OutputError):  # the journal reports a disk that takes nothing
            unsynced_write(self._path, json.dumps(asdict(record)))


def read_runs(state: Path) -> RunRecord:
    """Return the last record of a state directory; one of noughts where there is none."""
    try:
        with (state / RUNS).open("rb") as file:
            stored: Any = json.loads(file.read(BYTES_MAX))
        starts, unclean_ends, is_running = (
            stored["starts"],
            stored["unclean_ends"],
            stored["is_running"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return RunRecord()
    is_plausible = type(starts) is type(unclean_ends) is int and type(is_running) is bool
    return RunRecord(starts, unclean_ends, is_running) if is_plausible else RunRecord()


def _started_s() -> float:
    """Return when this program was started, in seconds since the boot."""
    try:
        fields = Path("/proc/self/stat").read_text("ascii").rpartition(")")[2].split()
        return int(fields[_TICKS_FIELD]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
