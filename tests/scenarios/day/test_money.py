"""Cash and a name on the real program: paid in, taken back, paid out, found without a card."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from tests.scenarios.books import entries, row_of
from tests.scenarios.conftest import TillAndService
from tests.scenarios.day.cashier import KIM, Cashier, staff_config
from tests.scenarios.program import TillSite, running

pytestmark = pytest.mark.slow

ADA = "62E3086CED"
F3, F7, F8 = "\x1bOR", "\x1b[18~", "\x1b[19~"
READ_S = 0.6
"""Enter counts on a form once it can have been read."""


class CashDesk:
    """Takes cash of Ada and gives her some, as a supervisor types it."""

    def __init__(self, cashier: Cashier) -> None:
        self.cashier, self.till = cashier, cashier.till

    def pay(self, cash: str, booked: str, *, out: bool = False) -> None:
        """Press F7, twice for cash out, type the amount, and book it; the result stays."""
        self.till.press(F7)
        self.till.wait_for("Enter books it at once")
        if out:
            self.till.press(F7)
            self.till.wait_for("a supervisor must allow it")
        self.cashier.type(cash)
        self.till.wait_for(f"cash: {cash}_")
        self.till.pause(READ_S)
        self.till.press("\r")
        self.till.wait_for(booked)

    def back(self) -> None:
        """Go back to the customer on the screen."""
        self.till.press("\x1b")
        self.till.wait_for("Card read")

    def take_back(self) -> None:
        """Take back what was just booked."""
        self._press(F8, "sales of this shift")
        self._press("\r", "no cash changed hands")
        self._press("3", "cancelled")

    def find(self, typed: str, found: Sequence[str]) -> None:
        """Find a customer by name, and choose the first one."""
        self.till.press(F3)
        self.till.wait_for("customers known here")
        self.cashier.type(typed)
        self.till.wait_for(*found)
        self._press("\r", "Found by name")

    def _press(self, key: str, shown: str) -> None:
        self.till.pause(READ_S)
        self.till.press(key)
        self.till.wait_for(shown)


def z_of(site: TillSite) -> dict[str, Any]:
    """Return the Z of the first shift."""
    words = ("report", "shift", "1", "--json", "--state-dir", str(site.state))
    document: dict[str, Any] = json.loads(site.ask(*words).stdout)
    return document


@pytest.mark.parametrize("size", [(80, 24), (50, 15)], ids=str)
def test_cash_and_a_name_reach_the_backend_and_the_z(
    world: TillAndService, size: tuple[int, int]
) -> None:
    """20.00 in, 5.00 out, 1.00 in and taken back; then a coffee without a card."""
    site = world.site
    site.extra_config, site.till = staff_config(), "repayments = true"
    site.write_config()
    before = row_of(world.service, ADA).total
    with running(site, size=size, ready="who works here?") as till:
        cashier = Cashier(till)
        desk = CashDesk(cashier)
        cashier.log_in(KIM)
        cashier.open_shift(1000)
        cashier.tap(ADA)
        till.wait_for("Ada Byron", "Card read")
        desk.pay("2000", "√ €20.00 paid in")
        desk.back()
        desk.pay("500", "√ €5.00 paid out", out=True)
        desk.back()
        desk.pay("100", "√ €1.00 paid in")
        desk.take_back()
        till.wait_for("0 to send")
        assert row_of(world.service, ADA).total == before - Decimal(15)
        desk.find("BYR", ("1 found", "Ada Byron"))
        cashier.type("c")
        till.wait_for("Ada Byron pays €1.50")
        cashier.pay(150)
        till.wait_for("0 to send")
        assert cashier.close_shift(2500) == 1
        assert till.leave() == 0
    assert row_of(world.service, ADA).total == before - Decimal("13.50")
    check_books(site)


def check_books(site: TillSite) -> None:
    """Hold journal and Z against what was done."""
    booked = [entry for entry in entries(site) if entry["kind"] == "repayment"]
    assert [entry["amount_minor"] for entry in booked] == [-2000, 500, -100, 100]
    assert {entry["staff"] for entry in booked} == {"Kim"}
    z = z_of(site)
    expected = {"repaid": "20.00", "paid_out": "5.00", "expected": "25.00", "difference": "0.00"}
    assert {key: z["cash"][key] for key in expected} == expected
    assert z["without_card"] == {"count": 1, "sum": "1.50"}
    checked = site.ask("journal", "verify", "--state-dir", str(site.state))
    assert checked.returncode == 0, checked.stderr
