"""The print desk beside the till: what it prints, what waits, and that it holds nobody up."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.devices.paper import Mood, TcpPrinter
from tests.fakes.until import DEADLINE_S, wait_until
from tests.slips.samples import CHARGE, VOID, entry
from tests.ui.pictures.shown import z_report

from taptill.domain.entry import EntryKind
from taptill.domain.reports.shift_report import ShiftReport
from taptill.domain.slips.printer import PrinterHealth, PrinterState
from taptill.slips.desk import FRESH_MS, DeskTimes, PrintDesk, SlipMakers, When
from taptill.slips.printers.connection import WRITE_S, PrinterConnection, PrinterError
from taptill.slips.printers.opening import open_printer
from taptill.slips.spool import ROWS_MAX, Spool, SpoolRow

UNMADE = "whose report cannot be made"
BROKEN = {PrinterState.NOT_THERE, PrinterState.NO_PAPER, PrinterState.SLOW}
QUICK = DeskTimes(retry_s=0.01, look_s=0.01, give_way_s=0.0)


class ScriptedPrinter:
    """Prints into `paper`; `fault` is what it answers instead, `gate` holds it up while closed."""

    def __init__(self) -> None:
        self.paper: list[bytes] = []
        self.fault: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.opened = 0

    def open(self) -> PrinterConnection:
        self.opened += 1
        self.gate.wait(DEADLINE_S)
        return self

    def check(self) -> None:
        if self.fault:
            raise self.fault

    def write(self, printed: bytes) -> None:
        self.paper.append(printed)

    def close(self) -> None:
        pass


class PrintRoom:
    """A desk with a printer and a clock; a slip is `seq/printed before`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.printer = ScriptedPrinter()
        self.now_ms = 1_000_000_000
        self._desks: list[PrintDesk] = []

    def desk(self, when: When = "ask", times: DeskTimes = QUICK) -> PrintDesk:
        def printed(seq: int, before: int) -> bytes | None:
            return None if seq == 404 else f"{seq}/{before}".encode()

        def report_printed(report: ShiftReport) -> bytes:
            if report.closed_by == UNMADE:
                raise ValueError(report)
            return f"report {report.shift.number}".encode()

        made = PrintDesk(
            self.printer.open,
            SlipMakers(printed, report_printed),
            Spool(self.folder / "slips.json"),
            when=when,
            times=times,
            now_ms=lambda: self.now_ms,
        )
        self._desks.append(made)
        made.start()
        return made

    def close(self) -> None:
        self.printer.gate.set()
        for desk in self._desks:
            desk.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[PrintRoom]:
    made = PrintRoom(tmp_path)
    yield made
    made.close()


def state_of(desk: PrintDesk) -> PrinterState:
    return desk.health().state


def test_what_is_asked_for_is_printed_and_again_as_a_copy(room: PrintRoom) -> None:
    desk = room.desk()
    for _ in range(3):
        desk.print_slip(41)
    wait_until(lambda: len(room.printer.paper) == 3)
    assert room.printer.paper == [b"41/0", b"41/1", b"41/2"]
    wait_until(lambda: desk.health() == PrinterHealth(PrinterState.OK))


def test_who_asks_is_told_whether_it_is_a_copy_and_once_makes_none(room: PrintRoom) -> None:
    desk = room.desk()
    assert [desk.print_slip(41, once=True), desk.print_slip(41, once=True)] == [False, True]
    wait_until(lambda: room.printer.paper == [b"41/0"])
    wait_until(lambda: desk.health() == PrinterHealth(PrinterState.OK))
    assert desk.print_slip(41, once=True)
    assert desk.print_slip(41)
    wait_until(lambda: room.printer.paper == [b"41/0", b"41/1"])


def test_a_slip_that_is_printed_by_itself_is_no_first_one_for_who_asks(room: PrintRoom) -> None:
    desk = room.desk("always")
    desk.committed([CHARGE])
    assert desk.print_slip(CHARGE.seq, once=True)


def test_what_a_printer_has_refused_is_no_copy(room: PrintRoom) -> None:
    room.printer.fault = PrinterError(PrinterState.NO_PAPER)
    desk = room.desk()
    assert not desk.print_slip(41)
    wait_until(lambda: desk.health() == PrinterHealth(PrinterState.NO_PAPER, waiting=1))
    wait_until(lambda: not desk.print_slip(41, once=True))


def test_what_waits_behind_a_slip_that_a_printer_has_refused_is_no_copy(room: PrintRoom) -> None:
    room.printer.fault = PrinterError(PrinterState.NO_PAPER)
    desk = room.desk()
    assert [desk.print_slip(seq, once=True) for seq in (41, 42)] == [False, False]
    wait_until(lambda: desk.health() == PrinterHealth(PrinterState.NO_PAPER, waiting=2))
    wait_until(lambda: not desk.print_slip(42, once=True))


