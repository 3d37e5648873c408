"""What terminals send, key by key, and invariants for any bytes in any pieces."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taptill.ui.keys.decoder import (
    BESIDE_MAX,
    CSI_MAX,
    PENDING_S,
    STRING_MAX,
    Dropped,
    Junk,
    Press,
    TerminalKeyDecoder,
)
from taptill.ui.keys.names import KEYPAD, PadKey

LONG_S = 1.0


def read(*pieces: bytes, console: bool = False) -> list[str]:
    """Return the names of the keys in these pieces, and `!` with the kind of what was dropped."""
    decoder = TerminalKeyDecoder(console=console)
    items = [item for piece in pieces for item in decoder.feed(piece, 0.0)]
    items += decoder.idle(LONG_S)
    return [item.name if isinstance(item, Press) else f"!{item.junk}" for item in items]


KEYS = {
    "digits, signs and letters are themselves": (b"4.2,+/*cA-", list("4.2,+/*cA-")),
    "the two line ends are Enter": (b"\r\n", ["enter", "enter"]),
    "both backspaces": (b"\x7f\x08", ["backspace", "backspace"]),
    "control keys": (b"\x11\x03\t", ["ctrl+q", "ctrl+c", "tab"]),
    "UTF-8": ("é€😀".encode(), ["é", "€", "😀"]),
    "Escape alone": (b"\x1b", ["escape"]),
    "Escape, then Enter": (b"\x1b\r", ["escape", "enter"]),
    "Escape, then a digit": (b"\x1b4", ["escape", "4"]),
    "Escape, then a letter of two bytes": ("\x1bé".encode(), ["escape", "é"]),
    "Escape twice": (b"\x1b\x1b", ["escape", "escape"]),
    "Escape, then a sequence": (b"\x1b\x1b[19~", ["escape", "f8"]),
    "Escape, then a byte that is none": (b"\x1b\xff4", ["escape", "!byte", "4"]),
    "Escape, then what begins a sequence": (b"\x1b[", ["escape", "["]),
    "Escape, bracket, Enter": (b"\x1b[\r", ["escape", "[", "enter"]),
    "Escape, O, Enter": (b"\x1bO\r", ["escape", "O", "enter"]),
    "Escape, then the demo's unknown card": (b"\x1bX", ["escape", "X"]),
    "Escape, then P and a card": (b"\x1bPA", ["escape", "P", "A"]),
    "F1 to F5 of the xterm family": (b"\x1bOP\x1bOQ\x1b[15~", ["f1", "f2", "f5"]),
    "F1 and F5 of the Linux console": (b"\x1b[[A\x1b[[E", ["f1", "f5"]),
    "F8 everywhere": (b"\x1b[19~", ["f8"]),
    "F8 with ctrl is another key": (b"\x1b[19;5~", ["ctrl+f8"]),
    "cursor keys": (b"\x1b[A\x1bOD\x1b[2~", ["up", "left", "insert"]),
    "keypad 5 of the console without Num Lock": (b"\x1b[G", ["begin"]),
    "keypad of the xterm family": (b"\x1bOt\x1bOn\x1bOk\x1bOj\x1bOm\x1bOM", [*"4.+*-", "enter"]),
    "kitty: Escape, Enter, keypad minus": (
        b"\x1b[27u\x1b[13u\x1b[57412u",
        ["escape", "enter", "-"],
    ),
    "kitty: keypad without Num Lock": (b"\x1b[57417u\x1b[57425u", ["4", "0"]),
    "kitty: keypad with Num Lock and text": (b"\x1b[57403;129;52u", ["4"]),
    "kitty: Enter with a lock on": (b"\x1b[13;65u", ["enter"]),
    "kitty: ctrl+q, ctrl let go and pressed, ctrl+q": (
        b"\x1b[113;5u\x1b[57442;1:3u\x1b[57442;5u\x1b[113;5u",
        ["ctrl+q", "ctrl+q"],
    ),
    "kitty: a key let go is no key": (b"\x1b[13;1:3u\x1b[97;1:3u", []),
    "kitty: a key that repeats is one": (b"\x1b[97;1:2u", ["a"]),
    "kitty: text": (b"\x1b[97;2;65u\x1b[52;;52u\x1b[97:65;2u\x1b[97;2u", ["A", "4", "A", "A"]),
    "kitty: alt+Enter is no Enter": (b"\x1b[13;3u", ["alt+enter"]),
    "kitty: no such character": (b"\x1b[9999999u4", ["!sequence", "4"]),
    "xterm's modifyOtherKeys": (b"\x1b[27;5;113~", ["ctrl+q"]),
    "device attributes": (b"\x1b[?6c4", ["!sequence", "4"]),
    "device status": (b"\x1b[0n\x1b[?1;2c", ["!sequence", "!sequence"]),
    "cursor position": (b"\x1b[24;80R", ["!sequence"]),
    "mode report": (b"\x1b[?2026;2$y", ["!sequence"]),
    "focus and pasting": (
        b"\x1b[I\x1b[O\x1b[200~x\x1b[201~",
        ["!sequence"] * 3 + ["x", "!sequence"],
    ),
    "mouse": (b"\x1b[<0;4;20M4", ["!sequence", "4"]),
    "a colour": (b"\x1b]11;rgb:0000/0000/0000\x1b\\4", ["!sequence", "4"]),
    "a colour, ended by BEL": (b"\x1b]11;rgb:0000/0000/0000\x074", ["!sequence", "4"]),
    "the terminal's name": (b"\x1bP>|XTerm(390)\x1b\\4", ["!sequence", "4"]),
    "a graphics answer": (b"\x1b_Gi=1;OK\x1b\\4", ["!sequence", "4"]),
    "a control sequence cut by Enter": (b"\x1b[?6\r", ["!cut", "enter"]),
    "a control sequence cut by the next one": (b"\x1b[1\x1b[19~", ["!cut", "f8"]),
    "a string cut by Enter": (b"\x1b]11;rgb\r", ["!cut", "enter"]),
    "a string cut by a key": (b"\x1b]11;rgb\x1b[19~", ["!cut", "f8"]),
    "a control sequence that does not go on": (b"\x1b[?6", ["!cut"]),
    "not UTF-8": (b"\xff4\xc3\r\xe2\x824", ["!byte", "4", "!byte", "enter", "!byte", "!byte", "4"]),
    "half a character": (b"\xe2\x82", ["!byte"]),
    "eight-bit controls": (b"\x9b?6c\x8fM\xc2\x9b19~", ["!sequence", "enter", "f8"]),
    "an invisible character": ("\u200b4".encode(), ["!byte", "4"]),
}


@pytest.mark.parametrize(("data", "keys"), KEYS.values(), ids=KEYS)
def test_what_terminals_send(data: bytes, keys: list[str]) -> None:
    assert read(data) == keys
    assert read(*(data[at : at + 1] for at in range(len(data)))) == keys


def test_the_console_has_a_keypad_of_its_own() -> None:
    """As Debian 12's kernel sends it in application keypad mode, Num Lock on or off.

    0 1 4 5 9 . / * - + Enter and Num Lock itself, then F1, F8, a cursor key, Esc, Enter.
    """
    pad = b"\x1bOp\x1bOq\x1bOt\x1bOu\x1bOy\x1bOn\x1bOQ\x1bOR\x1bOS\x1bOl\x1bOM\x1bOP"
    assert read(pad, console=True) == [*"01459./*-+", "enter", "!sequence"]
    other_keys = b"\x1b[[A\x1b[19~\x1b[D\x1b\r"
    assert read(other_keys, console=True) == ["f1", "f8", "left", "escape", "enter"]


@pytest.mark.parametrize("key", KEYPAD, ids=lambda key: key.types)
def test_each_key_of_the_keypad_is_the_same_key_in_every_protocol(key: PadKey) -> None:
    types, vt, console, kitty = key
    assert read(f"\x1bO{vt}".encode()) == [types]
    assert not console or read(f"\x1bO{console}".encode(), console=True) == [types]
    assert [read(f"\x1b[{code}u".encode()) for code in kitty] == [[types]] * len(kitty)


def test_escape_is_known_after_a_silence_and_bears_the_time_at_which_it_was_read() -> None:
    decoder = TerminalKeyDecoder()
    assert decoder.feed(b"\x1b", 1.0) == []
    assert decoder.waits
    assert decoder.idle(1.0 + PENDING_S / 2) == []
    assert decoder.idle(1.0 + PENDING_S) == [Press("escape", 1.0)]
    assert not decoder.waits


def test_what_comes_after_a_silence_does_not_belong_to_what_was_pending() -> None:
    decoder = TerminalKeyDecoder()
    decoder.feed(b"\x1b", 1.0)
    assert decoder.feed(b"[A", 2.0) == [Press("escape", 1.0), Press("[", 2.0), Press("A", 2.0)]


def test_a_key_bears_the_time_of_its_first_byte() -> None:
    decoder = TerminalKeyDecoder()
    decoder.feed(b"\x1b", 1.0)
    assert decoder.feed(b"\r", 1.01) == [Press("escape", 1.0), Press("enter", 1.01)]


def test_what_is_read_with_a_last_escape_is_given_with_it() -> None:
    """Enter and Esc in one read: whoever takes the keys must see both at once."""
    decoder = TerminalKeyDecoder()
    assert decoder.feed(b"\r\x1b", 1.0) == []
    assert decoder.idle(1.0 + PENDING_S) == [Press("enter", 1.0), Press("escape", 1.0)]
    decoder.feed(b"\r\x1b", 2.0)
    assert decoder.feed(b"[A", 2.01) == [Press("enter", 2.0), Press("up", 2.0)]


def test_what_waits_beside_an_escape_is_bounded() -> None:
    decoder = TerminalKeyDecoder()
    assert len(decoder.feed(b"4" * BESIDE_MAX + b"\x1b", 1.0)) == BESIDE_MAX


def test_a_whole_answer_is_handed_over_to_whoever_asked() -> None:
    items = TerminalKeyDecoder().feed(b"\x1b[?2026;2$y", 1.0)
    assert items == [Dropped(Junk.SEQUENCE, 1.0, b"\x1b[?2026;2$y")]


SHARDS = st.lists(
    st.one_of(
        st.binary(max_size=6),
        st.sampled_from([data for data, _ in KEYS.values()]),
        st.sampled_from([b"\x1b", b"\x1b[", b"\x1bO", b"\x1b]1", b"\x1bP>", b"\r", b"4", b"\x9b"]),
        st.just(b"\x1b[" + b"1;" * CSI_MAX),
        st.just(b"\x1b]1" + b"x" * STRING_MAX),
    ),
    max_size=8,
).map(b"".join)


@given(SHARDS, st.data(), st.booleans())
def test_any_split_gives_the_same_keys(data: bytes, how: st.DataObject, console: bool) -> None:  # noqa: FBT001
    cuts = how.draw(st.lists(st.integers(0, len(data)), max_size=12).map(sorted))
    edges = [0, *cuts, len(data)]
    pieces = [data[a:b] for a, b in pairwise(edges)]
    assert read(*pieces, console=console) == read(data, console=console)


@given(SHARDS)
def test_pending_bytes_are_bounded_and_a_silence_ends_them(data: bytes) -> None:
    decoder = TerminalKeyDecoder()
    for at in range(len(data)):
        decoder.feed(data[at : at + 1], 0.0)
        assert len(decoder._pending) <= STRING_MAX
    decoder.idle(LONG_S)
    assert not decoder.waits


@given(SHARDS, st.sampled_from([b"\r", b"4", b"\x1b[19~"]))
def test_junk_never_swallows_the_key_after_it(junk: bytes, key: bytes) -> None:
    decoder = TerminalKeyDecoder()
    decoder.feed(junk, 0.0)
    assert decoder.feed(key, LONG_S)[-1] == TerminalKeyDecoder().feed(key, LONG_S)[-1]


@given(SHARDS)
def test_enter_at_once_after_junk_is_read(junk: bytes) -> None:
    """No terminal sends CR within a sequence: whatever is broken off by it, it counts."""
    assert read(junk + b"\r")[-1] == "enter"
