"""Keys as terminals send them to the real program: a cancel wins, and nothing read is a charge."""

import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.scenarios.books import entries
from tests.scenarios.conftest import TillAndService
from tests.scenarios.program import WAIT_S, Program, TillSite, running

pytestmark = pytest.mark.slow

ADA = "62E3086CED"
CASES = Path(__file__).parent
TYPED = """
[[reader]]
driver = "typed"
card_id = ["text"]
"""


def charges(site: TillSite) -> list[int]:
    """Return the amounts that the journal has charged."""
    return [entry["amount_minor"] for entry in entries(site) if entry["kind"] == "charge"]


def cpu_s(pid: int) -> float:
    """Return the processor time that a program has used, proc_pid_stat(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children_s() -> float:
    """Return the processor time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def ready_to_pay(site: TillSite) -> Iterator[Program]:
    """Run a till with Ada and 4.20 at its counter, and a verdict that was looked at."""
    with running(site) as till:
        till.sell("420", ADA)
        till.wait_for("Ada Byron pays €4.20")
        till.pause(0.5)
        yield till


CANCELS = {
    "Esc and Enter": "\x1b\r",
    "Esc and the keypad's Enter": "\x1b\x1bOM",
    "Enter and Esc": "\r\x1b",
    "Esc and Enter by the kitty protocol": "\x1b[27u\x1b[13u",
    "minus and Enter": "-\r",
}


@pytest.mark.parametrize("keys", CANCELS.values(), ids=CANCELS)
def test_a_cancel_and_enter_in_one_write_charge_nothing(world: TillAndService, keys: str) -> None:
    with ready_to_pay(world.site) as till:
        till.press(keys)
        till.wait_for("no card yet")
        till.pause(0.5)
        assert till.leave() == 0
    assert charges(world.site) == []


def test_what_is_no_key_ends_nothing_and_rings_up_nothing(world: TillAndService) -> None:
    """Bytes that are no UTF-8, answers of the terminal, half a sequence; then the sale goes on."""
    with ready_to_pay(world.site) as till:
        os.write(till._master, b"\xff\xc3\x28\xe2\x82")
        till.pause(0.2)
        till.press("\x1b[?6c\x1b[0n\x1b[24;80R\x1b]11;rgb:0/0/0\x1b\\")
        till.pause(0.2)
        till.press("\x1b[?6")
        till.pause(0.5)
        till.wait_for("Ada Byron pays €4.20")
        till.confirm()
        till.wait_for("Thank you")
        assert till.leave() == 0
    assert charges(world.site) == [420]
    log = (world.site.state / "taptill.log").read_text()
    assert "keys.dropped" in log
    assert "rgb" not in log


SCANS = {"in one write": 0.0, "key by key": 0.008}


@pytest.mark.parametrize("gap_s", SCANS.values(), ids=SCANS)
def test_c11_a_scanner_charges_nobody_and_the_screen_says_so(
    world: TillAndService, gap_s: float
) -> None:
    with running(world.site) as till:
        till.tap(ADA)
        till.wait_for("Ada Byron")
        till.pause(0.6)
        key_bytes = (CASES / "c11-scanner-ean8.keys").read_text("ascii")
        for keys in key_bytes if gap_s else (key_bytes,):
            till.press(keys)
            time.sleep(gap_s)
        till.wait_for("A scanner or card reader types here")
        assert "0.00" not in till.text()
        assert till.leave() == 0
    assert charges(world.site) == []


def test_what_a_reader_types_is_a_tap_if_it_is_set_up(world: TillAndService) -> None:
    world.site.readers = TYPED
    world.site.write_config()
    with running(world.site) as till:
        till.press("420")
        till.wait_for("> 420")
        till.pause(0.3)
        till.press(f"{ADA}\r")
        till.wait_for("Ada Byron pays €4.20")
        till.confirm()
        till.wait_for("Thank you")
        assert till.leave() == 0
    assert charges(world.site) == [420]


KEYPADS = {
    "in tmux, Enter a line feed": ("xterm-256color", "420\n"),
    "application mode of the xterm family": ("xterm-256color", "\x1bOt\x1bOr\x1bOp\x1bOM"),
    "a line that says it is the console": ("linux", "\x1bOt\x1bOr\x1bOp\x1bOM"),
    "the kitty protocol": ("xterm-kitty", "\x1b[57403u\x1b[57401u\x1b[57399u\x1b[57414u"),
    "the kitty protocol without Num Lock": ("xterm-kitty", "\x1b[57417u\x1b[57420u\x1b[57425u\r"),
}


