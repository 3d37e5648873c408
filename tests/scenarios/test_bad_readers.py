"""A reader that talks rubbish or goes away: no false tap, and back by itself."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.scenarios.conftest import TillAndService
from tests.scenarios.program import SERIAL, Program, SerialLine, rdm6300, running

pytestmark = pytest.mark.slow

ADA = rdm6300("62E3086CED")
CHARLES = rdm6300("3C00CE754C")


@dataclass(frozen=True)
class SerialTill:
    """A till with one serial reader."""

    till: Program
    line: SerialLine


@pytest.fixture
def serial_till(world: TillAndService, tmp_path: Path) -> Iterator[SerialTill]:
    """Run a till with a serial reader that is ready."""
    line = SerialLine(tmp_path / "rfid-reader")
    site = replace(world.site, readers=SERIAL.format(port=line.link))
    with running(site) as till:
        till.wait_for("ONLINE", "data")
        till.pause(0.3)  # bytes of the first moment after opening are not believed
        yield SerialTill(till, line)
    line.unplug()


def test_garbage_and_half_frames_are_no_tap_and_the_next_card_is(serial_till: SerialTill) -> None:
    """Noise, a frame without its end, a wrong checksum; then a good frame."""
    noise = random.Random(3).randbytes(200).replace(b"\x02", b"")
    serial_till.line.send(noise)
    serial_till.line.send(ADA[:7])
    serial_till.line.send(b"\x0262E3086CEE08\x03")
    serial_till.till.pause(0.5)
    assert "no card yet" in serial_till.till.text()
    serial_till.line.send(CHARLES)
    serial_till.till.wait_for("Charles Babbage")


def test_a_single_bad_frame_is_answered_and_the_next_tap_counts(serial_till: SerialTill) -> None:
    """A wrong checksum: once more, please; the basket stays."""
    serial_till.till.press("420")
    serial_till.till.wait_for("> 420")
    serial_till.line.send(b"\x0262E3086CEE08\x03")
    serial_till.till.wait_for("Once more, please", "Hold the card still", "> 420")
    serial_till.line.send(ADA)
    serial_till.till.wait_for("Ada Byron pays €4.20")


def test_a_wrong_baud_rate_is_named(serial_till: SerialTill) -> None:
    """Frames that never fit: the screen asks for the baud rate, and no card is seen."""
    for _ in range(20):
        serial_till.line.send(b"\x02\x86\x00\xf8\x9e\x1f\xe0\x03")
        serial_till.till.pause(0.05)
    serial_till.till.wait_for("garbled", "baud rate", "no card yet")


def test_a_reader_pulled_in_mid_frame_comes_back_and_reads(serial_till: SerialTill) -> None:
    """Half a frame, unplugged, plugged in as another device: missing, ok, a tap."""
    serial_till.line.send(ADA[:7])
    serial_till.line.unplug()
    serial_till.till.wait_for("READER", absent="READER ok")
    serial_till.till.press("420")
    serial_till.till.wait_for("> 420")
    serial_till.line.plug()
    serial_till.till.wait_for("READER ok")
    serial_till.till.pause(0.3)
    serial_till.line.send(ADA)
    serial_till.till.wait_for("Ada Byron pays €4.20")
