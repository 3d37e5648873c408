"""What holds a reader and whose its cards are, in `taptill doctor`; a serial line is a real pty."""

import os
import pty
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest
import serial
from tests.fakes.clock import FakeClock
from tests.install.machine import SIMULATED, MachineFolder, diagnosed, verdicts

from taptill.customer_cache.cache import CustomerCache
from taptill.domain.card_id import CardId
from taptill.domain.customer import Customer, Snapshot
from taptill.domain.diagnosis import Verdict
from taptill.domain.mark import read_marks
from taptill.domain.tap import ReaderState
from taptill.install.checks.readers.cards import check_cards, format_diagnosis
from taptill.install.checks.readers.holders import advice_for
from taptill.install.checks.readers.opening import check_readers, open_within
from taptill.install.checks.readers.pcscd import PCSCD_SOCKET
from taptill.install.checks.readers.spelling import shape
from taptill.readers.device import ReaderSettings
from taptill.readers.frames import RawKind
from taptill.readers.normaliser import build_normaliser

SERIAL = '[[reader]]\ndriver = "serial"\nport = "{port}"\nfamily = "rdm6300"\n'
NFC = '[[reader]]\ndriver = "nfc"\nport = "usb:ffff:fffe"\n'
FRAME = b"\x0262E3086CED08\x03"
CARD = "62E3086CED"


@pytest.fixture
def line() -> Iterator[tuple[int, str]]:
    leader, follower = pty.openpty()
    yield leader, os.ttyname(follower)
    os.close(leader)
    os.close(follower)


async def test_the_program_that_holds_a_line_is_named_with_its_number(
    place: MachineFolder, line: tuple[int, str]
) -> None:
    _, port = line
    with serial.Serial(port, exclusive=True):
        told = (await diagnosed(check_readers, place.site(SERIAL.format(port=port))))[
            "readers.reader-1"
        ]
    assert (told.verdict, f"({os.getpid()})" in told.words) == (Verdict.WARN, True)
    assert str(os.getpid()) in told.advice


async def test_a_reader_that_does_not_open_in_time_fails(place: MachineFolder) -> None:
    silent = place.folder / "recording"
    os.mkfifo(silent)
    settings = ReaderSettings("reader 1", "replay", str(silent), "rdm6300")
    told = await open_within(place.site(), settings, limit_s=0.2)
    os.close(os.open(silent, os.O_RDWR | os.O_NONBLOCK))  # lets go who waits
    assert (told.name, told.verdict) == ("readers.reader-1", Verdict.FAIL)
    assert told.words == "it did not open within 0 s"


@pytest.fixture
def stranger(line: tuple[int, str]) -> Iterator[Popen[bytes]]:
    """Let a program have the line open, without a lock."""
    with Path(line[1]).open("rb", buffering=0) as file, Popen(["sleep", "60"], stdin=file) as one:
        yield one
        one.kill()


async def test_a_program_that_has_the_line_open_without_a_lock_is_told(
    place: MachineFolder, line: tuple[int, str], stranger: Popen[bytes]
) -> None:
    """It does not keep the till from opening the line, and takes bytes from it."""
    site = place.site(SERIAL.format(port=line[1]))
    told = (await diagnosed(check_readers, site))["readers.reader-1"]
    assert (told.verdict, f"({stranger.pid}) has it open" in told.words) == (Verdict.WARN, True)


HOLDERS = {
    "taptill (812)": "F12 there shows taps",
    "pcscd (300)": "pcscd.socket",
    "ModemManager (9)": "ModemManager",
    "brltty (9)": "brltty",
    "agetty (9)": "raspi-config",
    "kernel module pn533_usb": "modprobe -r pn533_usb",
    "kernel module port100": "blacklist port100",
    "cat (4711)": "ps -fp 4711",
    "/dev/ttyUSB0": "sudo fuser -v /dev/ttyUSB0",
}


