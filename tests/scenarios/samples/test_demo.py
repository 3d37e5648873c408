"""`taptill demo` as a visitor sees it: cards by keys, a serial line to write to, nothing left."""

import re
import sys
from pathlib import Path

import pytest
from tests.scenarios.program import Program, rdm6300

pytestmark = pytest.mark.slow

PINS = "try a PIN: Jo 1111, Kim 2222"


def test_the_demo_sells_by_key_and_by_serial_line_and_leaves_nothing(tmp_path: Path) -> None:
    """Tap A by key, tap C by bytes, leave with ctrl+q twice: exit status 0 and no files."""
    words = [sys.executable, "-m", "taptill", "demo", "--serial"]
    demo = Program(words, afresh=True, TMPDIR=str(tmp_path))
    try:
        screen = demo.wait_for("READER ok", "ONLINE", "RDM6300 bytes to /dev/pts/")
        demo.press("420A")
        demo.wait_for("Ada Byron pays €4.20")
        demo.confirm()
        demo.wait_for("Thank you", "A. B. √ sent")
        line = re.search(r"/dev/pts/\d+", screen)
        assert line
        demo.press("-")
        demo.wait_for("no card yet")
        Path(line.group()).write_bytes(rdm6300("3C00CE754C"))
        demo.wait_for("Charles Babbage", "in advance €1.80")
        demo.press("\x11")
        demo.wait_for("safe to switch off")
        demo.press("\x11")
        assert demo.ended() == 0
    finally:
        demo.close()
    assert list(tmp_path.iterdir()) == []


def test_the_demo_shows_groups_a_barcode_and_a_deposit(tmp_path: Path) -> None:
    """Two waters, one by its barcode, and a bottle back cost 2.15; a page on is the rest."""
    demo = Program([sys.executable, "-m", "taptill", "demo"], afresh=True, TMPDIR=str(tmp_path))
    try:
        demo.wait_for("READER ok", "ONLINE", "─ Hot drinks", "─ Cold drinks", "b Bottle back")
        demo.press("w")
        demo.wait_for("1 × Water")
        demo.pause(0.3)  # else it is all one line of a machine
        demo.press("40123455\r")
        demo.wait_for("2 × Water")
        demo.press("bA")
        demo.wait_for("1 × Bottle back -€0.25", "Ada Byron pays €2.15")
        demo.press("\x1b")
        demo.wait_for("no card yet")
        demo.press("\x1b[6~")
        demo.wait_for("─ To eat", "/8 Crisps")
    finally:
        demo.close()


def test_the_demo_with_staff_says_the_pins_where_one_is_asked_for(tmp_path: Path) -> None:
    """Jo sells only after the log-in; Kim, whose PIN the screen tells too, overrides a refusal."""
    words = [sys.executable, "-m", "taptill", "demo", "--staff"]
    demo = Program(words, afresh=True, TMPDIR=str(tmp_path))
    try:
        demo.wait_for("READER ok", "ONLINE", "1 Jo", "cashier", PINS)
        _type(demo, "11111\r")
        demo.wait_for("Tap your card", "Jo │")
        demo.press("420C")
        demo.wait_for("Charles Babbage", "No credit")
        demo.press("\x1b[20~")
        demo.wait_for("Why shall it count")
        demo.press("1")
        demo.wait_for("Kim supervisor", PINS)
        _type(demo, "2222\r")
        demo.wait_for("Charles Babbage pays €4.20")
    finally:
        demo.close()


def _type(demo: Program, keys: str) -> None:
    """Type at the pace of a person."""
    for key in keys:
        demo.press(key)
        demo.pause(0.15)


@pytest.mark.parametrize("has_signal", [True, False], ids=["by SIGHUP", "without a word"])
def test_a_terminal_that_is_closed_ends_the_demo_and_leaves_nothing(
    tmp_path: Path, *, has_signal: bool
) -> None:
    """The till ends, the service ends, the folder goes."""
    demo = Program([sys.executable, "-m", "taptill", "demo"], afresh=True, TMPDIR=str(tmp_path))
    try:
        demo.wait_for("READER ok", "ONLINE")
        demo.hang_up(has_signal=has_signal)
        demo.ended()
    finally:
        demo.close()
    assert list(tmp_path.iterdir()) == []


def test_practising_sells_the_sites_goods_and_touches_nothing_of_the_site(tmp_path: Path) -> None:
    """The config names a server that is not there, a token and a mirror: none is touched."""
    folder, mirror, token = tmp_path / "temporary", tmp_path / "mirror.db", tmp_path / "api-token"
    folder.mkdir()
    token.write_text("the-sites-own-token", "ascii")
    token.chmod(0o600)
    config = tmp_path / "config.toml"
    config.write_text(
        '[till]\nname = "bar"\n[backend]\nbase_url = "http://127.0.0.1:9"\n'
        f'token_file = "{token}"\n'
        '[[reader]]\ndriver = "serial"\nport = "/dev/nothing"\nfamily = "rdm6300"\n'
        f'[settlement]\nstrategy = "debt"\n[journal]\nmirror = "{mirror}"\n'
        '[[goods]]\nkey = "t"\nname = "Tea"\nprice = "1.10"\n',
        "utf-8",
    )
    words = [sys.executable, "-m", "taptill", "practice", "--config", str(config)]
    practice = Program(words, afresh=True, TMPDIR=str(folder), CREDENTIALS_DIRECTORY=str(tmp_path))
    try:
        practice.wait_for("PRACTICE", "READER ok", "ONLINE", "t Tea")
        practice.press("tA")
        practice.wait_for("Ada Byron pays €1.10")
        practice.confirm()
        practice.wait_for("Thank you", "A. B. √ sent", "PRACTICE")
        state = next(folder.glob("taptill-practice-*")) / "state"
        journal = (state / "journal.db").read_bytes()
        assert b"the-sites-own-token" not in journal
        practice.press("\x11")
        practice.wait_for("safe to switch off")
        practice.press("\x11")
        assert practice.ended() == 0
    finally:
        practice.close()
    assert list(folder.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"temporary", "api-token", "config.toml"}
