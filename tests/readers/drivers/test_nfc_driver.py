"""The driver `nfc`, with a tag in another thread over UDP, and with lines that have no chip."""

import fcntl
import os
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from nfc.clf import ContactlessFrontend, LocalTarget
from tests.readers.conftest import OpenReader
from tests.readers.lines import PtyLine, open_descriptors

from taptill.domain.errors import ReaderError
from taptill.domain.tap import CardTrouble, ReaderState
from taptill.readers.device import ReaderSettings, error_state
from taptill.readers.drivers.nfc import NfcReader

# Below, names of services stand in for numbers, and nfcpy cannot take a name.
UNNAMED_PORTS = range(49_152, 65_536)
# Any command that is not part of the selection ends nfcpy's listening.
TAKEN_AWAY = {"106A": b"106A 3000", "212F": b"212F 0A060102030405060708"}


def settings(port: Path | str, technologies: str = "106A 212F") -> ReaderSettings:
    options = {"technologies": technologies}
    return ReaderSettings("counter", "nfc", str(port), options=options)


def free_udp_port() -> int:
    """Return a free port among those that have no service name."""
    for port in random.sample(UNNAMED_PORTS, 100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attempt:
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")


def type_2(uid: str) -> LocalTarget:
    return LocalTarget(
        "106A",
        sens_res=bytearray.fromhex("0101"),
        sdd_res=bytearray.fromhex(uid),
        sel_res=bytearray.fromhex("00"),
    )


def felica(idm: str) -> LocalTarget:
    answer = bytearray.fromhex(f"01{idm}{'FF' * 8}12FC")
    return LocalTarget("212F", sensf_res=answer)


@contextmanager
def tag(port: int, target: LocalTarget) -> Iterator[None]:
    """Hold a tag to the reader at this port."""

    def listen() -> None:
        frontend = ContactlessFrontend(f"udp:127.0.0.1:{port}")
        frontend.listen(target, 10)
        frontend.close()

    thread = Thread(target=listen)
    thread.start()
    try:
        yield
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hand:
            hand.sendto(TAKEN_AWAY[target.brty], ("127.0.0.1", port))
        thread.join(5)
        assert not thread.is_alive()


TAGS = {
    "A1B2C3D4": type_2("A1B2C3D4"),
    "04A1B2C3D4E5F6": type_2("04A1B2C3D4E5F6"),
    "0102030405060708": felica("0102030405060708"),
}


@pytest.mark.parametrize("number", TAGS)
def test_a_tag_left_on_the_reader_is_one_tap(number: str, readers: OpenReader) -> None:
    port, target = free_udp_port(), TAGS[number]
    with tag(port, target):
        reader, inbox = readers(settings(f"udp:127.0.0.1:{port}", target.brty))
        inbox.wait(lambda: bool(inbox.health) and inbox.health[-1].frames >= 5)
        assert reader.stop()
    assert inbox.taps == [number]


def test_a_phone_is_told_that_it_hides_its_number(readers: OpenReader) -> None:
    port = free_udp_port()
    with tag(port, type_2("08A1B2C3")):
        reader, inbox = readers(settings(f"udp:127.0.0.1:{port}"))
        inbox.wait(lambda: bool(inbox.problems))
        assert reader.stop()
    assert inbox.problems[0].trouble is CardTrouble.RANDOM_ID
    assert inbox.taps == []


def opening(reader: NfcReader) -> tuple[ReaderState, str]:
    with pytest.raises(ReaderError) as reader_error:
        reader.open()
    reader.close()
    return error_state(reader_error.value)


def test_a_path_that_is_not_there_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "nothing"
    assert opening(NfcReader(settings(path))) == (ReaderState.MISSING, str(path))


def test_a_front_end_that_nfcpy_cannot_find_is_missing() -> None:
    port = "tty:nothing-of-this-name:pn532"
    assert opening(NfcReader(settings(port))) == (ReaderState.MISSING, port)


def test_a_usb_front_end_is_missing_or_the_library_that_finds_it_is() -> None:
    port = "usb:072f:2200"
    outcome = opening(NfcReader(settings(port)))
    assert outcome in {(ReaderState.MISSING, port), (ReaderState.FAULTY, "libusb-1.0-0")}


@pytest.mark.slow
def test_a_line_without_a_chip_is_faulty_and_leaves_nothing_open(line: PtyLine) -> None:
    before = open_descriptors()
    for _ in range(3):
        assert opening(NfcReader(settings(line.link))) == (ReaderState.FAULTY, str(line.link))
    assert open_descriptors() == before


def test_a_line_that_another_program_uses_is_busy(line: PtyLine) -> None:
    holder = os.open(line.device, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    state, detail = opening(NfcReader(settings(line.link)))
    os.close(holder)
    assert state is ReaderState.BUSY
    assert f"({os.getpid()})" in detail
