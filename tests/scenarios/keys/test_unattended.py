"""The real program where customers are alone with it, in a pseudo-terminal."""

import signal
from decimal import Decimal
from pathlib import Path

import pytest
from tests.fakes.service import running_service
from tests.scenarios.books import row_of
from tests.scenarios.program import Program, TillSite, running

pytestmark = pytest.mark.slow

ADA = "62E3086CED"
BLAISE = "0A1B5EC7D2"
STAFF = '[[staff]]\nname = "Ted"\nrole = "technician"\ncard_id = "7ED7ED7ED7"\n'
SMALL = (50, 15)


class UnattendedSite(TillSite):
    """A site whose till has a mode and the privacy that goes with it."""

    mode = "self-service"

    def write_config(self) -> None:
        """Write the config with the mode in its table."""
        super().write_config()
        text = self.config.read_text().replace("[till]", f'[till]\nmode = "{self.mode}"')
        self.config.write_text(text)


class BalanceSite(UnattendedSite):
    """A site whose till shows balances."""

    mode = "balance"


def pick_and_tap(till: Program) -> None:
    """Pick a coffee, tap, and wait for the first second."""
    till.press("c")
    till.wait_for("to pay")
    till.tap(ADA)
    till.wait_for("Ada B. pays €1.50", "Any key", "5 s")


@pytest.mark.parametrize("size", [(80, 24), SMALL], ids=str)
def test_a_coffee_is_paid_when_the_countdown_has_run_out(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    with running_service(tmp_path) as service:
        site = UnattendedSite(tmp_path, service.url, service.token)
        before = row_of(service, ADA)
        with running(site, size=size, ready="ONLINE") as till:
            pick_and_tap(till)
            shown = till.wait_for("2 s", "░")
            assert "12.30" not in shown
            till.wait_for("Thank you")
            till.pause(1.5)
            assert till.leave() == 0
        assert row_of(service, ADA).total - before.total == Decimal("1.50")


def test_a_key_and_a_till_that_was_stopped_charge_nothing(tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        site = UnattendedSite(tmp_path, service.url, service.token)
        before = row_of(service, ADA)
        with running(site, ready="ONLINE") as till:
            pick_and_tap(till)
            till.wait_for("2 s")
            till.press("\x1b")
            till.wait_for("Stopped, nothing was charged", "Coffee")
            till.pause(1.0)
            till.tap(ADA)
            till.wait_for("Ada B. pays", "4 s")
            till.process.send_signal(signal.SIGSTOP)
            till.pause(4.0)
            till.process.send_signal(signal.SIGCONT)
            till.wait_for("Stopped by itself, nothing was charged", "Coffee")
            till.pause(1.0)
            assert till.leave() == 0
        assert row_of(service, ADA).total == before.total


def test_only_a_technician_leaves(tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        site = UnattendedSite(tmp_path, service.url, service.token, extra_config=STAFF)
        with running(site, ready="ONLINE") as till:
            for keys in ("\x03", "\x1a", "\x1c", "\x11", "\x11"):
                till.press(keys)
                till.pause(0.2)
            till.wait_for("Only a technician or supervisor leaves")
            till.press("\x1b[24~")
            till.wait_for("Only for staff")
            till.press("\x1bOQ")
            till.wait_for("Ted")
            till.pause(0.5)
            till.tap("7ED7ED7ED7")
            till.wait_for("F2 log out")
            till.press("\x11")
            till.wait_for("Ctrl+Q again leaves")
            till.press("\x11")
            assert till.ended() == 0


@pytest.mark.parametrize("size", [(80, 24), SMALL], ids=str)
def test_a_till_that_shows_balances_sells_nothing(tmp_path: Path, size: tuple[int, int]) -> None:
    with running_service(tmp_path) as service:
        site = BalanceSite(tmp_path, service.url, service.token, clear_after_s=6)
        with running(site, size=size, ready="ONLINE") as till:
            till.tap(ADA)
            till.wait_for("Ada Byron", "NOT BLOCKED", "in advance €12.30")
            till.press("c")
            till.wait_for("Nothing is sold here: tap a card")
            till.pause(0.5)
            till.tap(BLAISE)
            till.wait_for("Blaise", "BLOCKED", "Please ask the staff")
            till.wait_for("no card yet")
            assert till.leave() == 0


class TouchSite(UnattendedSite):
    """A site whose customers touch the screen."""

    def write_config(self) -> None:
        """Write the config with touch switched on."""
        super().write_config()
        self.config.write_text(self.config.read_text() + "[ui]\ntouch = true\n")


def finger(till: Program, column: int, row: int) -> None:
    """Touch a cell, counted from 1, and let go, as a terminal reports it."""
    till.press(f"\x1b[<0;{column};{row}M")
    till.pause(0.1)
    till.press(f"\x1b[<0;{column};{row}m")
    till.pause(0.3)


def test_goods_are_touched_and_a_touch_stops_the_countdown(tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        site = TouchSite(tmp_path, service.url, service.token)
        before = row_of(service, ADA)
        with running(site, ready="ONLINE") as till:
            assert b"\x1b[?1006h" in till.drawn
            till.wait_for("Coffee", "Touch it, or scan it")
            finger(till, 5, 4)
            till.wait_for("1 × Coffee", "Touch more, or take back below")
            finger(till, 5, 4)
            till.wait_for("2 × Coffee")
            finger(till, 18, 22)
            till.wait_for("1 × Coffee", absent="2 × Coffee")
            till.tap(ADA)
            till.wait_for("Ada B. pays €1.50", "A touch or the card again stops it")
            finger(till, 70, 20)
            till.wait_for("Stopped, nothing was charged", "1 × Coffee")
            till.pause(0.8)
            till.tap(ADA)
            till.wait_for("Thank you", wait_s=15.0)
            till.press("\x1b[M !!\x1b[<64;3;3M")
            till.pause(1.0)
            assert "Thank you" in till.text()
            assert till.leave() == 0
            assert b"\x1b[?1006l" in till.drawn.rpartition(b"\x1b[?1006h")[2]
        assert row_of(service, ADA).total - before.total == Decimal("1.50")
