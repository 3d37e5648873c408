"""Key events of a reader that types: good lines, refused lines, and no card for a person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.devices.keyboard import (
    CAPS_LOCK,
    ENTER,
    ESCAPE,
    KEYPAD_ENTER,
    RIGHT_SHIFT,
    TAB,
    key_press,
    keystrokes_of,
)

from taptill.domain.card_id import CARD_ID_LENGTH_MAX
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame
from taptill.readers.frames.keystrokes import DOWN, OVERRUN, SILENCE_S, KeyEvent, KeystrokeDecoder

KEYPAD = {str(digit): code for digit, code in enumerate((82, 79, 80, 81, 75, 76, 77, 71, 72, 73))}
OPEN_CONNECTIONS, UP = 2, 0


def frames_of(*events: KeyEvent) -> list[AnyFrame]:
    return KeystrokeDecoder().feed(events)


@pytest.mark.parametrize("end", [ENTER, KEYPAD_ENTER, TAB])
@pytest.mark.parametrize("text", ["0013961168", "62e3086ced", "62E3086CED", "04:A1:b2"])
def test_what_is_typed_in_a_burst_is_a_line(text: str, end: int) -> None:
    decoder = KeystrokeDecoder()
    assert decoder.feed(keystrokes_of(text, end=end)) + decoder.idle() == [Frame(text)]


def test_the_keypad_has_digits_too() -> None:
    keys = [event for digit in "0123456789" for event in key_press(KEYPAD[digit])]
    assert frames_of(*keys, *key_press(ENTER)) == [Frame("0123456789")]


def test_two_cards_are_two_lines() -> None:
    assert frames_of(*keystrokes_of("1234"), *keystrokes_of("5678", at_s=1.1)) == [
        Frame("1234"),
        Frame("5678"),
    ]


def test_a_key_that_repeats_or_goes_up_types_nothing() -> None:
    (down, up) = key_press(3)
    repeat_event = KeyEvent(1.0, 3, OPEN_CONNECTIONS)
    assert frames_of(down, repeat_event, repeat_event, up, *key_press(ENTER)) == [Frame("2")]


def test_shift_counts_while_it_is_down() -> None:
    shift = KeyEvent(1.0, RIGHT_SHIFT, DOWN)
    keys = [*key_press(30), shift, *key_press(30), shift._replace(state=UP), *key_press(30)]
    assert frames_of(*keys, *key_press(ENTER)) == [Frame("aAa")]


def test_an_end_alone_is_nothing() -> None:
    assert frames_of(*key_press(ENTER), *key_press(TAB)) == []


def test_a_person_who_types_is_no_card() -> None:
    slow = keystrokes_of("1234", key_s=SILENCE_S)
    frames = frames_of(*slow)
    assert not [frame for frame in frames if isinstance(frame, Frame)]


def test_what_is_never_ended_is_given_up_at_each_silence() -> None:
    decoder = KeystrokeDecoder()
    for at_s in (1.0, 3.0):
        assert decoder.feed(keystrokes_of("1234", at_s=at_s)[:-2]) == []
        assert decoder.idle() == [BadFrame(Fault.TRUNCATED)]
        assert decoder.idle() == []


CUT_SHORT = {
    "by a silence that was seen": (True, "34"),
    "by one that nobody saw": (False, "34"),
    "by a person's stray key": (True, "12345678"),
}


@pytest.mark.parametrize(("with_idle", "rest"), CUT_SHORT.values(), ids=CUT_SHORT)
def test_the_rest_of_a_line_that_was_cut_short_is_no_card(rest: str, *, with_idle: bool) -> None:
    """The rest alone may be the number of another customer."""
    decoder = KeystrokeDecoder()
    head = decoder.feed(keystrokes_of("12")[:-2]) + (decoder.idle() if with_idle else [])
    tail = decoder.feed(keystrokes_of(rest, at_s=2.0))
    assert head + tail == [BadFrame(Fault.TRUNCATED)] * 2
    assert decoder.feed(keystrokes_of("1234", at_s=3.0)) == [Frame("1234")]


@pytest.mark.parametrize("bad_key", [ESCAPE, OVERRUN])
def test_the_rest_of_a_spoilt_line_is_no_card_after_a_silence(bad_key: int) -> None:
    decoder = KeystrokeDecoder()
    decoder.feed([*keystrokes_of("12")[:-2], KeyEvent(1.04, bad_key, DOWN)])
    decoder.idle()
    assert decoder.feed(keystrokes_of("34", at_s=2.0)) == [BadFrame(Fault.TRUNCATED)]


def test_of_two_fields_in_a_burst_neither_is_a_card() -> None:
    decoder = KeystrokeDecoder()
    fields = [*keystrokes_of("0123", end=TAB), *keystrokes_of("77", at_s=1.1)]
    assert decoder.feed(fields) + decoder.idle() == [BadFrame(Fault.BAD_CHAR)]


@pytest.mark.parametrize("ends", [(ENTER, ENTER), (TAB, ENTER), (TAB, TAB)])
def test_two_ends_are_one(ends: tuple[int, int]) -> None:
    decoder = KeystrokeDecoder()
    keys = [*keystrokes_of("1234", end=ends[0]), *key_press(ends[1], at_s=1.1)]
    assert decoder.feed(keys) + decoder.idle() == [Frame("1234")]


GAPS_S = st.floats(0, 2 * SILENCE_S)


@given(
    text=st.text("0123456789", min_size=1, max_size=12),
    end=st.sampled_from([ENTER, KEYPAD_ENTER, TAB]),
    gaps_s=st.lists(GAPS_S, min_size=12, max_size=12),
    with_idle=st.booleans(),
)
def test_whatever_pauses_are_in_a_line_it_is_whole_or_no_card(
    text: str, end: int, gaps_s: list[float], *, with_idle: bool
) -> None:
    decoder, frames, at_s = KeystrokeDecoder(), list[AnyFrame](), 1.0
    for key, gap_s in zip(keystrokes_of(text, end=end)[::2], [0.0, *gaps_s], strict=False):
        if with_idle and gap_s > SILENCE_S:
            frames += decoder.idle()
        at_s += gap_s
        frames += decoder.feed([key._replace(at_s=at_s)])
    frames += decoder.idle()
    is_complete = all(gap_s < SILENCE_S - 1e-6 for gap_s in gaps_s[: len(text)])
    cards = [frame for frame in frames if isinstance(frame, Frame)]
    assert cards == [Frame(text)] if is_complete else cards in ([], [Frame(text)])


@pytest.mark.parametrize(
    ("bad_key", "fault"),
    [(ESCAPE, Fault.BAD_CHAR), (CAPS_LOCK, Fault.BAD_CHAR), (OVERRUN, Fault.OVERFLOW)],
)
def test_a_line_with_a_key_that_is_not_known_is_bad_and_not_shorter(
    bad_key: int, fault: Fault
) -> None:
    keys = keystrokes_of("1234")
    assert frames_of(*keys[:4], KeyEvent(1.02, bad_key, DOWN), *keys[4:]) == [BadFrame(fault)]


def test_a_line_that_is_too_long_is_bad_and_the_next_one_good() -> None:
    long = keystrokes_of("1" * (CARD_ID_LENGTH_MAX + 1), key_s=0.001)
    frames = frames_of(*long, *keystrokes_of("1234", at_s=9.0))
    assert frames == [BadFrame(Fault.OVERFLOW), Frame("1234")]


EVENTS = st.lists(
    st.builds(KeyEvent, st.floats(0, 5), st.integers(0, 767), st.integers(0, 2)), max_size=60
)


@given(EVENTS, st.integers(0, 60))
def test_any_split_of_any_events_gives_the_same(events: list[KeyEvent], cut: int) -> None:
    whole_decoder, split_decoder = KeystrokeDecoder(), KeystrokeDecoder()
    frames = [*whole_decoder.feed(events), *whole_decoder.idle()]
    split_frames = [
        *split_decoder.feed(events[:cut]),
        *split_decoder.feed(events[cut:]),
        *split_decoder.idle(),
    ]
    assert split_frames == frames
    for frame in split_frames:
        assert not isinstance(frame, Frame) or 0 < len(frame.raw) <= CARD_ID_LENGTH_MAX


@given(EVENTS)
def test_after_any_events_and_an_end_the_next_card_is_read(events: list[KeyEvent]) -> None:
    decoder = KeystrokeDecoder()
    decoder.feed([event for event in events if event.code not in (42, 54)])
    decoder.feed(key_press(ENTER, at_s=9.0))
    assert decoder.feed(keystrokes_of("62e3086c", at_s=100.0)) == [Frame("62e3086c")]
