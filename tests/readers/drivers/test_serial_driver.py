"""The driver `serial`, from bytes to messages, with every way in which a line can be lost."""

import errno
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
import serial
from tests.readers.conftest import OpenReader
from tests.readers.lines import (
    CARD,
    CARD_FRAME,
    OTHER_CARD,
    OTHER_FRAME,
    PATIENCE_S,
    Inbox,
    PtyLine,
    SkippingClock,
    open_descriptors,
    read_frames,
)

from taptill.domain.errors import ReaderError
from taptill.domain.tap import ReaderState
from taptill.readers.device import ReaderSettings, error_state
from taptill.readers.drivers.device_nodes import opening_error
from taptill.readers.drivers.serial import SerialReader
from taptill.readers.frames import BadFrame, Fault, Frame
from taptill.readers.opening import open_reader

NOBODY = 65534
TIOCVHANGUP = 0x5437


def settings(port: Path | str, **changes: object) -> ReaderSettings:
    plain = ReaderSettings("counter", "serial", str(port), "rdm6300", hold_ms=100)
    return replace(plain, **changes)  # type: ignore[arg-type]  # each test names a real field


def test_a_frame_is_a_tap_and_a_held_card_is_one(line: PtyLine, readers: OpenReader) -> None:
    _, inbox = readers(settings(line.link))
    inbox.wait_state(ReaderState.OK)
    for _ in range(20):
        line.send(CARD_FRAME)
    inbox.wait(lambda: inbox.health[-1].frames == 20)
    assert inbox.taps == [CARD]
    assert (inbox.health[-1].bad_frames, inbox.health[-1].reopened) == (0, 0)


def test_two_cards_take_the_tap_back(line: PtyLine, readers: OpenReader) -> None:
    _, inbox = readers(settings(line.link))
    inbox.wait_state(ReaderState.OK)
    line.send(CARD_FRAME + OTHER_FRAME)
    inbox.wait(lambda: bool(inbox.problems))
    assert inbox.taps == [CARD]


def test_a_line_reader_with_its_own_form(line: PtyLine, readers: OpenReader) -> None:
    options = {"prefix": "UID=", "end": ";"}
    _, inbox = readers(
        settings(line.link, family="line", steps=("from-hex", "8H10D"), options=options)
    )
    inbox.wait_state(ReaderState.OK)
    line.send(b"UID=01026F6C3A;")
    inbox.wait_taps("0040856634")


def test_a_card_of_which_the_reader_says_that_it_left_taps_anew_however_long_it_is_held(
    line: PtyLine, readers: OpenReader
) -> None:
    promag = settings(line.link, family="promag-mf5-auto", hold_ms=10_000, same_card_delay_ms=0)
    _, inbox = readers(promag)
    inbox.wait_state(ReaderState.OK)
    line.send(b"\x02CB4540A2\r\x03" * 3 + b"\x1b")
    inbox.wait(lambda: inbox.health[-1].frames == 3)
    line.send(b"\x02CB4540A2\r\x03")
    inbox.wait_taps("A24045CB", "A24045CB")


def test_a_half_line_is_given_up_after_silence(line: PtyLine, readers: OpenReader) -> None:
    _, inbox = readers(settings(line.link, family="line"))
    inbox.wait_state(ReaderState.OK)
    line.send(b"00093")
    inbox.wait(lambda: inbox.health[-1].bad_frames == 1)
    line.send(b"34109\r0013961168\r")
    inbox.wait_taps("0013961168")


def test_a_line_that_was_going_on_at_the_open_is_no_card(line: PtyLine) -> None:
    class OpenedMidway(SerialReader):
        def _discard_input(self) -> None:
            line.send(b"00139")
            while not self._port.in_waiting:
                pass
            super()._discard_input()

    reader = OpenedMidway(settings(line.link, family="line"), settle_s=0)
    reader.open()
    line.send(b"61168\r0013961168\r")
    assert read_frames(reader, 2) == [BadFrame(Fault.TRUNCATED), Frame("0013961168")]
    reader.close()


def test_what_was_said_before_the_reader_was_ok_is_no_tap(
    line: PtyLine, readers: OpenReader
) -> None:
    line.send(OTHER_FRAME)
    _, inbox = readers(settings(line.link))
    inbox.wait_state(ReaderState.OK)
    line.send(CARD_FRAME)
    inbox.wait_taps(CARD)


