"""When a card that the reader sees is a tap."""

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

Looks = list[tuple[float, CardId | CardTrouble]]


def presence() -> Presence:
    return Presence("door", hold_ms=400, same_card_delay_ms=1500)


def messages_of(looks: Looks) -> list[tuple[float, str]]:
    """Give each message's time and the card or trouble that it names."""
    there = presence()
    messages = [there.card_read(found, at_s) for at_s, found in looks]
    return [
        (message.at_s, message.card_id if isinstance(message, Tap) else message.trouble)
        for message in messages
        if message
    ]


def held(card: CardId | CardTrouble, from_s: float, to_s: float, every_s: float = 0.065) -> Looks:
    count = int((to_s - from_s) / every_s)
    return [(from_s + n * every_s, card) for n in range(count + 1)]


CASES: dict[str, tuple[Looks, list[tuple[float, str]]]] = {
    "a card held for ten seconds is one tap": (held(ADA, 0, 10), [(0, ADA)]),
    "another card passes at once": ([(0, ADA), (0.31, BOB)], [(0, ADA), (0.31, BOB)]),
    "the same card after a while taps anew": ([(0, ADA), (1.5, ADA)], [(0, ADA), (1.5, ADA)]),
    "gone, but too soon after its last tap": ([(0, ADA), (1.4, ADA)], [(0, ADA)]),
    "late enough, but never gone": (held(ADA, 0, 3, 0.39), [(0, ADA)]),
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
        sorted(held(ADA, 0, 5, 0.13) + held(BOB, 0.05, 5, 0.13)),
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
        [(0, ADA), *held(BOB, 0.2, 4)],
        [(0, ADA), (0.2, "two-cards")],
    ),
    "a card left lying that shows up again takes the next one's tap back": (
        [(0, ADA), (0.35, ADA), (0.5, BOB), (0.6, ADA)],
        [(0, ADA), (0.5, BOB), (0.6, "two-cards")],
    ),
    "a phone that is a new id at every look is told once": (held(PHONE, 0, 5), [(0, PHONE)]),
    "a phone shown again is told again": ([(0, PHONE), (0.5, PHONE)], [(0, PHONE), (0.5, PHONE)]),
    "a refused card does not hold up another": ([(0, PHONE), (0.1, ADA)], [(0, PHONE), (0.1, ADA)]),
}


@pytest.mark.parametrize(("looks", "expected"), CASES.values(), ids=CASES.keys())
def test_presence(looks: Looks, expected: list[tuple[float, str]]) -> None:
    assert messages_of(looks) == expected


def test_a_card_may_tap_as_soon_as_it_has_been_gone_where_the_delay_is_none() -> None:
    there = Presence("door", hold_ms=50, same_card_delay_ms=0)
    assert there.card_read(ADA, 0) == Tap(ADA, "door", 0)
    assert there.card_read(ADA, 0.1) == Tap(ADA, "door", 0.1)


def test_two_misses_in_a_row_are_a_card_that_is_gone_however_long_it_is_held() -> None:
    there = Presence("door", hold_ms=10_000, same_card_delay_ms=500)
    assert there.card_read(ADA, 0) == Tap(ADA, "door", 0)
    for at_s in (0.6, 0.7):
        there.no_card(at_s)
        assert there.card_read(ADA, at_s) is None, "a single miss is a bad contact"
    there.no_card(0.8)
    there.no_card(0.8)
    assert there.card_read(ADA, 0.8) == Tap(ADA, "door", 0.8)


def test_a_card_that_the_reader_says_has_left_may_tap_however_long_it_is_held() -> None:
    there = Presence("door", hold_ms=10_000, same_card_delay_ms=500)
    there.card_read(ADA, 0)
    there.card_removed()
    assert there.card_read(ADA, 0.6) == Tap(ADA, "door", 0.6)


def test_two_misses_do_not_shorten_the_delay_of_the_same_card() -> None:
    there = Presence("door", hold_ms=10_000, same_card_delay_ms=500)
    there.card_read(ADA, 0)
    there.no_card(0.1)
    there.no_card(0.2)
    assert there.card_read(ADA, 0.4) is None
    assert there.card_read(ADA, 0.5) == Tap(ADA, "door", 0.5)


def test_a_tap_is_taken_back_even_when_its_card_is_gone_already() -> None:
    there = Presence("door", hold_ms=50, same_card_delay_ms=0)
    there.card_read(ADA, 0)
    assert there.card_read(BOB, 0.1) == CardProblem(CardTrouble.TWO_CARDS, "door", 0.1)


def polled_presence() -> Presence:
    """Judge the looks of a reader that says itself when there is no card."""
    return Presence("door", hold_ms=400, same_card_delay_ms=1500, polled=True)


@pytest.mark.parametrize("found", [ADA, PHONE])
def test_looks_that_failed_are_no_evidence_that_a_card_has_left(
    found: CardId | CardTrouble,
) -> None:
    there = polled_presence()
    assert there.card_read(found, 0)
    assert there.card_read(found, 5) is None
    there.no_card(10)
    assert there.card_read(found, 10) is None, "a single miss is a bad contact"
    there.no_card(10.1)
    there.no_card(10.1)
    assert there.card_read(found, 10.1)


def test_a_reader_that_has_seen_nothing_for_so_long_knows_of_no_card() -> None:
    there = polled_presence()
    there.card_read(ADA, 0)
    assert there.card_read(ADA, UNSEEN_S_MAX - 0.1) is None
    assert there.card_read(ADA, 2 * UNSEEN_S_MAX) == Tap(ADA, "door", 2 * UNSEEN_S_MAX)
    assert there.card_read(BOB, 4 * UNSEEN_S_MAX), "the first that it sees then may be another"
    assert there.card_read(ADA, 4 * UNSEEN_S_MAX + 1) == Tap(ADA, "door", 4 * UNSEEN_S_MAX + 1)