@pytest.mark.parametrize(("holder", "command"), HOLDERS.items(), ids=HOLDERS)
def test_each_holder_has_its_command(holder: str, command: str) -> None:
    settings = ReaderSettings("reader 1", "serial", "/dev/ttyUSB0", "rdm6300")
    assert command in advice_for(ReaderState.BUSY, holder, settings)


def test_who_is_not_let_in_is_told_the_group_of_the_device(tmp_path: Path) -> None:
    settings = ReaderSettings("reader 1", "serial", str(tmp_path), "rdm6300")
    assert "udev rules" in advice_for(ReaderState.DENIED, str(tmp_path), settings)


async def test_modules_and_programs_that_will_take_a_usb_reader_are_told(
    place: MachineFolder,
) -> None:
    place.has("proc/modules", "pn533_usb 20480 0 - Live 0x0\npn533 45056 1 pn533_usb, Live 0x0\n")
    # 108 characters at most: the address is a relative one
    comm = place.folder / "root" / PCSCD_SOCKET.lstrip("/")
    comm.parent.mkdir(parents=True)
    before = Path.cwd()
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(comm.parent)
        listener.bind(comm.name)
        os.chdir(before)
        told = await verdicts(check_readers, place.site(NFC))
    assert told["readers.module-pn533_usb"] is told["readers.pcscd"] is Verdict.WARN
    assert "readers.module-pn533_usb" not in await verdicts(check_readers, place.site())


async def test_a_console_of_the_kernel_on_the_line_of_a_reader_is_told(
    place: MachineFolder, line: tuple[int, str]
) -> None:
    _, port = line
    place.has("sys/class/tty/console/active", f"tty0 {Path(port).name}\n")
    told = await verdicts(check_readers, place.site(SERIAL.format(port=port)))
    assert told[f"readers.console-{Path(port).name}"] is Verdict.WARN
    assert told["readers.reader-1"] is Verdict.PASS


def cached(place: MachineFolder, *cards: str) -> None:
    """Let the cache know customers with these cards."""
    cache = CustomerCache(place.folder / "state/cache.db", FakeClock(), frozenset())
    cache.store(
        [
            Snapshot(
                Customer(
                    number,
                    "",
                    company="",
                    card_id=CardId(card),
                    blocked=False,
                    credit_allowed=False,
                    is_default=False,
                ),
                0,  # type: ignore[arg-type]  # no money is looked at
                updated_at="2026-03-02T09:00:00.000Z",
                version=None,
                marks=read_marks({}),
            )
            for number, card in enumerate(cards, 1)
        ]
    )
    cache.close()


async def test_without_a_cache_nothing_is_compared(place: MachineFolder) -> None:
    (told,) = await check_cards(place.site())
    assert (told.verdict, told.words.startswith("not compared: ")) == (Verdict.SKIP, True)


FORMATS = {
    "as the cache has them": (("HEX",), ["04A1B2C3", "1122EEFF"] * 20, Verdict.PASS),
    "small letters in the cache": (("HEX",), ["04a1b2c3", "1122eeff"] * 20, Verdict.FAIL),
    "a tenth otherwise": (("HEX",), ["04A1B2C3"] * 18 + ["04a1b2c3"] * 2, Verdict.WARN),
    "numbers, a reader of base 16": (
        ("HEX",),
        [f"{number:010d}" for number in range(4_000_000_000, 4_000_000_040)],
        Verdict.WARN,
    ),
    "numbers, a reader of numbers": (
        ("take-last 4", "dec 10"),
        [f"{number:010d}" for number in range(4_000_000_000, 4_000_000_040)],
        Verdict.PASS,
    ),
}


@pytest.mark.parametrize(("steps", "cards", "verdict"), FORMATS.values(), ids=FORMATS)
def test_the_format_is_compared_with_the_cache(
    steps: tuple[str, ...], cards: list[str], verdict: Verdict
) -> None:
    rule = build_normaliser(steps, RawKind.NUMBER)
    told = format_diagnosis("cards.reader-1", rule, cards)
    assert (told.verdict, bool(told.advice)) == (verdict, verdict is not Verdict.PASS)
    assert not any(card in told.words for card in cards)


