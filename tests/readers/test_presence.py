"""Which reads of cards are taps."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taptill.domain.card_id import CardId
from taptill.domain.tap import CardProblem, CardTrouble, Tap
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame
from taptill.readers.presence import CARDS_MAX, UNSEEN_S_MAX, Misreads, Presence, presence_problems

ADA, BOB, EVE = CardId("ADA"), CardId("BOB"), CardId("EVE")
PHONE = CardTrouble.RANDOM_ID
HOLD_S, DELAY_S = 0.4, 1.5

Reads = list[tuple[float, CardId | CardTrouble]]


def presence() -> Presence:
    return Presence("door", hold_ms=400, same_card_delay_ms=1500)


def messages_of(reads: Reads) -> list[tuple[float, str]]:
    """Return each message's time and the card or trouble that it names."""
    door = presence()
    messages = [door.card_read(card, at_s) for at_s, card in reads]
    return [
        (message.at_s, message.card_id if isinstance(message, Tap) else message.trouble)
        for message in messages
        if message
    ]


def held_card(
    card: CardId | CardTrouble, from_s: float, to_s: float, every_s: float = 0.065
) -> Reads:
    count = int((to_s - from_s) / every_s)
    return [(from_s + n * every_s, card) for n in range(count + 1)]


CASES: dict[str, tuple[Reads, list[tuple[float, str]]]] = {
    "a card held for ten seconds is one tap": (held_card(ADA, 0, 10), [(0, ADA)]),
    "another card passes at once": ([(0, ADA), (0.31, BOB)], [(0, ADA), (0.31, BOB)]),
    "the same card after a while taps anew": ([(0, ADA), (1.5, ADA)], [(0, ADA), (1.5, ADA)]),
    "gone, but too soon after its last tap": ([(0, ADA), (1.4, ADA)], [(0, ADA)]),
    "late enough, but never gone": (held_card(ADA, 0, 3, 0.39), [(0, ADA)]),
    "gone, back too soon, and then left there": (
        [(0, ADA), (1.0, ADA), (1.3, ADA), (1.6, ADA), (1.9, ADA)],
        [(0, ADA), (1.6, ADA)],
    ),
    "silence of exactly the hold time is gone": (
        [(0, ADA), (1.2, ADA), (1.6, ADA)],
        [(0, ADA), (1.6, ADA)],
    ),
    "two cards at once are none": ([(0, ADA), (0.2, BOB)], [(0, ADA), (0.2, "two-cards")]),
    "two cards at the very same instant are none": (
        [(0, ADA), (0, BOB)],
        [(0, ADA), (0, "two-cards")],
    ),
    "two cards left there say it once": (
        sorted(held_card(ADA, 0, 5, 0.13) + held_card(BOB, 0.05, 5, 0.13)),
        [(0, ADA), (0.05, "two-cards")],
    ),
    "a third card of the same wallet says nothing more": (
        [(0, ADA), (0.1, BOB), (0.2, EVE), (0.45, EVE)],
        [(0, ADA), (0.1, "two-cards")],
    ),
    "after two cards each alone may tap as soon as it has been gone": (
        [(0, ADA), (0.2, BOB), (0.7, ADA), (1.1, BOB)],
        [(0, ADA), (0.2, "two-cards"), (0.7, ADA), (1.1, BOB)],
    ),
    "the card that stays when the other is taken away does not tap by itself": (
        [(0, ADA), *held_card(BOB, 0.2, 4)],
        [(0, ADA), (0.2, "two-cards")],
    ),
    "a card left lying that shows up again takes the next one's tap back": (
        [(0, ADA), (0.35, ADA), (0.5, BOB), (0.6, ADA)],
        [(0, ADA), (0.5, BOB), (0.6, "two-cards")],
    ),
    "a phone that is a new id at every look is told once": (held_card(PHONE, 0, 5), [(0, PHONE)]),
    "a phone shown again is told again": ([(0, PHONE), (0.5, PHONE)], [(0, PHONE), (0.5, PHONE)]),
    "a refused card does not hold up another": ([(0, PHONE), (0.1, ADA)], [(0, PHONE), (0.1, ADA)]),
}


