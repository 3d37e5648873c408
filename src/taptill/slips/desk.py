"""The print desk: takes numbers of entries from the till at once, and prints beside it.

The till hands over a number and goes on; it learns nothing but a word on the status line. One
thread keeps the queue and the spool; each attempt at the printer has a thread of its own, which may
hang in a driver: after a while it is left alone, and the printer is called slow until it returns.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from taptill.domain.entry import Entry
from taptill.domain.slips.printer import PrinterHealth, PrinterState
from taptill.domain.slips.slip import SLIP_KINDS
from taptill.slips.attempt import ATTEMPT_S, PrintAttempt
from taptill.slips.printers.connection import OpenPrinter, PrinterConnection
from taptill.slips.spool import ROWS_MAX, Spool, SpoolRow

log = logging.getLogger("taptill.slips")

FRESH_MS = 120_000
"""A slip that has waited longer is not printed by itself when the printer comes back."""

RETRY_S = 5.0
LOOK_S = 30.0
"""Seconds between two looks at a printer that does not print, and at one that does."""

When = Literal["ask", "always", "never"]
Printed = Callable[[int, int], bytes | None]
"""Returns the bytes of an entry's slip, of which so many were printed; None: there is none."""


@dataclass(frozen=True, slots=True)
class _Request:
    """What somebody asked for: slips to print, to drop, or all that wait."""

    seqs: tuple[int, ...] = ()
    every: bool = False
    drop: bool = False


class PrintDesk:
    """Prints slips of one till. Every method but `run` and `close` returns at once.

    `now_ms` is wall time in milliseconds since 1970.
    """

    def __init__(
        self,
        open_printer: OpenPrinter,
        printed: Printed,
        spool: Spool,
        *,
        when: When = "ask",
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._open = open_printer
        self._printed = printed
        self._spool = spool
        self._when = when
        self._now_ms = now_ms
        self._requests: queue.Queue[_Request] = queue.Queue(ROWS_MAX)
        self._health = PrinterHealth(waiting=len(spool.waiting))
        self._stuck: PrintAttempt | None = None
        self._stops = threading.Event()
        self._thread = threading.Thread(target=self._run, name="print desk", daemon=True)
        self.attempt_s = ATTEMPT_S
        self.retry_s = RETRY_S
        self.look_s = LOOK_S

    def start(self) -> None:
        """Start the thread; what waits from before is looked at first."""
        self._thread.start()

    def close(self) -> None:
        """Let the thread end; it is not waited for longer than a moment."""
        self._stops.set()
        self._request(_Request())
        if self._thread.ident is not None:
            self._thread.join(0.2)

    def health(self) -> PrinterHealth:
        """Return what is known of the printer."""
        return self._health

    def committed(self, entries: Iterable[Entry]) -> None:
        """Take entries that have been committed; each sale is printed where the site wants that."""
        if self._when == "always":
            seqs = tuple(entry.seq for entry in entries if entry.kind in SLIP_KINDS)
            if seqs:
                self._request(_Request(seqs))

    def print_slip(self, seq: int) -> None:
        """Print the slip of an entry, marked as a copy where it was printed before."""
        self._request(_Request((seq,)))

    def print_waiting(self) -> None:
        """Print all that wait, however long they have."""
        self._request(_Request(every=True))

    def drop_waiting(self) -> None:
        """Let nothing wait any more."""
        self._request(_Request(every=True, drop=True))

    def _request(self, request: _Request) -> None:
        try:
            self._requests.put_nowait(request)
        except queue.Full:
            dropped = self._health.dropped + len(request.seqs)
            self._health = replace(self._health, dropped=dropped)

    def _run(self) -> None:
        try:
            self._look()
            self._print_fresh()
            while not self._stops.is_set():
                is_ok = self._health.state is PrinterState.OK
                try:
                    self._take(self._requests.get(timeout=self.look_s if is_ok else self.retry_s))
                except queue.Empty:
                    self._look()
                    self._print_fresh()
            self._keep_unread()
        except Exception:  # thread top: the till sells on, and the status line says it
            log.exception("printer.desk")
            self._set(PrinterState.NOT_THERE)

    def _take(self, request: _Request) -> None:
        for seq in request.seqs:
            self._spool.ask(seq, self._now_ms())
        if request.drop:
            self._spool.drop(row.seq for row in self._spool.waiting)
        elif request.every:
            for row in self._spool.waiting:
                self._spool.ask(row.seq, self._now_ms())
        self._set(self._health.state)
        self._print_fresh()

    def _keep_unread(self) -> None:
        """Let what nobody has taken from the queue wait for the next start."""
        with suppress(queue.Empty):
            while True:
                for seq in self._requests.get_nowait().seqs:
                    self._spool.ask(seq, self._now_ms())

    def _print_fresh(self) -> None:
        """Print what waits since a short time, until the printer fails."""
        fresh_since_ms = self._now_ms() - FRESH_MS
        for row in self._spool.waiting:
            if self._stops.is_set():
                return
            if row.asked_ms < fresh_since_ms:
                continue
            if not self._attempt(partial(self._print, row), row.seq):
                return
            self._note_printed(row.seq)

    def _look(self) -> None:
        self._attempt(lambda _: None)

    def _print(self, row: SpoolRow, to: PrinterConnection) -> None:
        printed = self._printed(row.seq, row.printed)
        if printed is not None:
            to.write(printed)

    def _note_printed(self, seq: int) -> None:
        self._spool.printed(seq)
        self._set(self._health.state)

    def _attempt(self, work: Callable[[PrinterConnection], None], seq: int = 0) -> bool:
        """Open, ask and work in a thread of its own; return whether all of it was done in time."""
        if self._is_stuck(seq):
            return False
        attempt = PrintAttempt(self._open, work, seq)
        attempt.start()
        attempt.join(self.attempt_s)
        self._stuck = attempt if attempt.is_alive() else None
        self._set(PrinterState.SLOW if self._stuck else attempt.outcome)
        return attempt.outcome is PrinterState.OK and self._stuck is None

    def _is_stuck(self, seq: int) -> bool:
        """Return whether an attempt of before is not over, or has printed this very slip late."""
        stuck = self._stuck
        if stuck is None:
            return False
        if stuck.is_alive():
            self._set(PrinterState.SLOW)
            return True
        self._stuck = None
        if stuck.outcome is PrinterState.OK and stuck.seq:
            self._note_printed(stuck.seq)
        return stuck.outcome is PrinterState.OK and stuck.seq == seq != 0

    def _set(self, state: PrinterState) -> None:
        before = self._health.state
        self._health = replace(self._health, state=state, waiting=len(self._spool.waiting))
        if state is not before:
            level = logging.INFO if state is PrinterState.OK else logging.WARNING
            log.log(level, "printer.state", extra={"state": state.value})
