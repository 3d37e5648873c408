"""The driver `keyboard`, with evdev over a pair of sockets, and with a kernel device."""

import errno
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from tests.fakes.devices.keyboard import ENTER, TAB, FakeInputDevice, input_devices, keystrokes_of
from tests.project.sources import ROOT
from tests.readers.conftest import OpenReader
from tests.readers.lines import open_descriptors, read_frames

from taptill.domain.errors import ReaderError
from taptill.domain.tap import ReaderState
from taptill.readers.device import ReaderSettings, error_state
from taptill.readers.drivers.input_devices import (
    Keyboard,
    is_port,
    keyboard_identity,
    keyboards,
    nodes_for_port,
)
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame
from taptill.readers.frames.keystrokes import SILENCE_S, KeyEvent
from taptill.readers.registry import settings_problems

NOT_RUN = "tests of the keyboard driver did NOT run:"
# The package is compiled and may be missing.
driver: Any = pytest.importorskip(
    "taptill.readers.drivers.keyboard", reason=f"{NOT_RUN} no evdev: make readers"
)


@pytest.fixture
def wedge(tmp_path: Path) -> Iterator[FakeInputDevice]:
    """Return a reader whose device is plugged in."""
    (tmp_path / "input").mkdir()
    wedge = FakeInputDevice(tmp_path / "input" / "event-kbd")
    wedge.plug()
    yield wedge
    wedge.unplug()
    wedge.close()


def settings(port: Path | str) -> ReaderSettings:
    return ReaderSettings("counter", "keyboard", str(port))


@pytest.fixture
def reader(wedge: FakeInputDevice) -> Iterator[Any]:
    reader = driver.KeyboardReader(settings(wedge.link), wedge.open_node)
    yield reader
    reader.close()


def test_a_grabbed_reader_types_cards(wedge: FakeInputDevice, reader: Any) -> None:
    reader.open()
    assert wedge.grabs == 1
    wedge.send(keystrokes_of("0013961168"))
    wedge.send(keystrokes_of("0009177233", at_s=1.4))
    assert read_frames(reader, 2) == [Frame("0013961168"), Frame("0009177233")]
    reader.close()
    assert wedge.grabs == 0


def test_keys_that_the_kernel_had_no_room_for_spoil_the_card(
    wedge: FakeInputDevice, reader: Any
) -> None:
    reader.open()
    keys = keystrokes_of("0013961168")
    wedge.send(keys[:8])
    wedge.overrun(at_s=1.05)
    wedge.send(keys[8:])
    assert read_frames(reader) == [BadFrame(Fault.OVERFLOW)]


def test_half_a_card_is_given_up_after_a_silence(wedge: FakeInputDevice, reader: Any) -> None:
    reader.open()
    wedge.send(keystrokes_of("0013961168")[:8])
    assert read_frames(reader) == [BadFrame(Fault.TRUNCATED)]


def test_the_rest_of_it_is_no_card(wedge: FakeInputDevice, reader: Any) -> None:
    reader.open()
    keys = keystrokes_of("0013961168")
    wedge.send(keys[:8])
    assert read_frames(reader) == [BadFrame(Fault.TRUNCATED)]
    wedge.send([key._replace(at_s=key.at_s + 1) for key in keys[8:]])
    wedge.send(keystrokes_of("0009177233", at_s=4.0))
    assert read_frames(reader, 2) == [BadFrame(Fault.TRUNCATED), Frame("0009177233")]


OPENED_IN = {
    "mid-card": (keystrokes_of("00139")[:-2], [BadFrame(Fault.TRUNCATED)]),
    "the last keys of one": (keystrokes_of("00139"), [Frame("61168")]),
}


