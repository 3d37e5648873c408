"""The driver `nfc` with an emulated PN532 on a serial line: cards, faults, and leftover states."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from nfc.clf import ContactlessFrontend, RemoteTarget, acr122
from tests.fakes.devices.pn532 import FAULTS, NO_CARD, Acr122u, FieldCard, Pn532
from tests.fakes.until import until, wait_until
from tests.project.sources import ROOT
from tests.readers.conftest import OpenReader
from tests.readers.lines import open_descriptors

from taptill.domain.errors import ReaderError
from taptill.domain.tap import CardTrouble, ReaderState
from taptill.readers.device import Beeps, ReaderSettings, error_state
from taptill.readers.drivers.nfc import NfcReader
from taptill.readers.drivers.pn532 import shut_down
from taptill.readers.frames import BadFrame, Frame, Signal
from taptill.readers.polling import FAULTS_MAX

SPEED, POWER_DOWN = 0x10, 0x16
CARD = FieldCard("A1B2C3D4")
NUMBERS = {
    "4 octets": CARD,
    "7 octets": FieldCard("04A1B2C3D4E5F6", sak=0x00),
    "10 octets": FieldCard("04A1B2C3D4E5F6A7B8C9"),
    "a card with an operating system": FieldCard("04112233445566", sak=0x20),
    "FeliCa": FieldCard("0102030405060708", felica=True),
}
PHONES = {
    "as a card": FieldCard("08A1B2C3", sak=0x20),
    "as a card and a peer": FieldCard("08A1B2C3", sak=0x60),
    "as a FeliCa peer": FieldCard("01FE030405060708", felica=True),
}
ONE_LOOK = [fault for fault in FAULTS if fault != "pulled"]


def settings(box: Pn532) -> ReaderSettings:
    return ReaderSettings("counter", "nfc", str(box.path), same_card_delay_ms=0)


@pytest.fixture
def box() -> Iterator[Pn532]:
    """Return a chip on a terminal whose path nfcpy's own syntax cannot express."""
    box = Pn532()
    yield box
    box.unplug()


@pytest.fixture
def reader(box: Pn532) -> Iterator[NfcReader]:
    reader = NfcReader(settings(box))
    reader.open()
    yield reader
    reader.close()


@pytest.mark.parametrize("card", NUMBERS.values(), ids=NUMBERS)
def test_a_card_is_named_whole(card: FieldCard, box: Pn532, reader: NfcReader) -> None:
    box.chip.card = card
    assert reader.read() == [Frame(card.number)]
    box.chip.card = NO_CARD
    assert reader.read() == [Signal.NO_CARD]


def test_a_board_that_is_busy_gets_its_answers_late(box: Pn532, reader: NfcReader) -> None:
    """Nfcpy would wait 0.1 s for an acknowledgement."""
    box.slow_s = 0.2
    box.chip.card = CARD
    assert reader.read() == [Frame(CARD.number)]
    box.slow_s = 0.0


def test_a_number_of_no_known_size_is_no_card(box: Pn532, reader: NfcReader) -> None:
    """A reader that appended the card's further data would make another number of it."""
    for number in ("A1B2C3D405", "A1B2C3D40578077102"):
        box.chip.card = FieldCard(number)
        assert isinstance(reader.read()[0], BadFrame)


@pytest.mark.slow
async def test_a_card_left_there_is_one_tap_and_taps_anew_once_taken_away(
    box: Pn532, readers: OpenReader
) -> None:
    _, inbox = readers(settings(box))
    inbox.wait_state(ReaderState.OK)
    box.chip.card = CARD
    inbox.wait(lambda: inbox.health[-1].frames >= 5)
    assert inbox.taps == [CARD.number]
    box.chip.card = NO_CARD
    misses = box.chip.poll_count + 3 * 2  # at each of the technologies
    await until(lambda: box.chip.poll_count >= misses)
    box.chip.card = CARD
    inbox.wait_taps(CARD.number, CARD.number)


@pytest.mark.parametrize("phone", PHONES.values(), ids=PHONES)
def test_a_phone_is_told_that_it_hides_its_number(
    phone: FieldCard, box: Pn532, readers: OpenReader
) -> None:
    box.chip.card = phone
    _, inbox = readers(settings(box))
    inbox.wait(lambda: bool(inbox.problems))
    assert inbox.problems[0].trouble is CardTrouble.RANDOM_ID
    assert inbox.taps == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", ONE_LOOK)
def test_a_look_that_fails_is_counted_and_a_later_one_names_the_card(
    fault: str, box: Pn532, reader: NfcReader
) -> None:
    box.fault, box.faults = fault, 1
    assert isinstance(reader.read()[0], BadFrame)
    box.chip.card = CARD
    wait_until(lambda: reader.read() == [Frame(CARD.number)])


