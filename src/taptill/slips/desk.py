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
from typing import TYPE_CHECKING, Literal

from taptill.domain.entry import Entry
from taptill.domain.slips.printer import READY_STATES, PrinterHealth, PrinterState
from taptill.domain.slips.slip import SLIP_KINDS
from taptill.slips.attempt import ATTEMPT_S, PrintAttempt
from taptill.slips.printers.connection import OpenPrinter, PrinterConnection
from taptill.slips.spool import ROWS_MAX, Spool, SpoolRow

if TYPE_CHECKING:  # a report is made where somebody asks for it
    from taptill.domain.reports.shift_report import ShiftReport

log = logging.getLogger("taptill.slips")

FRESH_MS = 120_000
"""A slip that has waited longer is not printed by itself when the printer comes back."""

When = Literal["ask", "always", "never"]


@dataclass(frozen=True, slots=True)
class SlipMakers:
    """What makes the bytes.

    `of_entry` takes the number of an entry and how many of its slips were printed; None: it has
    none. `of_report` takes the report of a shift.
    """

    of_entry: Callable[[int, int], bytes | None]
    of_report: Callable[["ShiftReport"], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskTimes:
    """How long an attempt is waited for, and the pauses between two looks at the printer.

    `retry_s` counts for one that does not print, `look_s` for one that does. Before it begins with
    a request the desk gives way so long: what was sold shall be painted first.
    """

    attempt_s: float = ATTEMPT_S
    retry_s: float = 5.0
    look_s: float = 30.0
    give_way_s: float = 0.05


USUAL_TIMES = DeskTimes()


@dataclass(frozen=True, slots=True)
class _Request:
    """What somebody asked for: slips to print, to drop, or all that wait; or a report."""

    seqs: tuple[int, ...] = ()
    every: bool = False
    drop: bool = False
    report: "ShiftReport | None" = None


class PrintDesk:
    """Prints slips of one till. Every method but `run` and `close` returns at once.

    `now_ms` is wall time in milliseconds since 1970.
    """

    def __init__(
        self,
        open_printer: OpenPrinter,
        makers: SlipMakers,
        spool: Spool,
        *,
        when: When = "ask",
        times: DeskTimes = USUAL_TIMES,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._open = open_printer
        self._makers = makers
        self._spool = spool
        self._when = when
        self._now_ms = now_ms
        self._requests: queue.Queue[_Request] = queue.Queue(ROWS_MAX)
        self._health = PrinterHealth(waiting=len(spool.waiting))
        self._in_hand: set[int] = set()
        """Entries whose slips were asked for, and are neither printed nor held up by a printer."""
        self._stuck: PrintAttempt | None = None
        self._stops = threading.Event()
        self._times = times
        self._thread = threading.Thread(target=self._run, name="print desk", daemon=True)

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
                self._in_hand.update(seqs)
                self._request(_Request(seqs))

    def print_slip(self, seq: int, *, once: bool = False) -> bool:
        """Print the slip of an entry, as a copy where it was printed before; `once`: no copy.

        Return whether it was printed before, or is being printed for an earlier request.
        """
        is_copy = seq in self._in_hand or self._spool.row(seq).printed > 0
        if not (is_copy and once):
            self._in_hand.add(seq)
            self._request(_Request((seq,)))
        return is_copy

    def print_report(self, report: "ShiftReport") -> bool:
        """Print the report of a shift, once, and return whether the printer is ready for it.

        It does not wait: it can be asked for again at any time.
        """
        self._request(_Request(report=report))
        return self._health.state in READY_STATES

    def print_closed(self, report: "ShiftReport") -> None:
        """Take the report of a shift that was closed; it is printed where the site wants that."""
        if self._when == "always":
            self.print_report(report)

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
            self._in_hand.difference_update(request.seqs)
            dropped = self._health.dropped + len(request.seqs)
            self._health = replace(self._health, dropped=dropped)

    def _run(self) -> None:
        try:
            self._look()
            self._print_fresh()
            while not self._stops.is_set():
                try:
                    request = self._requests.get(timeout=self._pause_s())
                except queue.Empty:
                    self._look()
                    self._print_fresh()
                else:
                    self._stops.wait(self._times.give_way_s)
                    self._take(request)
            self._keep_unread()
        except Exception:  # thread top: the till sells on, and the status line says it
            log.exception("printer.desk")
            self._set(PrinterState.NOT_THERE)

    def _pause_s(self) -> float:
        """Return how long nobody need look at the printer."""
        is_ok = self._health.state is PrinterState.OK
        return self._times.look_s if is_ok else self._times.retry_s

    def _take(self, request: _Request) -> None:
        for seq in request.seqs:
            self._spool.ask(seq, self._now_ms())
        if request.drop:
            self._spool.drop(row.seq for row in self._spool.waiting)
        elif request.every:
            for row in self._spool.waiting:
                self._spool.ask(row.seq, self._now_ms())
        self._set(self._health.state)
        if request.report is not None:
            self._attempt(partial(self._print_report, request.report))
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
        waiting = self._spool.waiting
        for row in waiting:
            if self._stops.is_set():
                return
            if row.asked_ms < fresh_since_ms:
                continue
            if not self._attempt(partial(self._print, row), row.seq):
                self._in_hand.difference_update(held_up.seq for held_up in waiting)
                return
            self._note_printed(row.seq)
            self._in_hand.discard(row.seq)

    def _look(self) -> None:
        self._attempt(lambda _: None)

    def _print(self, row: SpoolRow, to: PrinterConnection) -> None:
        printed = self._makers.of_entry(row.seq, row.printed)
        if printed is not None:
            to.write(printed)

    def _print_report(self, report: "ShiftReport", to: PrinterConnection) -> None:
        to.write(self._makers.of_report(report))

    def _note_printed(self, seq: int) -> None:
        self._spool.printed(seq)
        self._set(self._health.state)

    def _attempt(self, work: Callable[[PrinterConnection], None], seq: int = 0) -> bool:
        """Open, ask and work in a thread of its own; return whether all of it was done in time."""
        if self._is_stuck(seq):
            return False
        attempt = PrintAttempt(self._open, work, seq)
        attempt.start()
        attempt.join(self._times.attempt_s)
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
