"""The driver `typed`: whole lines are good frames, all other lines bad ones."""

import threading

import pytest

from taptill.domain.card_id import CARD_ID_LENGTH_MAX
from taptill.readers.device import ReaderSettings
from taptill.readers.drivers.typed import LINES_MAX, TypedReader
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame
from taptill.readers.registry import settings_problems


def opened() -> TypedReader:
    reader = TypedReader(ReaderSettings("reader 1", "typed"))
    reader.open()
    return reader


LINES = {
    "a number": ("0004786302", Frame("0004786302")),
    "blanks around it": (" 62E3086CED ", Frame("62E3086CED")),
    "the longest number": ("1" * CARD_ID_LENGTH_MAX, Frame("1" * CARD_ID_LENGTH_MAX)),
    "a longer one": ("1" * (CARD_ID_LENGTH_MAX + 1), BadFrame(Fault.OVERFLOW)),
    "a key of no text in it": ("62E\x003086", BadFrame(Fault.BAD_CHAR)),
    "nothing": ("  ", BadFrame(Fault.TRUNCATED)),
}


@pytest.mark.parametrize(("line", "frame"), LINES.values(), ids=LINES)
def test_a_line_is_a_frame(line: str, frame: AnyFrame) -> None:
    reader = opened()
    reader.type_line(line)
    assert reader.read() == [frame]


def test_lines_wait_in_order_and_the_oldest_go() -> None:
    reader = opened()
    for number in range(LINES_MAX + 2):
        reader.type_line(f"{number:03}")
    assert reader.read() == [Frame(f"{number:03}") for number in range(2, LINES_MAX + 2)]


def test_what_was_typed_before_it_was_opened_is_no_tap() -> None:
    reader = TypedReader(ReaderSettings("reader 1", "typed"))
    reader.type_line("123")
    reader.open()
    reader.interrupt()
    assert reader.read() == []


def test_a_line_and_an_interrupt_wake_the_thread_that_waits() -> None:
    reader = opened()
    frames: list[AnyFrame] = []
    thread = threading.Thread(target=lambda: frames.extend(reader.read()))
    thread.start()
    reader.type_line("123")
    thread.join(5.0)
    assert frames == [Frame("123")]
    reader.interrupt()
    assert reader.read() == []


def test_a_port_and_options_are_mistakes() -> None:
    wrong = ReaderSettings("reader 1", "typed", port="/dev/tty1", options={"end": "\r"})
    assert settings_problems(wrong) == [
        "port: the driver 'typed' has none: /dev/tty1",
        "options: the driver 'typed' takes none: end",
    ]
    assert (
        settings_problems(ReaderSettings("reader 1", "typed", steps=("text", "length 10 10"))) == []
    )