@pytest.mark.parametrize(("typing", "frames"), OPENED_IN.values(), ids=OPENED_IN)
def test_the_rest_of_what_was_being_typed_at_opening_is_no_card(
    typing: list[KeyEvent], frames: list[AnyFrame], wedge: FakeInputDevice
) -> None:
    def open_device(node: str) -> FakeInputDevice:
        wedge.open_node(node).send(typing)
        return wedge

    with closing(driver.KeyboardReader(settings(wedge.link), open_device)) as reader:
        reader.open()
        wedge.send(keystrokes_of("61168", at_s=2.0))
        assert read_frames(reader) == frames


def test_what_a_tab_ends_is_a_card_once_nothing_follows(
    wedge: FakeInputDevice, reader: Any
) -> None:
    reader.open()
    wedge.send(keystrokes_of("0013961168", end=TAB))
    assert read_frames(reader) == [Frame("0013961168")]


def test_what_a_tab_ends_is_not_taken_when_the_till_ends(
    wedge: FakeInputDevice, reader: Any
) -> None:
    """More keys might have followed."""
    reader.open()
    wedge.send(keystrokes_of("0013961168", end=TAB))
    while reader._decoder._text != "0013961168\t":
        assert reader.read() == []
    reader.interrupt()
    assert reader.read() == []


OPENED_ALONE = """
import sys
from pathlib import Path
from tests.fakes.devices.keyboard import FakeInputDevice
from taptill.readers.device import ReaderSettings
from taptill.readers.drivers.keyboard import KeyboardReader
wedge = FakeInputDevice(Path(sys.argv[1]))
KeyboardReader(ReaderSettings("counter", "keyboard", sys.argv[1]), wedge.open_node).open()
"""


def test_times_are_asked_of_a_clock_that_nobody_sets(wedge: FakeInputDevice) -> None:
    """A pair of sockets refuses the clock, as an old kernel would; the device is read anyway."""
    if not (strace := shutil.which("strace")):
        pytest.skip(f"{NOT_RUN} which clock it asks for: no strace")
    words = (strace, "-e", "trace=ioctl", sys.executable, "-c", OPENED_ALONE, str(wedge.link))
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert re.search(r"ioctl\(\d+, EVIOCSCLOCKID, \[1\]\) += -1 ENOTTY", run.stderr), run.stderr
    assert run.returncode == 0


def test_a_reader_that_is_pulled_out_in_mid_card_is_lost(
    wedge: FakeInputDevice, reader: Any
) -> None:
    reader.open()
    wedge.send(keystrokes_of("0013961168")[:8])
    wedge.unplug()
    with pytest.raises(ReaderError) as error_info:
        read_frames(reader, 2)
    assert error_state(error_info.value) == (ReaderState.LOST, str(wedge.link))
    reader.close()


def failing(number: int) -> Callable[[str], Any]:
    def open_device(_: str) -> Any:
        raise OSError(number, os.strerror(number))

    return open_device


OPENING = {
    "not there": (errno.ENOENT, ReaderState.MISSING),
    "gone meanwhile": (errno.ENODEV, ReaderState.MISSING),
    "not allowed": (errno.EACCES, ReaderState.DENIED),
}


@pytest.mark.parametrize(("number", "state"), OPENING.values(), ids=OPENING)
def test_trouble_at_opening_has_a_name(
    number: int, state: ReaderState, wedge: FakeInputDevice
) -> None:
    reader = driver.KeyboardReader(settings(wedge.link), failing(number))
    with pytest.raises(ReaderError) as reader_error:
        reader.open()
    reader.close()
    assert error_state(reader_error.value)[0] is state


def test_one_that_another_program_has_grabbed_is_busy(wedge: FakeInputDevice, reader: Any) -> None:
    wedge.is_grabbed_by_another = True
    with pytest.raises(ReaderError) as reader_error:
        reader.open()
    assert error_state(reader_error.value)[0] is ReaderState.BUSY


