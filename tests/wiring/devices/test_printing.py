"""A till with a printer: what is sold comes out of it, and a broken one costs nothing."""

import asyncio
import time
from pathlib import Path

import pytest
from tests.fakes.devices.paper import Mood, TcpPrinter
from tests.fakes.until import until
from tests.wiring.test_wiring import built, config_text

from taptill.config import Config, parse
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.slips.printer import PrinterState
from taptill.wiring.devices.observed_journal import ObservedJournal
from taptill.wiring.readers import check_reader
from taptill.wiring.runtime import TillRuntime

SALES = 30


def config_with(printer: str, when: str = "always") -> Config:
    """Return a config with this printer."""
    extra = f'[receipt]\nprinter = "{printer}"\nwhen = "{when}"\nheader = "Canteen"\n'
    return parse(config_text(extra=extra), check_reader)


def sale(number: int) -> Draft:
    """Return a charge of one coffee."""
    body = {"lines": [["Coffee", 150, 1]], "currency": "EUR", "initials": "A. B."}
    return Draft(EntryKind.CHARGE, 7, amount_minor=150, body=body, charge_id=f"{number:016x}")


def journal_of(runtime: TillRuntime) -> ObservedJournal:
    """Return the journal as the sale has it."""
    journal = runtime.till._ports.journal
    assert isinstance(journal, ObservedJournal)
    return journal


async def test_a_sale_is_printed_once_it_is_committed(tmp_path: Path) -> None:
    paper = tmp_path / "paper"
    runtime = built(config_with(str(paper)), tmp_path)
    assert runtime.devices.print_desk
    runtime.devices.print_desk.start()
    try:
        (entry,) = await journal_of(runtime).append([sale(1)])
        await until(lambda: paper.exists() and b"\x1dVB\x00" in paper.read_bytes())
        text = paper.read_bytes()
        assert b"Canteen" in text
        assert f"Sale {entry.seq}\n".encode() in text
        assert b"A. B." not in text
        assert text.count(b"COPY") == 0
        runtime.devices.print_desk.print_slip(entry.seq)
        await until(lambda: b"COPY 1" in paper.read_bytes())
    finally:
        runtime.close()


async def longest_commit_s(runtime: TillRuntime, numbers: range) -> float:
    """Commit sales; return the seconds of the one that took longest."""
    longest_s = 0.0
    for number in numbers:
        before_s = time.monotonic()
        await asyncio.wait_for(journal_of(runtime).append([sale(number)]), 2.0)
        longest_s = max(longest_s, time.monotonic() - before_s)
    return longest_s


@pytest.mark.parametrize(
    ("mood", "state"),
    [
        # It waits for the limit of a write, 5 seconds.
        pytest.param(Mood.STUCK, PrinterState.SLOW, marks=pytest.mark.slow),
        (Mood.NO_PAPER, PrinterState.NO_PAPER),
        # A plug that is pulled is noticed by what is sent next; until then all seems well.
        (Mood.VANISHES, PrinterState.NOT_THERE),
        (Mood.GONE, PrinterState.NOT_THERE),
    ],
)
async def test_beside_a_broken_printer_the_till_sells_on(
    tmp_path: Path, mood: Mood, state: PrinterState
) -> None:
    """No sale waits for it, neither before its fault is known nor while it is tried again."""
    printer = TcpPrinter(mood)
    runtime = built(config_with(printer.address), tmp_path)
    assert runtime.devices.print_desk
    runtime.devices.print_desk.start()
    try:
        desk = runtime.devices.print_desk
        assert await longest_commit_s(runtime, range(SALES)) < 2.0
        await until(lambda: desk.health().state is state and desk.health().waiting)
        assert await longest_commit_s(runtime, range(SALES, 2 * SALES)) < 2.0
        assert printer.paper.count(b"Coffee") == 0
        assert runtime.journal.queries.open_sum()[1].minor == 150 * 2 * SALES
    finally:
        runtime.close()
        printer.close()


@pytest.mark.parametrize(("printer", "when"), [("", "always"), ("/dev/usb/lp9", "never")])
async def test_a_till_that_prints_nothing_has_no_desk(
    tmp_path: Path, printer: str, when: str
) -> None:
    runtime = built(config_with(printer, when), tmp_path)
    try:
        assert runtime.devices.print_desk is None
        assert runtime.till._ports.slips is None
        assert runtime.till._ports.journal is runtime.journal
    finally:
        runtime.close()


async def test_the_status_line_says_how_the_printer_is(tmp_path: Path) -> None:
    runtime = built(config_with(str(tmp_path / "paper")), tmp_path)
    assert runtime.devices.print_desk
    runtime.devices.print_desk.start()
    try:
        desk = runtime.devices.print_desk
        await until(lambda: desk.health().state is PrinterState.OK)
        printer = runtime.till._ports.status().printer
        assert printer is not None
        assert printer.state is PrinterState.OK
    finally:
        runtime.close()
