"""Every family's decoder against its vectors and its laws."""

from collections.abc import Callable
from functools import reduce
from itertools import pairwise
from operator import xor
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.readers.vectors import Vector, vectors

from taptill.readers.frames import AnyFrame, BadFrame, Decoder, Fault, Frame, Options
from taptill.readers.frames.families import FAMILIES, find_family
from taptill.readers.frames.line import LineDecoder, line_form
from taptill.readers.frames.rdm6300 import Rdm6300Decoder

CARD = b"\x0262E3086CED08\x03"
OTHER_CARD = b"\x023C00CE754CCB\x03"


def line(**options: str | int | bool) -> LineDecoder:
    return LineDecoder(line_form(options))


def framed_line() -> LineDecoder:
    return line(prefix="\x02", end="\x03")


DECODERS: dict[str, Callable[[], Decoder]] = {
    "rdm6300": Rdm6300Decoder,
    "line": line,
    "line between STX and ETX": framed_line,
    "line ended by silence": lambda: line(idle_accepts=True, prefix="ID", suffix="!"),
}


def decoded(decoder: Decoder, *pieces: bytes) -> list[AnyFrame]:
    """Feed the pieces, then let the line fall silent."""
    return [frame for piece in pieces for frame in decoder.feed(piece)] + decoder.idle()


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    return [data[a:b] for a, b in pairwise([0, *sorted(cuts), len(data)])]


def ids(frames: list[AnyFrame]) -> tuple[str, ...]:
    return tuple(frame.raw for frame in frames if isinstance(frame, Frame))


def faults(frames: list[AnyFrame]) -> list[str]:
    return [frame.fault.value for frame in frames if isinstance(frame, BadFrame)]


def splits(data: bytes) -> list[list[bytes]]:
    """Give the data whole, byte by byte, and cut at random in 25 ways."""
    random = Random(len(data))
    cut = [
        pieces(data, random.choices(range(len(data)), k=random.randint(1, 6))) for _ in range(25)
    ]
    return [[data], [bytes([octet]) for octet in data], *cut]


@pytest.mark.parametrize("family", ["rdm6300", "line"])
def test_the_vector_file_serves_every_family(family: str) -> None:
    assert vectors(family)
    assert family in FAMILIES


@pytest.mark.parametrize("vector", vectors("rdm6300"))
def test_rdm6300(vector: Vector) -> None:
    for split in splits(vector.octets):
        frames = decoded(Rdm6300Decoder(), *split)
        assert ids(frames) == vector.expected_ids
        assert faults(frames) == ([vector.error] if vector.error else [])


@pytest.mark.parametrize("vector", vectors("line"))
def test_line(vector: Vector) -> None:
    for split in splits(vector.octets):
        frames = decoded(line(), *split)
        assert ids(frames) == vector.expected_ids
        assert faults(frames) == ([vector.error] if vector.error else [])


LINES: dict[str, tuple[Options, bytes, list[AnyFrame]]] = {
    "a fixed length catches a split line": (
        {"min_length": 10},
        b"000933\r4109\r\n",
        [BadFrame(Fault.TRUNCATED), BadFrame(Fault.TRUNCATED)],
    ),
    "silence may end a line": ({"idle_accepts": True}, b"0009334109", [Frame("0009334109")]),
    "prefix and suffix are taken off": (
        {"prefix": "UID:", "suffix": "#"},
        b"UID:A1B2#\r\n",
        [Frame("A1B2")],
    ),
    "a line without its prefix is no id": (
        {"prefix": "UID:"},
        b"ready\rUID:A1\r",
        [BadFrame(Fault.FRAMING), Frame("A1")],
    ),
    "a printable prefix may occur in the id": ({"prefix": "A"}, b"A1A2\r", [Frame("1A2")]),
    "a control character as prefix restarts the line": (
        {"prefix": "\x02", "end": "\x03"},
        b"\x0212\x0234\x03",
        [BadFrame(Fault.TRUNCATED), Frame("34")],
    ),
    "an STX noticed while overflowing restarts the line": (
        {"prefix": "\x02", "end": "\x03", "max_length": 4},
        b"\x02123456789\x0234\x03",
        [BadFrame(Fault.OVERFLOW), Frame("34")],
    ),
    "the first group of the regex is the id": (
        {"regex": r"card=([0-9A-F]+);.*"},
        b"card=A1B2;ok\rcard=;\r",
        [Frame("A1B2"), BadFrame(Fault.FRAMING)],
    ),
    "a regex without a group takes the whole line": (
        {"regex": "[0-9]+"},
        b"12\r1x\r",
        [Frame("12"), BadFrame(Fault.FRAMING)],
    ),
    "an optional group that is not there is no id": (
        {"regex": "no(card)?"},
        b"no\r",
        [BadFrame(Fault.FRAMING)],
    ),
    "the maximum holds when the line comes in one read": (
        {"max_length": 4},
        b"12345\r1234\r",
        [BadFrame(Fault.OVERFLOW), Frame("1234")],
    ),
    "the maximum holds for what prefix and suffix leave": (
        {"max_length": 4, "suffix": "##"},
        b"12345#\r12345##\r",
        [BadFrame(Fault.FRAMING), BadFrame(Fault.OVERFLOW)],
    ),
    "one overflow is reported once": ({"max_length": 4}, b"1" * 500, [BadFrame(Fault.OVERFLOW)]),
    "blanks around a line and blank lines mean nothing": (
        {},
        b"  \r  12 34 \r\r",
        [Frame("12 34")],
    ),
}