@pytest.mark.parametrize(("when", "count"), [("always", 1), ("ask", 0)])
def test_the_z_is_printed_by_itself_where_the_site_wants_that(
    room: PrintRoom, when: When, count: int
) -> None:
    desk = room.desk(when)
    desk.print_closed(z_report())
    desk.print_slip(41)
    wait_until(lambda: room.printer.paper[-1:] == [b"41/0"])
    assert room.printer.paper.count(b"report 12") == count


def test_a_report_that_found_no_printer_does_not_wait(room: PrintRoom) -> None:
    room.printer.fault = PrinterError(PrinterState.NO_PAPER)
    desk = room.desk()
    wait_until(lambda: state_of(desk) is PrinterState.NO_PAPER)
    opened = room.printer.opened
    assert not desk.print_report(z_report())
    wait_until(lambda: room.printer.opened > opened + 2)  # a look may be under way
    assert desk.health().waiting == 0
    room.printer.fault = None
    desk.print_slip(41)
    wait_until(lambda: room.printer.paper == [b"41/0"])
    desk.print_report(z_report())
    wait_until(lambda: room.printer.paper == [b"41/0", b"report 12"])


def test_a_report_that_cannot_be_made_keeps_no_receipt_from_being_printed(room: PrintRoom) -> None:
    desk = room.desk()
    desk.print_report(replace(z_report(), closed_by=UNMADE))
    desk.print_slip(41)
    wait_until(lambda: room.printer.paper == [b"41/0"])


@pytest.mark.parametrize(("when", "count"), [("always", 2), ("ask", 0)])
def test_sales_are_printed_by_themselves_where_the_site_wants_that(
    room: PrintRoom, when: When, count: int
) -> None:
    desk = room.desk(when)
    declined = entry(EntryKind.DECLINED, 42, None, reason="blocked")
    desk.committed([CHARGE, declined, VOID])
    desk.print_slip(99)
    wait_until(lambda: b"99/0" in room.printer.paper)
    assert room.printer.paper == [b"41/0", b"44/0", b"99/0"][2 - count :]


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (PrinterError(PrinterState.NO_PAPER), PrinterState.NO_PAPER),
        (OSError(19, "no such device"), PrinterState.NOT_THERE),
        (RuntimeError("a fault of ours"), PrinterState.NOT_THERE),
    ],
)
def test_a_slip_waits_while_the_printer_fails_and_is_printed_when_it_is_back(
    room: PrintRoom, fault: Exception, state: PrinterState
) -> None:
    room.printer.fault = fault
    desk = room.desk()
    desk.print_slip(41)
    wait_until(lambda: desk.health() == PrinterHealth(state, waiting=1))
    room.printer.fault = None
    wait_until(lambda: desk.health() == PrinterHealth(PrinterState.OK))
    assert room.printer.paper == [b"41/0"]


def test_old_slips_are_not_printed_by_themselves(room: PrintRoom) -> None:
    """A flood of forty serves nobody; a person says print or drop."""
    room.printer.fault = OSError()
    desk = room.desk()
    for seq in (1, 2, 3):
        desk.print_slip(seq)
    wait_until(lambda: desk.health().waiting == 3)
    room.now_ms += FRESH_MS + 1
    opened = room.printer.opened
    wait_until(lambda: room.printer.opened > opened + 1)  # it has looked at the time since
    room.printer.fault = None
    wait_until(lambda: desk.health() == PrinterHealth(PrinterState.OK, waiting=3))
    desk.print_slip(9)
    wait_until(lambda: room.printer.paper == [b"9/0"])
    desk.print_waiting()
    wait_until(lambda: desk.health().waiting == 0)
    assert room.printer.paper == [b"9/0", b"1/0", b"2/0", b"3/0"]


def test_what_waits_can_be_dropped(room: PrintRoom) -> None:
    room.printer.fault = OSError()
    desk = room.desk()
    desk.print_slip(1)
    wait_until(lambda: desk.health().waiting == 1)
    desk.drop_waiting()
    wait_until(lambda: desk.health().waiting == 0)
    room.printer.fault = None
    wait_until(lambda: state_of(desk) is PrinterState.OK)
    assert room.printer.paper == []


