"""The family `line` and its options, against examples and laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.readers.frames.streams import decode_all, pieces, splits

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, Options
from taptill.readers.frames.families import find_family
from taptill.readers.frames.line import LineDecoder, line_format


def line(**options: str | int | bool) -> LineDecoder:
    return LineDecoder(line_format(options))


def framed_line() -> LineDecoder:
    return line(prefix="\x02", end="\x03")


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


@pytest.mark.parametrize(("options", "octets", "expected_frames"), LINES.values(), ids=LINES.keys())
def test_line_form(options: Options, octets: bytes, expected_frames: list[AnyFrame]) -> None:
    for split in splits(octets):
        assert decode_all(line(**options), *split) == expected_frames


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
    with pytest.raises(ValueError, match="takes min_length only: end"):
        find_family("wiegand-bits").decoder({"end": "x"})
    with pytest.raises(ValueError, match="nearest is 'rdm6300'"):
        find_family("RDM-6300")


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


@given(
    st.from_regex(r" {0,2}[ -~]{1,70}", fullmatch=True),
    st.sets(st.integers(0, 72)),
)
def test_a_line_cut_by_silences_is_the_whole_line_or_none(text: str, cuts: set[int]) -> None:
    decoder = line()
    for piece in pieces(f"{text}\r\n".encode(), [cut for cut in cuts if cut <= len(text) + 2]):
        frames = [frame for frame in decode_all(decoder, piece) if isinstance(frame, Frame)]
        assert frames in ([], [Frame(text.strip())])
    assert decode_all(decoder, b"0009334109\r") == [Frame("0009334109")]


def test_each_part_of_a_cut_line_is_told_and_its_end_begins_anew() -> None:
    decoder = line()
    assert decode_all(decoder, b"0013") == [BadFrame(Fault.TRUNCATED)]
    assert decoder.idle() == []
    assert decode_all(decoder, b"961") == [BadFrame(Fault.TRUNCATED)]
    assert decode_all(decoder, b"168\r0013961168\r") == [
        BadFrame(Fault.TRUNCATED),
        Frame("0013961168"),
    ]


def test_the_rest_of_a_line_that_is_too_long_is_none_after_a_silence() -> None:
    decoder = line(max_length=4)
    assert decode_all(decoder, b"12345") == [BadFrame(Fault.OVERFLOW)]
    assert decode_all(decoder, b"6789\r6789\r") == [BadFrame(Fault.TRUNCATED), Frame("6789")]


def test_where_silence_ends_a_line_the_burst_after_a_refused_one_is_refused() -> None:
    decoder = line(idle_accepts=True, min_length=5)
    assert decode_all(decoder, b"0009") == [BadFrame(Fault.TRUNCATED)]
    assert decode_all(decoder, b"334109") == [BadFrame(Fault.TRUNCATED)]
    assert decode_all(decoder, b"0009334109") == [Frame("0009334109")]


@given(st.binary(max_size=200))
def test_junk_that_has_ended_never_spoils_the_next_line(junk: bytes) -> None:
    assert line().feed(junk + b"\r0009334109\r")[-1] == Frame("0009334109")