@pytest.mark.parametrize(("options", "octets", "expected"), LINES.values(), ids=LINES.keys())
def test_line_form(options: Options, octets: bytes, expected: list[AnyFrame]) -> None:
    for split in splits(octets):
        assert decoded(line(**options), *split) == expected


WRONG_OPTIONS: dict[str, tuple[Options, str]] = {
    "a misspelt key": ({"preffix": "x"}, "nearest is 'prefix'"),
    "a wrong type": ({"max_length": "10"}, "max_length: expected int"),
    "a truth value is no number": ({"min_length": True}, "min_length: expected int"),
    "no end at all": ({"end": ""}, "end: needs"),
    "lengths upside down": ({"min_length": 9, "max_length": 8}, "min_length <= max_length"),
    "longer than any card id": ({"max_length": 129}, "<= 128"),
    "a broken regex": ({"regex": "("}, "regex: "),
    "an end outside ASCII": ({"end": "\N{SECTION SIGN}"}, "ASCII"),
}


@pytest.mark.parametrize(("options", "sentence"), WRONG_OPTIONS.values(), ids=WRONG_OPTIONS.keys())
def test_wrong_options_of_a_line_are_named(options: Options, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        find_family("line").decoder(options)


def test_a_family_without_options_says_so_and_an_unknown_one_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="takes no options: end"):
        find_family("rdm6300").decoder({"end": "x"})
    with pytest.raises(ValueError, match="nearest is 'rdm6300'"):
        find_family("RDM-6300")


def test_a_short_frame_that_is_ended_is_told_once() -> None:
    assert decoded(Rdm6300Decoder(), b"\x0262E3\x03" + CARD) == [
        BadFrame(Fault.TRUNCATED),
        Frame("62E3086CED"),
    ]


def test_noise_without_a_frame_is_told_and_the_tail_of_a_frame_is_not() -> None:
    assert faults(decoded(Rdm6300Decoder(), bytes(range(0x80, 0xFF)))) == ["framing"] * 4
    held = CARD[3:] + CARD * 50
    assert faults(decoded(Rdm6300Decoder(), held)) == []


@given(st.sampled_from(sorted(DECODERS)), st.binary(max_size=200), st.data())
def test_any_split_of_any_bytes_gives_the_same_frames(
    name: str, data: bytes, draw: st.DataObject
) -> None:
    cuts = draw.draw(st.lists(st.integers(0, len(data)), max_size=8))
    make = DECODERS[name]
    assert decoded(make(), *pieces(data, cuts)) == decoded(make(), data)


@given(st.lists(st.tuples(st.binary(max_size=60), st.binary(min_size=5, max_size=5)), max_size=6))
def test_junk_never_swallows_the_next_rdm6300_frame(parts: list[tuple[bytes, bytes]]) -> None:
    decoder = Rdm6300Decoder()
    for junk, card in parts:
        checked = card + bytes([reduce(xor, card)])
        frame = b"\x02" + checked.hex().encode("ascii") + b"\x03"
        frames = decoder.feed(junk + frame)
        assert frames
        assert frames[-1] == Frame(card.hex().upper())


@given(
    st.lists(st.tuples(st.binary(max_size=200), st.from_regex(r"[0-9A-F]{1,20}", fullmatch=True)))
)
def test_junk_never_swallows_the_next_line_that_has_a_start(
    parts: list[tuple[bytes, str]],
) -> None:
    decoder = framed_line()
    for junk, card in parts:
        frames = decoder.feed(junk + b"\x02" + card.encode("ascii") + b"\x03")
        assert frames
        assert frames[-1] == Frame(card)


@given(st.binary(max_size=200))
def test_junk_that_has_ended_never_spoils_the_next_line(junk: bytes) -> None:
    assert line().feed(junk + b"\r0009334109\r")[-1] == Frame("0009334109")


@given(st.binary(max_size=600))
def test_pending_bytes_are_bounded(data: bytes) -> None:
    chip, text = Rdm6300Decoder(), line(max_length=64)
    for octet in data.replace(b"\r", b"\n7").replace(b"\n", b"7"):
        chip.feed(bytes([octet]))
        text.feed(bytes([octet]))
        assert len(chip._digits or b"") <= 12
        assert len(text._line) <= 64
    assert chip._noise < 28


@given(st.sampled_from(sorted(DECODERS)), st.binary(max_size=60))
def test_after_silence_a_decoder_is_as_new_for_the_next_frame(name: str, junk: bytes) -> None:
    decoder = DECODERS[name]()
    decoded(decoder, junk)
    assert decoder.idle() == []