def test_a_stuck_printer_holds_nobody_up_and_what_it_prints_late_counts(room: PrintRoom) -> None:
    desk = room.desk(times=replace(QUICK, attempt_s=0.1))
    wait_until(lambda: state_of(desk) is PrinterState.OK)
    room.printer.gate.clear()
    desk.print_slip(41)
    assert room.printer.paper == [], "it came back while the printer hangs"
    wait_until(lambda: desk.health() == PrinterHealth(PrinterState.SLOW, waiting=1))
    opened = room.printer.opened
    time.sleep(0.1)
    assert room.printer.opened == opened  # one thread hangs, not one more each time
    room.printer.gate.set()
    wait_until(lambda: desk.health() == PrinterHealth(PrinterState.OK))
    assert room.printer.paper == [b"41/0"]


def test_the_queue_is_bounded_and_says_what_it_dropped(room: PrintRoom) -> None:
    room.printer.gate.clear()
    desk = room.desk()
    for seq in range(1, 201):
        desk.print_slip(seq)
    assert room.printer.paper == [], "they came back while the printer hangs"
    assert desk.health().dropped >= 100


def test_an_entry_without_a_slip_is_done_with_at_once(room: PrintRoom) -> None:
    desk = room.desk()
    desk.print_slip(404)
    desk.print_slip(5)
    wait_until(lambda: room.printer.paper == [b"5/0"])
    wait_until(lambda: desk.health().waiting == 0)


def test_after_a_restart_fresh_slips_are_printed_and_copies_are_still_copies(
    room: PrintRoom,
) -> None:
    first = room.desk()
    first.print_slip(1)
    wait_until(lambda: first._spool.row(1).printed == 1)
    room.printer.fault = OSError()
    first.print_slip(2)
    first.close()
    wait_until(lambda: not first._thread.is_alive())
    room.printer.fault = None
    second = room.desk()
    second.print_slip(1)
    wait_until(lambda: len(room.printer.paper) == 3)
    assert room.printer.paper == [b"1/0", b"2/0", b"1/1"]


def test_each_change_of_the_printer_is_one_line_of_the_log(
    room: PrintRoom, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "taptill.slips")
    desk = room.desk()
    wait_until(lambda: state_of(desk) is PrinterState.OK)
    room.printer.fault = PrinterError(PrinterState.NO_PAPER)
    wait_until(lambda: state_of(desk) is PrinterState.NO_PAPER)
    opened = room.printer.opened
    wait_until(lambda: room.printer.opened > opened + 3)
    lines = [(record.message, getattr(record, "state", "")) for record in caplog.records]
    assert lines == [("printer.state", "ok"), ("printer.state", "no-paper")]


@pytest.mark.parametrize("mood", [Mood.GONE, Mood.VANISHES, Mood.NO_PAPER, Mood.STUCK])
def test_a_real_connection_that_fails_prints_the_slip_once_it_is_well(
    tmp_path: Path, mood: Mood
) -> None:
    printer = TcpPrinter(mood)
    desk = PrintDesk(
        lambda: open_printer(
            printer.address, write_s=0.3 if printer.mood is Mood.STUCK else WRITE_S
        ),
        SlipMakers(lambda seq, _: f"slip {seq}\n".encode() * 50_000, lambda _: b""),
        Spool(tmp_path / "slips.json"),
        times=QUICK,
    )
    desk.start()
    try:
        desk.print_slip(7)
        wait_until(lambda: desk.health().waiting == 1)
        wait_until(lambda: state_of(desk) in BROKEN)
        printer.paper, printer.mood = bytearray(), Mood.PRINTS
        wait_until(lambda: desk.health() == PrinterHealth(PrinterState.OK))
        wait_until(lambda: printer.paper.endswith(b"slip 7\n" * 50_000))
    finally:
        desk.close()
        printer.close()


def test_the_spool_keeps_the_last_fifty_by_number(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "slips.json")
    for seq in range(1, ROWS_MAX + 11):
        spool.printed(seq)
    again = Spool(tmp_path / "slips.json")
    assert again.row(10) == SpoolRow(10)
    assert again.row(11) == SpoolRow(11, printed=1)
    assert (tmp_path / "slips.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", "[1]", '[{"seq": "x"}]', '[{"seq": 1}]', "null", "\x00"]
)
def test_a_spool_that_cannot_be_read_is_begun_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "slips.json"
    path.write_text(text, "utf-8")
    spool = Spool(path)
    spool.ask(3, 5)
    assert json.loads(path.read_text("utf-8")) == [{"seq": 3, "printed": 0, "asked_ms": 5}]


def test_a_spool_that_cannot_be_written_stops_no_print(room: PrintRoom) -> None:
    room.folder = room.folder / "not there"
    desk = room.desk()
    desk.print_slip(41)
    wait_until(lambda: room.printer.paper == [b"41/0"])