SHAPES = {
    "0012345678": "10 digits",
    "04A1B2C3": "8 digits of base 16 in capitals",
    "04:a1:b2:c3": "8 digits of base 16 in small letters, with marks between",
    "KEY-17": "6 characters",
    "": "0 characters",
}


@pytest.mark.parametrize(("card", "words"), SHAPES.items())
def test_a_shape_names_no_card(card: str, words: str) -> None:
    assert shape(card) == words


def presented(line: tuple[int, str], frame: bytes) -> threading.Thread:
    """Hold a card to the reader again and again, for two seconds at most."""

    def present() -> None:
        ends_s = time.monotonic() + 2
        while time.monotonic() < ends_s:
            os.write(line[0], frame)
            time.sleep(0.2)

    thread = threading.Thread(target=present)
    thread.start()
    return thread


TAPS = {
    "a customer": ([CARD], "of a customer in the cache", Verdict.PASS),
    "nobody": (["04A1B2C3"], "of nobody in the cache", Verdict.WARN),
    "spelled otherwise": ([CARD.lower()], "which the office spells otherwise", Verdict.WARN),
    "no cache": ([], "; not compared: the cache has no card", Verdict.PASS),
}


@pytest.mark.slow
@pytest.mark.parametrize(("cards", "words", "verdict"), TAPS.values(), ids=TAPS)
async def test_a_tap_is_waited_for_and_its_card_looked_up(
    place: MachineFolder, line: tuple[int, str], cards: list[str], words: str, verdict: Verdict
) -> None:
    if cards:
        cached(place, *cards)
    site = place.site(SERIAL.format(port=line[1]), tap_s=5)
    thread = presented(line, FRAME)
    found = {one.name: one for one in await check_cards(site)}
    thread.join()
    told = found["cards.reader-1-tap"]
    assert (told.verdict, words in told.words, CARD in told.words) == (verdict, True, False)


async def test_no_tap_in_time_fails(place: MachineFolder, line: tuple[int, str]) -> None:
    site = place.site(SERIAL.format(port=line[1]), tap_s=0.3)
    told = (await diagnosed(check_cards, site))["cards.reader-1-tap"]
    assert (told.verdict, "nothing came" in told.words) == (Verdict.FAIL, True)


@pytest.mark.slow
async def test_bytes_that_are_no_frame_are_counted(
    place: MachineFolder, line: tuple[int, str]
) -> None:
    site = place.site(SERIAL.format(port=line[1]), tap_s=1)
    thread = presented(line, FRAME.replace(b"08\x03", b"09\x03"))
    (_, told) = await check_cards(site)
    thread.join()
    assert (told.verdict, "0 good frames, " in told.words) == (Verdict.FAIL, True)


async def test_a_reader_that_the_till_holds_is_not_waited_for(
    place: MachineFolder, line: tuple[int, str]
) -> None:
    with serial.Serial(line[1], exclusive=True):
        site = place.site(SERIAL.format(port=line[1]), tap_s=60)
        told = (await diagnosed(check_cards, site))["cards.reader-1-tap"]
    assert (told.verdict, told.words.startswith("busy")) == (Verdict.WARN, True)


async def test_readers_of_goods_are_not_asked_for_cards(place: MachineFolder) -> None:
    goods = '[[reader]]\ndriver = "simulated"\nfor = "goods"\n'
    assert await verdicts(check_cards, place.site(SIMULATED + goods)) == {
        "cards.reader-1": Verdict.SKIP
    }


async def test_what_types_into_the_terminal_is_left_to_the_till(place: MachineFolder) -> None:
    site = place.site('[[reader]]\ndriver = "typed"\n', tap_s=5)
    told = (await diagnosed(check_cards, site))["cards.reader-1-tap"]
    assert (told.verdict, "F12" in told.words) == (Verdict.SKIP, True)
