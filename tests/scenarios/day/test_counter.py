"""From the log-in to the Z on the real program, at two sizes of its terminal."""

import json

import pytest
from tests.scenarios.books import entries
from tests.scenarios.conftest import TillAndService
from tests.scenarios.day.cashier import JO, Cashier, staff_config
from tests.scenarios.program import running

pytestmark = pytest.mark.slow

ADA = "62E3086CED"
CAKE = '[[goods]]\nkey = "k"\nname = "Cake"\nprice = "2.50"\n'


@pytest.mark.parametrize("size", [(80, 24), (50, 15)], ids=str)
def test_a_shift_from_the_log_in_to_its_z(world: TillAndService, size: tuple[int, int]) -> None:
    """Log in, open, sell two goods, void one, read the net on the X, close, read the Z's number."""
    site = world.site
    site.extra_config = CAKE + staff_config()
    site.write_config()
    with running(site, size=size, ready="who works here?") as till:
        cashier = Cashier(till)
        cashier.log_in(JO)
        cashier.open_shift(5000)
        cashier.sell(ADA, "Ada Byron", "ck", 400)
        cashier.void_lines([0, 1], 250)
        assert cashier.net_of_x() == 150
        assert cashier.close_shift(5000) == 1
        till.press("\x1b")
        till.wait_for("READER ok", absent="is stored")
        assert cashier.net_of_x() == 0
        till.wait_for("0 to send")
        assert till.leave() == 0
    report = site.ask("report", "shift", "1", "--json", "--state-dir", str(site.state))
    assert json.loads(report.stdout)["total"]["net"] == "1.50"
    assert {entry["staff"] for entry in entries(site) if entry["kind"] in {"charge", "void"}} == {
        "Jo"
    }
