"""The driver `simulated`: cards presented by a caller, a script and a control socket."""

import socket
from pathlib import Path

import pytest
from tests.readers.conftest import OpenReader
from tests.readers.lines import open_descriptors

from taptill.domain.tap import CardTrouble, ReaderState, Tap
from taptill.readers.device import ReaderSettings
from taptill.readers.drivers.simulated import PRESENTED_MAX, SimulatedReader, read_script


def settings(**options: str | int | bool) -> ReaderSettings:
    return ReaderSettings("demo", "simulated", options=options)


def test_a_key_shows_a_card(readers: OpenReader) -> None:
    reader, inbox = readers(settings())
    inbox.wait_state(ReaderState.OK)
    assert isinstance(reader.device, SimulatedReader)
    reader.device.present("CARD-A")
    inbox.wait_taps("CARD-A")


def test_a_card_shown_before_the_reader_is_open_is_seen_then() -> None:
    device = SimulatedReader(settings())
    device.present("CARD-A")
    device.open()
    assert [getattr(frame, "raw", "") for frame in device.read()] == ["CARD-A"]
    device.close()
    device.present("CARD-B")
    device.interrupt()


def test_cards_nobody_looks_at_are_bounded() -> None:
    device = SimulatedReader(settings())
    for number in range(10 * PRESENTED_MAX):
        device.present(str(number))
    device.open()
    assert len(device.read()) == PRESENTED_MAX
    device.close()


def test_a_script_shows_its_cards_in_time(tmp_path: Path, readers: OpenReader) -> None:
    script = tmp_path / "monday"
    script.write_text("# the first guests\n0.6 CARD-B\n\n0 CARD-A # early\n", encoding="utf-8")
    _, inbox = readers(settings(script=str(script)))
    inbox.wait_taps("CARD-A", "CARD-B")
    first, second = (message.at_s for message in inbox.messages if isinstance(message, Tap))
    assert second - first >= 0.5


@pytest.mark.parametrize("text", ["soon CARD-A", "1.0.0 CARD-A"])
def test_a_script_that_is_none_makes_the_reader_faulty(
    text: str, tmp_path: Path, readers: OpenReader
) -> None:
    script = tmp_path / "monday"
    script.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="could not convert"):
        read_script(script)
    _, inbox = readers(settings(script=str(script)))
    assert inbox.wait_state(ReaderState.FAULTY).detail == str(script)


def test_a_script_that_is_not_there_is_missing(tmp_path: Path, readers: OpenReader) -> None:
    _, inbox = readers(settings(script=str(tmp_path / "monday")))
    assert inbox.wait_state(ReaderState.MISSING).detail == str(tmp_path / "monday")


def test_a_control_socket_takes_lines_of_card_ids(tmp_path: Path, readers: OpenReader) -> None:
    path = tmp_path / "cards"
    reader, inbox = readers(settings(socket=str(path)))
    inbox.wait_state(ReaderState.OK)
    assert path.stat().st_mode & 0o777 == 0o600
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hand:
        hand.sendto(b"CARD-A\n\n", str(path))
        inbox.wait_taps("CARD-A")
        hand.sendto("\N{SNOWMAN}\x07\n".encode(), str(path))
        inbox.wait(lambda: bool(inbox.problems))
        hand.sendto(b"\xff\xfe", str(path))
    assert inbox.problems[0].trouble is CardTrouble.WRONG_FORM
    assert reader.stop()
    assert not path.exists()


def test_a_control_socket_left_over_is_replaced_and_a_file_is_not(tmp_path: Path) -> None:
    left_over, file = tmp_path / "cards", tmp_path / "file"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as old:
        old.bind(str(left_over))
    file.write_text("mine", encoding="utf-8")
    device = SimulatedReader(settings(socket=str(left_over)))
    device.open()
    device.close()
    reader_at_file = SimulatedReader(settings(socket=str(file)))
    before = open_descriptors()
    with pytest.raises(Exception, match="demo"):
        reader_at_file.open()
    reader_at_file.close()
    assert open_descriptors() == before
    assert file.read_text(encoding="utf-8") == "mine"