@pytest.mark.slow
def test_the_link_is_followed_anew_and_nothing_is_left_open(
    wedge: FakeInputDevice, reader: Any
) -> None:
    before = open_descriptors()
    for _ in range(20):
        reader.open()
        wedge.send(keystrokes_of("0013961168"))
        assert read_frames(reader) == [Frame("0013961168")]
        wedge.unplug()
        with pytest.raises(ReaderError):
            read_frames(reader)
        reader.close()
        with pytest.raises(ReaderError):
            reader.open()
        reader.close()
        wedge.plug()
    assert open_descriptors() == before


def waited_s(wedge: FakeInputDevice) -> float:
    """Return how long a read takes that is interrupted soon after it has begun."""
    with closing(driver.KeyboardReader(settings(wedge.link), wedge.open_node)) as reader:
        reader.open()
        waking = Timer(0.01, reader.interrupt)
        waking.start()
        began_s = time.monotonic()
        assert reader.read() == []
        took_s = time.monotonic() - began_s
        waking.join()
        assert reader.read() == []
    return took_s


def test_a_wait_is_cut_short(wedge: FakeInputDevice) -> None:
    """A busy machine does not always cut a line; without a cut there is never a wrong number."""
    assert any(waited_s(wedge) < SILENCE_S for _ in range(20))


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Return a folder like the kernel's list of input devices."""
    input_devices(tmp_path)
    return tmp_path


def test_only_what_types_digits_and_enter_is_a_keyboard(inputs: Path) -> None:
    assert list(keyboards(inputs))[:1] == [Keyboard("/dev/input/event0", "413d:2107", "KKMOON", 3)]
    assert [keyboard.numbers for keyboard in keyboards(inputs)] == [
        "413d:2107",
        "ffff:0035",
        "ffff:0035",
    ]


def test_a_port_by_numbers_finds_its_nodes(inputs: Path) -> None:
    assert nodes_for_port("413D:2107", inputs) == ["/dev/input/event0"]
    assert nodes_for_port("413d:2107:KKMOON", inputs) == ["/dev/input/event0"]
    assert nodes_for_port("413d:2107:other", inputs) == []
    assert len(nodes_for_port("ffff:0035", inputs)) == 2
    assert nodes_for_port("/dev/input/event9", inputs) == ["/dev/input/event9"]
    assert not keyboard_identity("413d:2107", inputs)


@pytest.mark.parametrize(
    ("port", "fits"),
    [("/dev/input/event3", True), ("413d:2107", True), ("413d:2107:A b", True), ("event3", False)],
)
def test_a_port_is_a_path_or_numbers(port: str, *, fits: bool) -> None:
    assert is_port(port) == fits


def test_settings_are_checked_before_the_reader_is_opened() -> None:
    assert settings_problems(settings("413d:2107")) == []
    assert settings_problems(settings("")) == ["port: the driver 'keyboard' needs one"]
    assert settings_problems(settings("event3")) == [
        "port: 'event3' is neither a path nor VID:PID, 413d:2107 for example"
    ]
    odd = ReaderSettings("counter", "keyboard", "413d:2107", options={"prefix": "x"})
    assert settings_problems(odd) == ["options: the driver 'keyboard' takes none: prefix"]


def uinput() -> Any:
    """Create a device in the kernel, or skip the test and say what is missing."""
    from evdev import UInput, UInputError  # noqa: PLC0415 - compiled, may be missing

    try:
        return UInput(name="taptill test reader")
    except (UInputError, OSError) as fault:
        pytest.skip(f"{NOT_RUN} on a real kernel device, /dev/uinput: {type(fault).__name__}")


def test_a_device_of_the_kernel_is_grabbed_and_read(readers: OpenReader) -> None:
    with uinput() as device:
        _, inbox = readers(settings(device.device.path))
        inbox.wait_state(ReaderState.OK)
        for event in keystrokes_of("0013961168", end=ENTER):
            device.write(1, event.code, event.state)
            device.syn()
        inbox.wait_taps("0013961168")
    inbox.wait_state(ReaderState.LOST)