@pytest.mark.parametrize(("reads", "expected_messages"), CASES.values(), ids=CASES.keys())
def test_presence(reads: Reads, expected_messages: list[tuple[float, str]]) -> None:
    assert messages_of(reads) == expected_messages


def test_a_card_may_tap_as_soon_as_it_has_been_gone_where_the_delay_is_none() -> None:
    door = Presence("door", hold_ms=50, same_card_delay_ms=0)
    assert door.card_read(ADA, 0) == Tap(ADA, "door", 0)
    assert door.card_read(ADA, 0.1) == Tap(ADA, "door", 0.1)


def test_two_misses_in_a_row_are_a_card_that_is_gone_however_long_it_is_held() -> None:
    door = Presence("door", hold_ms=10_000, same_card_delay_ms=500)
    assert door.card_read(ADA, 0) == Tap(ADA, "door", 0)
    for at_s in (0.6, 0.7):
        door.no_card(at_s)
        assert door.card_read(ADA, at_s) is None, "a single miss is a bad contact"
    door.no_card(0.8)
    door.no_card(0.8)
    assert door.card_read(ADA, 0.8) == Tap(ADA, "door", 0.8)


def test_a_card_that_the_reader_says_has_left_may_tap_however_long_it_is_held() -> None:
    door = Presence("door", hold_ms=10_000, same_card_delay_ms=500)
    door.card_read(ADA, 0)
    door.card_removed()
    assert door.card_read(ADA, 0.6) == Tap(ADA, "door", 0.6)


def test_two_misses_do_not_shorten_the_delay_of_the_same_card() -> None:
    door = Presence("door", hold_ms=10_000, same_card_delay_ms=500)
    door.card_read(ADA, 0)
    door.no_card(0.1)
    door.no_card(0.2)
    assert door.card_read(ADA, 0.4) is None
    assert door.card_read(ADA, 0.5) == Tap(ADA, "door", 0.5)


def test_a_tap_is_taken_back_even_when_its_card_is_gone_already() -> None:
    door = Presence("door", hold_ms=50, same_card_delay_ms=0)
    door.card_read(ADA, 0)
    assert door.card_read(BOB, 0.1) == CardProblem(CardTrouble.TWO_CARDS, "door", 0.1)


def polled_presence() -> Presence:
    """Return the presence of a polled reader, which reports itself when there is no card."""
    return Presence("door", hold_ms=400, same_card_delay_ms=1500, is_polled=True)


@pytest.mark.parametrize("card", [ADA, PHONE])
def test_looks_that_failed_are_no_evidence_that_a_card_has_left(
    card: CardId | CardTrouble,
) -> None:
    door = polled_presence()
    assert door.card_read(card, 0)
    assert door.card_read(card, 5) is None
    door.no_card(10)
    assert door.card_read(card, 10) is None, "a single miss is a bad contact"
    door.no_card(10.1)
    door.no_card(10.1)
    assert door.card_read(card, 10.1)


def test_a_reader_that_has_seen_nothing_for_so_long_knows_of_no_card() -> None:
    door = polled_presence()
    door.card_read(ADA, 0)
    assert door.card_read(ADA, UNSEEN_S_MAX - 0.1) is None
    assert door.card_read(ADA, 2 * UNSEEN_S_MAX) == Tap(ADA, "door", 2 * UNSEEN_S_MAX)
    assert door.card_read(BOB, 4 * UNSEEN_S_MAX), "the first that it sees then may be another"
    assert door.card_read(ADA, 4 * UNSEEN_S_MAX + 1) == Tap(ADA, "door", 4 * UNSEEN_S_MAX + 1)