def test_a_reader_that_comes_back_behind_the_same_link_works_at_once(
    line: PtyLine, readers: OpenReader
) -> None:
    _, inbox = readers(settings(line.link))
    inbox.wait_state(ReaderState.OK)
    line.unplug()
    inbox.wait_state(ReaderState.MISSING)
    states = [health.state for health in inbox.health]
    assert states == [*["opening", "ok", "lost", "missing"]]
    assert inbox.health[-1].detail == str(line.link)
    line.plug()
    assert inbox.wait_state(ReaderState.OK).reopened == 1
    line.send(CARD_FRAME)
    inbox.wait_taps(CARD)


@pytest.mark.slow
def test_a_card_held_while_the_reader_is_plugged_in_anew_is_one_tap(
    line: PtyLine,
) -> None:
    clock, inbox = SkippingClock(), Inbox()
    long_hold = settings(line.link, hold_ms=4000, same_card_delay_ms=0)
    reader = open_reader(long_hold, inbox.deliver, clock)
    inbox.wait_state(ReaderState.OK)
    line.send(CARD_FRAME)
    inbox.wait_taps(CARD)
    line.unplug()
    inbox.wait_state(ReaderState.MISSING)
    clock.skipped_s += 5
    line.plug()
    inbox.wait_state(ReaderState.OK)
    line.send(CARD_FRAME + OTHER_FRAME)
    inbox.wait(lambda: inbox.health[-1].frames == 3)
    assert reader.stop()
    assert inbox.taps == [CARD, OTHER_CARD]


def test_half_a_frame_before_the_unplugging_spoils_nothing_after_it(
    line: PtyLine, readers: OpenReader
) -> None:
    _, inbox = readers(settings(line.link))
    inbox.wait_state(ReaderState.OK)
    line.send(CARD_FRAME[:8])
    line.unplug()
    inbox.wait_state(ReaderState.LOST)
    line.plug()
    inbox.wait_state(ReaderState.OK)
    line.send(CARD_FRAME[8:] + OTHER_FRAME)
    inbox.wait_taps(OTHER_CARD)


def test_no_descriptor_is_left_behind_in_two_hundred_rounds(line: PtyLine) -> None:
    reader = SerialReader(settings(line.link), settle_s=0)
    reader.open()
    reader.close()
    before = open_descriptors()
    for _ in range(200):
        reader.open()
        line.unplug()
        with pytest.raises(ReaderError) as error_info:
            reader.read()
        assert error_state(error_info.value)[0] is ReaderState.LOST
        reader.close()
        with pytest.raises(ReaderError) as missing:
            reader.open()
        assert error_state(missing.value)[0] is ReaderState.MISSING
        reader.close()
        line.plug()
    assert open_descriptors() == before


def test_a_reader_that_speaks_at_another_speed_is_garbled_and_taps_nothing(
    line: PtyLine, readers: OpenReader
) -> None:
    _, inbox = readers(settings(line.link))
    inbox.wait_state(ReaderState.OK)
    line.send(b"\xf8\x80\x00\xf8\x78" * 30)
    inbox.wait_state(ReaderState.GARBLED)
    assert inbox.taps == []
    line.send(CARD_FRAME * 8)
    inbox.wait_state(ReaderState.OK)
    assert inbox.taps == [CARD]


def test_a_path_that_is_not_there_is_missing(tmp_path: Path, readers: OpenReader) -> None:
    _, inbox = readers(settings(tmp_path / "nothing"))
    assert inbox.wait_state(ReaderState.MISSING).detail == str(tmp_path / "nothing")


def test_a_path_that_is_no_terminal_is_faulty(tmp_path: Path, readers: OpenReader) -> None:
    (tmp_path / "file").touch()
    _, inbox = readers(settings(tmp_path / "file"))
    inbox.wait_state(ReaderState.FAULTY)


def test_a_line_in_use_is_busy_and_names_its_holder(line: PtyLine, readers: OpenReader) -> None:
    first, inbox = readers(settings(line.link))
    inbox.wait_state(ReaderState.OK)
    _, second = readers(settings(line.link, name="second"))
    assert f"({os.getpid()})" in second.wait_state(ReaderState.BUSY).detail
    first.stop()
    second.wait_state(ReaderState.OK)