def test_single_faults_far_apart_do_not_add_up(box: Pn532, reader: NfcReader) -> None:
    box.fault = "error frame"
    for _ in range(FAULTS_MAX):
        box.faults = 1
        assert isinstance(reader.read()[0], BadFrame)
        assert reader.read() == [Signal.NO_CARD]


@pytest.mark.slow
@pytest.mark.parametrize("fault", ONE_LOOK)
def test_a_chip_that_fails_on_and_on_is_opened_anew(
    fault: str, box: Pn532, reader: NfcReader
) -> None:
    box.chip.card = CARD
    box.fault, box.faults = fault, FAULTS_MAX
    for _ in range(FAULTS_MAX - 1):
        reader.read()
    with pytest.raises(ReaderError) as reader_error:
        reader.read()
    assert error_state(reader_error.value) == (ReaderState.GARBLED, str(box.path))
    reader.close()
    reader.open()
    wait_until(lambda: reader.read() == [Frame(CARD.number)])


@pytest.mark.slow
def test_a_chip_that_falls_silent_is_found_again(box: Pn532, readers: OpenReader) -> None:
    _, inbox = readers(settings(box))
    inbox.wait_state(ReaderState.OK)
    box.deaf = True
    inbox.wait_state(ReaderState.GARBLED)
    inbox.wait_state(ReaderState.FAULTY)
    box.deaf = False
    assert inbox.wait_state(ReaderState.OK).reopened == 1
    box.chip.card = CARD
    inbox.wait_taps(CARD.number)


@pytest.mark.slow
@pytest.mark.parametrize("faults", [FAULTS_MAX - 1, FAULTS_MAX])
def test_a_card_held_while_looks_fail_is_one_tap(
    faults: int, box: Pn532, readers: OpenReader
) -> None:
    """Each failure takes a second, so the card is not read for long; the last reopens."""
    box.chip.card = CARD
    _, inbox = readers(settings(box))
    inbox.wait_taps(CARD.number)
    box.fault, box.faults = "acknowledged, not answered", faults
    inbox.wait(lambda: inbox.health[-1].bad_frames == FAULTS_MAX - 1)
    if faults == FAULTS_MAX:
        inbox.wait_state(ReaderState.GARBLED)
        inbox.wait_state(ReaderState.OK)
    frame_count = inbox.health[-1].frames
    inbox.wait(lambda: inbox.health[-1].frames > frame_count + 1)
    assert inbox.taps == [CARD.number]


@pytest.mark.parametrize("baud", [230_400, 460_800, 921_600])
def test_a_chip_that_another_program_left_at_a_higher_speed_is_called_back(
    baud: int, readers: OpenReader
) -> None:
    box = Pn532(baud)
    box.chip.card = CARD
    reader, inbox = readers(settings(box))
    inbox.wait_taps(CARD.number)
    assert box.baud == 115_200
    assert reader.stop()
    box.unplug()


def test_a_chip_keeps_its_speed_and_its_power(box: Pn532, reader: NfcReader) -> None:
    """Neither a kill nor an end may leave a chip that must be unplugged."""
    reader.read()
    reader.close()
    assert SPEED not in box.chip.commands
    assert POWER_DOWN not in box.chip.commands


def test_the_field_is_off_when_the_till_has_ended(box: Pn532, reader: NfcReader) -> None:
    box.chip.card = CARD
    reader.read()
    assert box.chip.field
    reader.interrupt()
    reader.close()
    assert not box.chip.field


def test_a_program_that_is_killed_in_mid_look_leaves_a_chip_that_answers(box: Pn532) -> None:
    box.fault, box.faults = "acknowledged, not answered", 1
    program = (
        "from taptill.readers.device import ReaderSettings\n"
        "from taptill.readers.drivers.nfc import NfcReader\n"
        f"reader = NfcReader(ReaderSettings('counter', 'nfc', '{box.path}'))\n"
        "reader.open()\n"
        "print('open', flush=True)\n"
        "reader.read()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        process.send_signal(signal.SIGKILL)
    box.chip.card, box.faults = CARD, 0
    reader = NfcReader(settings(box))
    reader.open()
    assert reader.read() == [Frame(CARD.number)]
    reader.close()


async def test_a_till_that_ends_does_not_wait_for_a_chip_that_does_not_answer(
    box: Pn532, readers: OpenReader
) -> None:
    reader, inbox = readers(settings(box))
    inbox.wait_state(ReaderState.OK)
    box.fault, box.faults = "acknowledged, not answered", 1000
    looks = box.chip.poll_count
    await until(lambda: box.chip.poll_count > looks)
    assert reader.stop()


def test_a_till_that_ends_does_not_wait_for_a_line_without_a_chip(
    box: Pn532, readers: OpenReader
) -> None:
    box.deaf = True
    reader, _ = readers(settings(box))
    assert reader.stop()


def look_often(reader: NfcReader) -> None:
    """Look as often as may fail: a busy machine sees the end of a line after a look's time."""
    for _ in range(FAULTS_MAX):
        reader.read()


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["between two looks", "in mid-look"])
def test_an_unplugged_chip_is_lost_and_leaves_no_descriptor_open(moment: str) -> None:
    before = open_descriptors()
    for _ in range(5):
        box = Pn532()
        reader = NfcReader(settings(box))
        reader.open()
        assert reader.read() == [Signal.NO_CARD]
        if moment == "in mid-look":
            box.fault, box.faults = "pulled", 1
        else:
            box.unplug()
        with pytest.raises(ReaderError) as error_info:
            look_often(reader)
        assert error_state(error_info.value) == (ReaderState.LOST, str(box.path))
        reader.close()
        box.unplug()
    assert open_descriptors() == before