@pytest.mark.parametrize(("terminal", "keys"), KEYPADS.values(), ids=KEYPADS)
def test_the_keypad_sells(world: TillAndService, terminal: str, keys: str) -> None:
    site = world.site
    till = Program(site.run_words(), site.socket, TERM=terminal)
    size = len(keys) // 4
    parts = [keys[:1], keys[1:2], keys[2:3], keys[3:]] if size == 1 else _sequences(keys)
    try:
        till.wait_for("READER ok")
        assert (b"\x1b=" in till.drawn) == (terminal != "linux"), "the keypad's application mode"
        till.tap(ADA)
        till.wait_for("Ada Byron")
        till.pause(0.6)
        for key in parts:
            till.press(key)
            till.pause(0.15)
        till.wait_for("Thank you")
        assert till.leave() == 0
    finally:
        till.close()
    assert charges(site) == [420]


def _sequences(keys: str) -> list[str]:
    parts = keys.replace("\r", "\x1b\r").split("\x1b")[1:]
    return [part if part == "\r" else f"\x1b{part}" for part in parts]


def test_c12_keys_of_a_keypad_without_num_lock_are_each_answered(world: TillAndService) -> None:
    """The digits 4, 2 and 0 of a keypad whose Num Lock is off, on the console."""
    keys = _sequences((CASES / "c12-keypad-numlock-off.keys").read_text("ascii"))
    assert len(keys) == 3
    site = world.site
    for key in keys:
        till = Program(site.run_words(), site.socket, TERM="linux")
        try:
            till.wait_for("READER ok")
            till.press(key)
            till.wait_for("press Num Lock")
            assert till.leave() == 0
        finally:
            till.close()
    assert charges(site) == []


def test_ctrl_let_go_between_two_ctrl_q_leaves_all_the_same(world: TillAndService) -> None:
    with running(world.site) as till:
        till.press("\x1b[113;5u\x1b[57442;1:3u\x1b[57442;5u")
        till.wait_for("safe to switch off")
        till.press("\x1b[113;5u")
        assert till.ended() == 0


def test_keys_that_piled_up_while_the_program_stood_still_charge_nothing(
    world: TillAndService,
) -> None:
    with running(world.site) as till:
        till.tap(ADA)
        till.wait_for("Ada Byron")
        till.pause(0.6)
        till.process.send_signal(signal.SIGSTOP)
        time.sleep(1.0)
        till.press("420\r")
        till.process.send_signal(signal.SIGCONT)
        till.wait_for("The till was held up")
        till.press("5")
        till.wait_for("> 5")
        assert till.leave() == 0
    assert charges(world.site) == []


@pytest.mark.parametrize("has_signal", [True, False], ids=["by SIGHUP", "without a word"])
def test_a_terminal_that_is_gone_ends_the_till(world: TillAndService, *, has_signal: bool) -> None:
    with running(world.site, afresh=True) as till:
        till.pause(0.3)
        others_s, spent_s = children_s(), cpu_s(till.process.pid)
        till.hang_up(has_signal=has_signal)
        assert till.process.wait(WAIT_S) == 0
        assert children_s() - others_s - spent_s < 0.5


def test_a_locale_that_cannot_show_the_screen_is_refused(world: TillAndService) -> None:
    site = world.site
    till = Program(site.run_words(), site.socket, afresh=True, PYTHONIOENCODING="iso8859-1")
    assert till.ended() == 64
    assert "LC_ALL=C.UTF-8" in till.text()


BROKEN = """
from taptill.cli import main
from taptill.checkout.session import Step
from taptill.ui import views
draw = views.draw_screen
def broken(view, *more):
    if view is not None and view.customer:
        raise LookupError(view.customer.name)
    return draw(view, *more)
views.draw_screen = broken
main()
"""


@pytest.mark.parametrize("terminal", ["xterm-256color", "linux"])
def test_a_fault_of_the_screen_ends_with_its_words_and_status_70(
    world: TillAndService, terminal: str
) -> None:
    site = world.site
    words = [sys.executable, "-c", BROKEN, *site.run_words()[3:]]
    till = Program(words, site.socket, TERM=terminal)
    till.wait_for("READER ok")
    till.tap(ADA)
    assert till.ended() == 70
    assert "the screen stopped: LookupError at <string>" in till.text()
    assert "Ada" not in till.text()
    log = (site.state / "taptill.log").read_text()
    assert "screen.fault" in log


def test_the_demo_takes_what_a_reader_types(tmp_path: Path) -> None:
    demo = Program([sys.executable, "-m", "taptill", "demo"], TMPDIR=str(tmp_path))
    try:
        demo.wait_for("READER ok", "ONLINE")
        demo.press(f"{ADA}\r")
        demo.wait_for("Ada Byron")
        assert demo.leave() == 0
    finally:
        demo.close()
