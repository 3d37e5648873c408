"""The real till beside a real connection to a printer: it prints, or it fails and costs nothing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.devices.paper import Mood, TcpPrinter
from tests.scenarios.conftest import TillAndService
from tests.scenarios.program import Program, running

pytestmark = pytest.mark.slow

ADA = "62E3086CED"
F4 = "\x1bOS"


@pytest.fixture
def printer() -> Iterator[TcpPrinter]:
    made = TcpPrinter()
    yield made
    made.close()


def with_printer(world: TillAndService, address: str, when: str) -> Iterator[Program]:
    """Run a till with this printer."""
    lines = f'[receipt]\nprinter = "{address}"\nwhen = "{when}"\n'
    with running(replace(world.site, extra_config=lines)) as till:
        till.wait_for("ONLINE", "data")
        yield till


def sell(till: Program, amount: str) -> None:
    """Sell to Ada, who has paid in advance."""
    till.sell(amount, ADA)
    till.wait_for("Ada Byron pays")
    till.confirm()
    till.wait_for("Thank you")


def test_f4_prints_the_sale_and_then_a_copy(world: TillAndService, printer: TcpPrinter) -> None:
    for till in with_printer(world, printer.address, "ask"):
        till.wait_for("PRINTER ok")
        sell(till, "420")
        assert printer.paper == b""
        till.press(F4)
        till.wait_for("The receipt is being printed")
        till.wait_until(lambda _: printer.paper.count(b"\x1dVB") == 1, "a slip")
        assert b"EUR 4.20" in printer.paper
        assert b"Ada" not in printer.paper
        till.press(F4)
        till.wait_until(lambda _: b"COPY 1" in printer.paper, "a copy")


@pytest.mark.parametrize(
    ("mood", "state"),
    [(Mood.NO_PAPER, "no paper"), (Mood.GONE, "not there"), (Mood.STUCK, "slow")],
)
def test_the_till_sells_on_beside_a_broken_printer(
    world: TillAndService, printer: TcpPrinter, mood: Mood, state: str
) -> None:
    printer.mood = mood
    for till in with_printer(world, printer.address, "always"):
        for amount in ("100", "120", "140"):
            sell(till, amount)
        till.wait_for(f"PRINTER {state}, 3 waiting", wait_s=30.0)
        printer.mood = Mood.PRINTS
        till.wait_for("PRINTER ok", absent="waiting", wait_s=30.0)
        assert [*map(printer.paper.count, (b"1.00", b"1.20", b"1.40"))] == [2, 2, 2]
        assert till.leave() == 0


def test_a_file_gets_a_slip_of_each_sale(world: TillAndService, tmp_path: Path) -> None:
    paper = tmp_path / "paper"
    for till in with_printer(world, str(paper), "always"):
        sell(till, "420")
        till.wait_until(lambda _: paper.exists() and b"4.20" in paper.read_bytes(), "a slip")
