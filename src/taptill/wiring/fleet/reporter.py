"""Hands the figures on while the till runs: to the status file, to the metrics, to systemd."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from taptill.domain.clock import Clock
from taptill.domain.errors import JournalError, OutputError
from taptill.domain.figures.till import TillFigures
from taptill.domain.tap import ReaderState
from taptill.domain.technical.counting import many
from taptill.durable_files import unsynced_write
from taptill.wiring.fleet.metrics import metrics_text
from taptill.wiring.fleet.outputs import FleetOutputs
from taptill.wiring.fleet.status_file import Written, status_text

log = logging.getLogger("taptill.fleet")

IN_MEMORY_S, ON_DISK_S = 5.0, 60.0
"""Files are written so often: those on a disk seldom, as it may be an SD card that wears out."""

LINE_S = 5.0
"""The status line goes to systemd at most so often, and where it has changed."""

COUNT_S = 900.0
"""The cache's customers are counted so often, beside the till, once two counts were the same."""

READABLE_BY_ALL = 0o644
_MEMORY = (Path("/run"), Path("/dev/shm"))  # noqa: S108 - where memory is, not a temporary file


@dataclass(slots=True)
class _Output:
    """A file that is drawn of the figures; `failure` is why it cannot be written."""

    path: Path
    draw: Callable[[TillFigures], str]
    every_s: float
    _: KW_ONLY
    due_s: float = field(default=0.0)
    failure: str = ""

    def write(self, figures: TillFigures) -> None:
        """Write the file; a change of what hinders that is logged once."""
        failure = ""
        try:
            unsynced_write(self.path, self.draw(figures), READABLE_BY_ALL)
        except OutputError as fault:
            failure = str(fault.fields["detail"])
        if failure and failure != self.failure:
            log.warning("figures.not_written", extra={"file": self.path.name, "detail": failure})
        self.failure = failure


def every_s(path: Path) -> float:
    """Return how often a file is written, by whether its folder is in memory."""
    folder = path.parent.resolve()
    is_in_memory = any(folder.is_relative_to(place) for place in _MEMORY)
    return IN_MEMORY_S if is_in_memory else ON_DISK_S


class CountedFigures(Protocol):
    """Where the figures come from; the cache's customers are counted for it."""

    cache_rows: int | None

    def figures(self) -> TillFigures:
        """Return the figures as they are now. Errors: JournalError."""


class Reporter:
    """Draws the figures of `source` for each output, until it is cancelled."""

    def __init__(
        self,
        source: CountedFigures,
        outputs: FleetOutputs,
        clock: Clock,
        count_rows: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._source = source
        self._clock = clock
        self._notify = outputs.notify
        self._count_rows = count_rows
        self._counted_s = 0.0
        self._is_filled = False
        self._line = ""
        self._files: list[_Output] = []
        if path := outputs.status_file:
            draw = partial(_status, clock, every_s(path))
            self._files.append(_Output(path, draw, every_s(path)))
        if path := outputs.textfile:
            self._files.append(_Output(path, metrics_text, every_s(path)))

    async def run(self) -> None:
        """Report until cancelled; files are written in a thread, as a disk may be slow."""
        while True:
            await self.report()
            await asyncio.sleep(LINE_S)

    async def report(self) -> None:
        """Report once what is due."""
        now_s = self._clock.monotonic()
        if not self._is_filled or now_s - self._counted_s >= COUNT_S:
            self._counted_s = now_s
            await self._count()
        try:
            figures = self._source.figures()
        except JournalError:
            return  # it cannot be read just now; the file's age says so
        self._say(status_line(figures))
        due = [file for file in self._files if now_s >= file.due_s]
        for file in due:
            file.due_s = now_s + file.every_s - LINE_S / 2
        if due:
            await asyncio.to_thread(_write_all, due, figures)

    async def _count(self) -> None:
        """Count the cache's customers; one that has just begun to be filled has none yet."""
        count = await asyncio.to_thread(self._count_rows)
        self._is_filled = bool(count) and count == self._source.cache_rows
        self._source.cache_rows = count

    def _say(self, line: str) -> None:
        if line != self._line:
            self._line = line
            self._notify(f"STATUS={line}")


def status_line(figures: TillFigures) -> str:
    """Return the line that `systemctl status` shows; counts that change all the time are not in it.

    So it changes where something has happened, and not with each sale.
    """
    link = {None: "server not asked yet", True: "online", False: "offline"}[figures.backend.online]
    broken = [one for one in figures.readers if one.state is not ReaderState.OK]
    states = ", ".join(f"{one.name} {one.state.value}" for one in broken)
    closed = ["journal closed"] if figures.journal.closed_by else []
    sending = [] if figures.sending.state == "running" else [f"sending {figures.sending.state}"]
    to_send = f"{many(figures.sending.to_send, 'customer')} to send"
    desk = [f"{figures.sending.conflicts} to clarify"] if figures.sending.conflicts else []
    words = [*closed, *sending, link, to_send, *desk, states or "readers ok"]
    return ", ".join(words).replace("\n", " ")


def _status(clock: Clock, every_s: float, figures: TillFigures) -> str:
    return status_text(figures, Written.now(clock, every_s))


def _write_all(files: list[_Output], figures: TillFigures) -> None:
    for file in files:
        file.write(figures)