def test_a_terminal_that_is_hung_up_under_the_reader_is_opened_anew(
    line: PtyLine, readers: OpenReader
) -> None:
    _, inbox = readers(settings(line.link))
    inbox.wait_state(ReaderState.OK)
    slave = os.open(line.device, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.ioctl(slave, TIOCVHANGUP)
    except PermissionError:
        pytest.skip("only root may hang up a terminal")
    finally:
        os.close(slave)
    inbox.wait(lambda: inbox.health[-1].reopened == 1)
    assert ReaderState.LOST in [health.state for health in inbox.health]
    line.send(CARD_FRAME)
    inbox.wait_taps(CARD)


@contextmanager
def without_permission(device: Path) -> Iterator[None]:
    """Remove this process's permission to open the device."""
    if os.geteuid():
        device.chmod(0)
        yield
        device.chmod(0o600)
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_line_without_permission_is_denied(line: PtyLine) -> None:
    reader = SerialReader(settings(line.device))
    with without_permission(line.device), pytest.raises(ReaderError) as error_info:
        reader.open()
    assert error_state(error_info.value) == (ReaderState.DENIED, str(line.device))


OPENINGS = {
    "no number, on a path": ("/dev/x", TypeError(), ReaderState.FAULTY),
    "no number, on a network": ("socket://x:1", serial.SerialException("x"), ReaderState.MISSING),
    "gone while it was opened": ("/dev/x", termios.error(errno.EIO, "x"), ReaderState.MISSING),
    "held by somebody invisible": ("/dev/x", OSError(errno.EBUSY, "x"), ReaderState.BUSY),
}


@pytest.mark.parametrize(("port", "error", "state"), OPENINGS.values(), ids=OPENINGS.keys())
def test_an_error_of_opening_names_the_port(
    port: str, error: Exception, state: ReaderState
) -> None:
    assert error_state(opening_error("x", port, error)) == (state, port)


@pytest.mark.slow
def test_a_line_over_the_network_is_lost_with_its_peer_and_found_again(
    readers: OpenReader,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        _, inbox = readers(settings(f"socket://127.0.0.1:{server.getsockname()[1]}"))
        for card, frame in ((CARD, CARD_FRAME), (OTHER_CARD, OTHER_FRAME)):
            with server.accept()[0] as peer:
                inbox.wait_state(ReaderState.OK)
                peer.sendall(frame)
                inbox.wait(lambda card=card: card in inbox.taps)  # type: ignore[misc]
            inbox.wait_state(ReaderState.LOST)


def test_the_kernel_asks_a_silent_far_end_often_enough_to_lose_it_within_a_minute() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        reader = SerialReader(settings(f"socket://127.0.0.1:{server.getsockname()[1]}"))
        reader.open()
        line = reader._port._socket
        options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        after_s, every_s, probes = (
            line.getsockopt(socket.IPPROTO_TCP, option) for option in options
        )
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        unheard_ms = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        assert after_s + every_s * probes == unheard_ms / 1000 <= 50
        reader.close()


@pytest.mark.slow
@pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("ip"), reason="ONLY ROOT with ip can cut a bridge's power"
)
def test_a_bridge_that_loses_its_power_is_lost_and_opened_again() -> None:
    run = subprocess.run(
        ["unshare", "--net", sys.executable, "-m", "tests.fakes.devices.bridge"],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    output_lines = [f"tapped: {CARD}", "without power: lost", f"tapped: {OTHER_CARD}"]
    assert (run.stdout.splitlines(), run.stderr) == (output_lines, "")


@pytest.mark.parametrize("first", [b"", b"961168\r"], ids=["silence", "end"])
def test_a_line_over_the_network_begins_with_its_first_end_or_silence(first: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f"socket://127.0.0.1:{server.getsockname()[1]}"
        reader = SerialReader(settings(port, family="line"))
        reader.open()
        with server.accept()[0] as peer:
            peer.sendall(first)
            first_frames = read_frames(reader) if first else reader.read()
            assert first_frames == [BadFrame(Fault.TRUNCATED)] * bool(first)
            peer.sendall(b"0013961168\r")
            assert read_frames(reader) == [Frame("0013961168")]
        reader.close()


def test_dtr_and_rts_are_passed_on_before_the_open(line: PtyLine) -> None:
    reader = SerialReader(settings(line.link, dtr=False, rts=True, baud=2400))
    port = reader._configured_port()
    assert (port.dtr, port.rts, port.baudrate, port.is_open) == (False, True, 2400, False)
    assert port.port == str(line.device)


def test_a_read_that_waits_returns_at_once_when_it_is_interrupted(line: PtyLine) -> None:
    reader = SerialReader(settings(line.link))
    reader.interrupt()
    reader.open()
    waiting = Thread(target=reader.read)
    waiting.start()
    reader.interrupt()
    waiting.join(PATIENCE_S)
    assert not waiting.is_alive()
    reader.close()
    reader.close()