def test_a_reader_that_says_once_that_there_is_no_card_was_not_blind() -> None:
    there = polled_presence()
    there.card_read(ADA, 0)
    there.no_card(UNSEEN_S_MAX - 1)
    assert there.card_read(ADA, UNSEEN_S_MAX + 1) is None
    there.no_card(3 * UNSEEN_S_MAX)
    assert there.card_read(ADA, 3 * UNSEEN_S_MAX + 1), "it was blind before that"


@pytest.mark.parametrize("found", [ADA, PHONE])
@pytest.mark.parametrize("upper", [BOB, CardTrouble.BLANK_ID])
@pytest.mark.parametrize("for_s", [1.0, 3 * UNSEEN_S_MAX])
def test_a_card_that_another_lay_on_for_however_long_has_not_left(
    found: CardId | CardTrouble, upper: CardId | CardTrouble, for_s: float
) -> None:
    there = polled_presence()
    assert there.card_read(found, 0)
    for at_s, over in held(upper, 2, 2 + for_s, 0.12):
        there.card_read(over, at_s)
    assert there.card_read(found, 2.1 + for_s) is None
    there.no_card(2.2 + for_s)
    there.no_card(2.3 + for_s)
    assert there.card_read(found, 2.4 + for_s)


def test_a_card_that_lay_there_before_a_reader_was_opened_anew_still_does() -> None:
    there = presence()
    there.card_read(ADA, 0)
    there.reader_opened(5)
    assert [there.card_read(ADA, at_s) for at_s in (5.1, 5.4, 5.7)] == [None] * 3
    assert there.card_read(ADA, 6.2) == Tap(ADA, "door", 6.2)


def test_a_reader_that_was_opened_anew_hinders_no_tap_for_longer_than_the_hold_time() -> None:
    there = presence()
    there.card_read(ADA, 0)
    there.reader_opened(5)
    assert there.card_read(BOB, 5) == Tap(BOB, "door", 5), "another card passes at once"
    assert there.card_read(ADA, 5.4) == Tap(ADA, "door", 5.4)
    there.reader_opened(UNSEEN_S_MAX)
    assert there.card_read(BOB, 5 + UNSEEN_S_MAX), "nobody holds a card for so long"


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
    there = make()
    for number in range(CARDS_MAX * 4):
        there.card_read(CardId(str(number)), number * 0.001)
        assert len(there._cards) <= CARDS_MAX
    assert CardId(str(CARDS_MAX * 4 - 1)) in there._cards


ROUNDING_S = 1e-6

steps = st.lists(
    st.tuples(st.integers(0, 900), st.sampled_from((ADA, BOB, EVE, PHONE))), max_size=60
)


def timed(steps: list[tuple[int, CardId | CardTrouble]]) -> Looks:
    """Turn waits in milliseconds into times."""
    at_ms, looks = 0, Looks()
    for wait_ms, found in steps:
        at_ms += wait_ms
        looks.append((at_ms / 1000, found))
    return looks


@given(steps)
def test_a_card_taps_anew_only_after_its_delay_or_when_its_tap_was_taken_back(
    steps: list[tuple[int, CardId | CardTrouble]],
) -> None:
    there = presence()
    standing: dict[CardId, float] = {}
    last: Tap | None = None
    for at_s, found in timed(steps):
        match there.card_read(found, at_s):
            case Tap(card_id) as tap:
                assert at_s - standing.get(card_id, -99) >= DELAY_S - ROUNDING_S
                assert not (
                    last and last.card_id != card_id and at_s - last.at_s <= 0.3 - ROUNDING_S
                )
                standing[card_id], last = at_s, tap
            case CardProblem(CardTrouble.TWO_CARDS):
                assert last, "a tap is taken back once"
                assert at_s - last.at_s <= 0.3 + ROUNDING_S
                assert last.card_id != found
                standing.pop(last.card_id)
                last = None


@given(steps, st.sampled_from((ADA, BOB, EVE)))
def test_a_card_that_comes_alone_after_long_silence_always_taps(
    steps: list[tuple[int, CardId | CardTrouble]], card: CardId
) -> None:
    there = presence()
    looks = timed(steps)
    for at_s, found in looks:
        there.card_read(found, at_s)
    later_s = (looks[-1][0] if looks else 0) + 2
    assert there.card_read(card, later_s) == Tap(card, "door", later_s)


@given(st.integers(1, 399), st.integers(2, 200))
def test_however_often_a_card_left_there_is_seen_it_taps_once(every_ms: int, count: int) -> None:
    looks: Looks = [(n * every_ms / 1000, ADA) for n in range(count)]
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
    misreads, heard, left = Misreads("door", hold_ms=400), [], list(messages_of)
    for tenth in range(100):
        now_s = tenth / 10
        due = [frame for at_s, frame in left if at_s <= now_s]
        left = [one for one in left if one[0] > now_s]
        misreads.record_frames(due, now_s)
        if misread := misreads.due_report(now_s, garbled=False):
            heard.append(misread.at_s)
    assert len(heard) == len(answers)
    assert all(
        0 <= late - at_s < 0.2 for late, at_s in zip(heard, [a - 0.2 for a in answers], strict=True)
    )


def test_a_garbled_line_has_words_of_its_own() -> None:
    misreads = Misreads("door", hold_ms=400)
    misreads.record_frames([BAD], 1.0)
    assert misreads.due_report(2.0, garbled=True) is None
    assert misreads.due_report(2.0, garbled=False) is None