def test_a_reader_that_says_once_that_there_is_no_card_was_not_blind() -> None:
    door = polled_presence()
    door.card_read(ADA, 0)
    door.no_card(UNSEEN_S_MAX - 1)
    assert door.card_read(ADA, UNSEEN_S_MAX + 1) is None
    door.no_card(3 * UNSEEN_S_MAX)
    assert door.card_read(ADA, 3 * UNSEEN_S_MAX + 1), "it was blind before that"


@pytest.mark.parametrize("card", [ADA, PHONE])
@pytest.mark.parametrize("upper", [BOB, CardTrouble.BLANK_ID])
@pytest.mark.parametrize("for_s", [1.0, 3 * UNSEEN_S_MAX])
def test_a_card_that_another_lay_on_for_however_long_has_not_left(
    card: CardId | CardTrouble, upper: CardId | CardTrouble, for_s: float
) -> None:
    door = polled_presence()
    assert door.card_read(card, 0)
    for at_s, upper_card in held_card(upper, 2, 2 + for_s, 0.12):
        door.card_read(upper_card, at_s)
    assert door.card_read(card, 2.1 + for_s) is None
    door.no_card(2.2 + for_s)
    door.no_card(2.3 + for_s)
    assert door.card_read(card, 2.4 + for_s)


def test_a_card_that_lay_there_before_a_reader_was_opened_anew_still_does() -> None:
    door = presence()
    door.card_read(ADA, 0)
    door.reader_opened(5)
    assert [door.card_read(ADA, at_s) for at_s in (5.1, 5.4, 5.7)] == [None] * 3
    assert door.card_read(ADA, 6.2) == Tap(ADA, "door", 6.2)


def test_a_reader_that_was_opened_anew_hinders_no_tap_for_longer_than_the_hold_time() -> None:
    door = presence()
    door.card_read(ADA, 0)
    door.reader_opened(5)
    assert door.card_read(BOB, 5) == Tap(BOB, "door", 5), "another card passes at once"
    assert door.card_read(ADA, 5.4) == Tap(ADA, "door", 5.4)
    door.reader_opened(UNSEEN_S_MAX)
    assert door.card_read(BOB, 5 + UNSEEN_S_MAX), "nobody holds a card for so long"


BOUNDS = {
    "hold too short": (49, 0, ["hold_ms: 49 is not within 50 to 10000"]),
    "hold too long": (10_001, 0, ["hold_ms: 10001 is not within 50 to 10000"]),
    "delay below zero": (50, -1, ["same_card_delay_ms: -1 is not within 0 to 60000"]),
    "delay too long": (10_000, 60_001, ["same_card_delay_ms: 60001 is not within 0 to 60000"]),
    "both at their bounds": (10_000, 60_000, []),
}


@pytest.mark.parametrize(("hold_ms", "delay_ms", "problems"), BOUNDS.values(), ids=BOUNDS.keys())
def test_bounds(hold_ms: int, delay_ms: int, problems: list[str]) -> None:
    assert presence_problems(hold_ms, delay_ms) == problems
    if problems:
        with pytest.raises(ValueError, match=problems[0]):
            Presence("door", hold_ms, delay_ms)


@pytest.mark.parametrize("make", [presence, polled_presence])
def test_memory_is_bounded_and_the_longest_unseen_card_is_forgotten(
    make: Callable[[], Presence],
) -> None:
    door = make()
    for number in range(CARDS_MAX * 4):
        door.card_read(CardId(str(number)), number * 0.001)
        assert len(door._cards) <= CARDS_MAX
    assert CardId(str(CARDS_MAX * 4 - 1)) in door._cards


ROUNDING_S = 1e-6

steps = st.lists(
    st.tuples(st.integers(0, 900), st.sampled_from((ADA, BOB, EVE, PHONE))), max_size=60
)


def timed(steps: list[tuple[int, CardId | CardTrouble]]) -> Reads:
    """Convert waits in milliseconds to times in seconds."""
    at_ms, reads = 0, Reads()
    for wait_ms, card in steps:
        at_ms += wait_ms
        reads.append((at_ms / 1000, card))
    return reads


