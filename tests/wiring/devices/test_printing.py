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


@pytest.mark.parametrize("mood", [Mood.STUCK, Mood.NO_PAPER, Mood.VANISHES, Mood.GONE])
async def test_beside_a_broken_printer_the_till_sells_on(tmp_path: Path, mood: Mood) -> None:
    """No sale waits for it: each is committed within the disk's own time."""
    printer = TcpPrinter(mood)
    runtime = built(config_with(printer.address), tmp_path)
    assert runtime.devices.print_desk
    runtime.devices.print_desk.start()
    try:
        longest_s = 0.0
        for number in range(SALES):
            before_s = time.monotonic()
            await asyncio.wait_for(journal_of(runtime).append([sale(number)]), 2.0)
            longest_s = max(longest_s, time.monotonic() - before_s)
        assert longest_s < 2.0
        desk = runtime.devices.print_desk
        if mood is not Mood.STUCK:  # that one is called slow only after its limit
            # A plug that is pulled is noticed by what is sent next; until then all seems well.
            broken = {PrinterState.NO_PAPER, PrinterState.NOT_THERE}
            await until(lambda: desk.health().state in broken)
        assert runtime.journal.queries.open_sum()[1].minor == 150 * SALES
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
