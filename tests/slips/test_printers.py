"""Each way to a printer prints all bytes, or says in time which of the four words fits."""

import os
import pty
import select
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.devices.paper import Mood, TcpPrinter
from tests.fakes.until import DEADLINE_S, wait_until

from taptill.domain.slips.printer import PrinterState
from taptill.slips.attempt import PrintAttempt, print_bytes
from taptill.slips.escpos import ASK_PAPER
from taptill.slips.printers import connection
from taptill.slips.printers.devices import UsbPrinter, state_of_port
from taptill.slips.printers.opening import open_printer

LONG = b"a line of a slip that is very long\n" * 200_000
SHORT = b"short\n"


@pytest.fixture
def printer() -> Iterator[TcpPrinter]:
    made = TcpPrinter()
    yield made
    made.close()


def printed(address: str, octets: bytes, write_s: float = 10.0) -> PrinterState:
    """Print, and return the word for it."""
    return print_bytes(lambda: open_printer(address, write_s=write_s), octets, 30.0)


@pytest.mark.parametrize("mood", [Mood.PRINTS, Mood.SILENT])
def test_a_printer_in_the_network_gets_all_bytes(printer: TcpPrinter, mood: Mood) -> None:
    printer.mood = mood
    assert printed(printer.address, LONG) is PrinterState.OK
    wait_until(lambda: len(printer.paper) == len(LONG))
    assert printer.paper == LONG


def test_a_printer_without_paper_prints_nothing_of_a_slip(printer: TcpPrinter) -> None:
    printer.mood = Mood.NO_PAPER
    assert printed(printer.address, SHORT) is PrinterState.NO_PAPER
    assert printer.paper == b""


@pytest.mark.parametrize("octets", [SHORT, LONG], ids=["short", "long"])
def test_a_printer_that_stops_reading_is_slow_after_the_limit(
    printer: TcpPrinter, octets: bytes
) -> None:
    printer.mood = Mood.STUCK
    before_s = time.monotonic()
    assert printed(printer.address, octets, 0.3) is PrinterState.SLOW
    assert time.monotonic() - before_s >= 0.3
    assert printer.connections == 1


def test_a_look_at_a_printer_that_stops_reading_says_slow(printer: TcpPrinter) -> None:
    """Not even the question is taken: it is not well until the next slip hangs."""
    printer.mood = Mood.STUCK
    look = PrintAttempt(lambda: open_printer(printer.address, write_s=0.3), lambda _: None, 0)
    look.start()
    look.join(DEADLINE_S)
    assert look.outcome is PrinterState.SLOW


def test_a_printer_that_vanishes_in_mid_line_is_not_there(printer: TcpPrinter) -> None:
    printer.mood = Mood.VANISHES
    assert printed(printer.address, LONG) is PrinterState.NOT_THERE


def test_nobody_listens_and_no_such_device(printer: TcpPrinter, tmp_path: Path) -> None:
    printer.close()
    assert printed(printer.address, SHORT) is PrinterState.NOT_THERE
    for address in ("/dev/usb/lp99", "/dev/ttyUSB99", str(tmp_path / "no folder" / "slips")):
        assert printed(address, SHORT) is PrinterState.NOT_THERE
    assert not Path("/dev/usb/lp99").exists()


def test_a_hanging_driver_is_left_alone() -> None:
    answers = threading.Event()

    def hangs() -> connection.PrinterConnection:
        answers.wait(DEADLINE_S)
        raise OSError

    assert print_bytes(hangs, SHORT, 0.05) is PrinterState.SLOW
    answers.set()


def test_slips_are_appended_to_a_plain_file_that_others_may_not_read(tmp_path: Path) -> None:
    path = tmp_path / "slips"
    assert printed(str(path), SHORT) is PrinterState.OK
    assert printed(str(path), SHORT) is PrinterState.OK
    assert path.read_bytes() == SHORT * 2
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.fixture
def line() -> Iterator[tuple[int, str]]:
    """Return the far end of a serial line and the path of the near one."""
    far, near = pty.openpty()
    tty.setraw(near)
    yield far, os.ttyname(near)
    os.close(far)
    os.close(near)


def far_end(far: int, answer: bytes, count: int) -> bytes:
    """Read so many bytes as the printer would, and answer the question about paper."""
    read = b""
    while len(read) < count:
        assert select.select([far], [], [], DEADLINE_S)[0]
        read += os.read(far, 4096)
        if ASK_PAPER in read and answer:
            os.write(far, answer)
            read, answer = read.replace(ASK_PAPER, b""), b""
    return read


@pytest.mark.parametrize("answer", [b"", b"\x12"])
def test_a_serial_line_passes_every_byte_as_it_is(line: tuple[int, str], answer: bytes) -> None:
    far, path = line
    octets = bytes(range(256)) * 8 + b"\r\n\x04\x11\x13"
    states: list[PrinterState] = []
    thread = threading.Thread(target=lambda: states.append(printed(path, octets)))
    thread.start()
    read = far_end(far, answer, len(octets) + (0 if answer else len(ASK_PAPER)))
    thread.join(DEADLINE_S)
    assert (states, read.replace(ASK_PAPER, b"")) == ([PrinterState.OK], octets)


def test_a_serial_printer_without_paper_says_so(line: tuple[int, str]) -> None:
    far, path = line
    states: list[PrinterState] = []
    thread = threading.Thread(target=lambda: states.append(printed(path, SHORT)))
    thread.start()
    assert select.select([far], [], [], DEADLINE_S)[0]
    os.write(far, b"\x72")
    thread.join(DEADLINE_S)
    assert states == [PrinterState.NO_PAPER]


def test_a_serial_printer_that_stops_reading_is_slow(line: tuple[int, str]) -> None:
    assert printed(line[1], LONG, 0.3) is PrinterState.SLOW


@pytest.mark.parametrize(
    ("bits", "state"),
    [
        pytest.param(0x18, None, id="selected, no error"),
        pytest.param(0x38, PrinterState.NO_PAPER, id="out of paper"),
        pytest.param(0x20, PrinterState.NO_PAPER, id="out of paper and off line"),
        pytest.param(0x08, PrinterState.SLOW, id="off line"),
        pytest.param(0x10, PrinterState.SLOW, id="an error"),
    ],
)
def test_the_bits_of_usblp_are_words(bits: int, state: PrinterState | None) -> None:
    assert state_of_port(bits) is state


def test_a_device_that_answers_no_status_is_written_all_the_same() -> None:
    """/dev/null knows no LPGETSTATUS, as some printers do not."""
    opened = UsbPrinter(Path("/dev/null"))
    opened.check()
    opened.write(SHORT)
    opened.close()