@given(steps)
def test_a_card_taps_anew_only_after_its_delay_or_when_its_tap_was_taken_back(
    steps: list[tuple[int, CardId | CardTrouble]],
) -> None:
    door = presence()
    tap_times: dict[CardId, float] = {}
    last_tap: Tap | None = None
    for at_s, card in timed(steps):
        match door.card_read(card, at_s):
            case Tap(card_id) as tap:
                assert at_s - tap_times.get(card_id, -99) >= DELAY_S - ROUNDING_S
                assert not (
                    last_tap
                    and last_tap.card_id != card_id
                    and at_s - last_tap.at_s <= 0.3 - ROUNDING_S
                )
                tap_times[card_id], last_tap = at_s, tap
            case CardProblem(CardTrouble.TWO_CARDS):
                assert last_tap, "a tap is taken back once"
                assert at_s - last_tap.at_s <= 0.3 + ROUNDING_S
                assert last_tap.card_id != card
                tap_times.pop(last_tap.card_id)
                last_tap = None


@given(steps, st.sampled_from((ADA, BOB, EVE)))
def test_a_card_that_comes_alone_after_long_silence_always_taps(
    steps: list[tuple[int, CardId | CardTrouble]], card: CardId
) -> None:
    door = presence()
    reads = timed(steps)
    for at_s, other_card in reads:
        door.card_read(other_card, at_s)
    later_s = (reads[-1][0] if reads else 0) + 2
    assert door.card_read(card, later_s) == Tap(card, "door", later_s)


@given(st.integers(1, 399), st.integers(2, 200))
def test_however_often_a_card_left_there_is_seen_it_taps_once(every_ms: int, count: int) -> None:
    looks: Reads = [(n * every_ms / 1000, ADA) for n in range(count)]
    assert messages_of(looks) == [(0, ADA)]


GOOD, BAD, SILENT = Frame("A1"), BadFrame(Fault.CHECKSUM), BadFrame(Fault.NO_ANSWER)
ONCE_MORE = {
    "a single bad frame": ([(1.0, BAD)], [1.5]),
    "each tap that fails": ([(1.0, BAD), (5.0, BAD)], [1.5, 5.5]),
    "a card cut short twice in one tap": ([(1.0, BAD), (1.2, BAD)], [1.5]),
    "a bad frame before the whole one": ([(1.0, BAD), (1.2, GOOD)], []),
    "a bad frame while the card lies there": ([(1.0, GOOD), (1.3, BAD)], []),
    "a bad frame after the card has left": ([(1.0, GOOD), (1.5, BAD)], [2.0]),
    "no answer of a reader that is asked": ([(1.0, SILENT)], []),
}


@pytest.mark.parametrize(("messages_of", "answers"), ONCE_MORE.values(), ids=ONCE_MORE)
def test_once_more_is_said_where_nothing_else_comes_of_it(
    messages_of: list[tuple[float, AnyFrame]], answers: list[float]
) -> None:
    misreads, report_times, pending = Misreads("door", hold_ms=400), [], list(messages_of)
    for tenth in range(100):
        now_s = tenth / 10
        due_frames = [frame for at_s, frame in pending if at_s <= now_s]
        pending = [timed_frame for timed_frame in pending if timed_frame[0] > now_s]
        misreads.record_frames(due_frames, now_s)
        if misread := misreads.due_report(now_s, is_garbled=False):
            report_times.append(misread.at_s)
    assert len(report_times) == len(answers)
    assert all(
        0 <= report_s - at_s < 0.2
        for report_s, at_s in zip(report_times, [a - 0.2 for a in answers], strict=True)
    )


def test_a_garbled_line_has_words_of_its_own() -> None:
    misreads = Misreads("door", hold_ms=400)
    misreads.record_frames([BAD], 1.0)
    assert misreads.due_report(2.0, is_garbled=True) is None
    assert misreads.due_report(2.0, is_garbled=False) is None