def test_a_fault_that_nobody_foresaw_leaves_no_descriptor_open(box: Pn532) -> None:
    before = open_descriptors()
    reader = NfcReader(settings(box))
    reader.open()
    del reader._frontend.device.chipset
    with pytest.raises(AttributeError):
        reader.close()
    assert open_descriptors() == before


@pytest.mark.slow
def test_opening_anew_on_and_on_leaves_no_descriptor_open(box: Pn532) -> None:
    reader = NfcReader(settings(box))
    before = open_descriptors()
    for round_ in range(12):
        box.deaf = round_ % 3 == 0
        if box.deaf:
            with pytest.raises(ReaderError):
                reader.open()
        else:
            reader.open()
            assert reader.read() == [Signal.NO_CARD]
        reader.close()
    assert open_descriptors() == before


def test_an_acr122u_on_usb_reads_cards_and_keeps_its_power() -> None:
    """nfcpy's own driver runs over emulated CCID blocks; powered down, the chip would stay dead."""
    plug = Acr122u()
    frontend = ContactlessFrontend()
    frontend.device = acr122.init(plug)
    plug.chip.card = CARD
    target = frontend.sense(RemoteTarget("106A"), iterations=1)
    assert target.sdd_res.hex().upper() == CARD.number
    shut_down(frontend, None)
    assert POWER_DOWN not in plug.chip.commands
    assert plug.is_closed
    assert frontend.device is None


@pytest.fixture
def acr122u() -> Iterator[tuple[Acr122u, NfcReader]]:
    """Return an ACR122U and its reader, as it is once opened."""
    plug = Acr122u()
    reader = NfcReader(ReaderSettings("counter", "nfc", "usb:072f:2200"))
    reader._frontend = ContactlessFrontend()
    reader._frontend.device = acr122.init(plug)
    plug.beeps.clear()
    yield plug, reader
    reader.close()


def test_an_acr122u_beeps_before_the_next_look_and_reads_on(
    acr122u: tuple[Acr122u, NfcReader],
) -> None:
    plug, reader = acr122u
    assert reader.has_beeper
    reader.beep(Beeps(3, 1))
    assert plug.beeps == []
    plug.chip.card = CARD
    assert reader.read() == [Frame(CARD.number)]
    assert plug.beeps == [bytes([1, 1, 3, 1])]  # 0.1 s on and off, three times, with the buzzer
    assert reader.read() == [Frame(CARD.number)]
    assert len(plug.beeps) == 1


def test_of_several_requests_the_newest_is_heard(acr122u: tuple[Acr122u, NfcReader]) -> None:
    plug, reader = acr122u
    reader.beep(Beeps(1, 1))
    reader.beep(Beeps(1, 6))
    reader.read()
    assert plug.beeps == [bytes([6, 1, 1, 1])]


def test_a_chip_without_a_beeper_is_not_asked_to(box: Pn532, reader: NfcReader) -> None:
    assert not reader.has_beeper
    reader.beep(Beeps(1, 1))
    box.chip.card = CARD
    assert reader.read() == [Frame(CARD.number)]
    reader.close()
    assert not reader.has_beeper


def test_a_link_is_followed_anew_at_each_opening(tmp_path: Path, readers: OpenReader) -> None:
    link = tmp_path / "rfid-reader"
    first, second = Pn532(), Pn532()
    second.chip.card = CARD
    link.symlink_to(first.path)
    reader, inbox = readers(ReaderSettings("counter", "nfc", str(link)))
    inbox.wait_state(ReaderState.OK)
    fresh = tmp_path / "new"
    fresh.symlink_to(second.path)
    fresh.rename(link)
    first.unplug()
    inbox.wait_taps(CARD.number)
    assert reader.stop()
    second.unplug()
