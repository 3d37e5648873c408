"""Looks at cards in, taps out: a card left on the reader is one tap, two cards at once are none.

Pure: the caller passes monotonic seconds with each look, in the order of the looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from taptill.domain.card_id import CardId
from taptill.domain.tap import CardProblem, CardTrouble, Misread, Tap
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame

MISREAD_S = 0.3
"""A reader that repeats while the card lies there has said it whole by then."""

COLLISION_WINDOW_S = 0.3
CARDS_MAX = 16
NO_CARD_POLLS = 2
HOLD_MS_MIN, HOLD_MS_MAX = 50, 10_000
SAME_CARD_DELAY_MS_MAX = 60_000
UNSEEN_S_MAX = 10.0
"""Nobody holds a card against a reader that cannot see it for longer."""


@dataclass(slots=True)
class _CardState:
    last_read_s: float = -inf
    last_tap_s: float = -inf
    has_left: bool = True


class Presence:
    """Remembers at most `CARDS_MAX` cards, each until it may tap anew.

    A card is gone when nothing has seen it for `hold_ms`, when a reader that is asked has said
    twice in a row that there is none, or when one has said that it left. One that is `asked` always
    says so: its silence is looks that failed, and those are no evidence, nor is another card, which
    may lie on top, nor the time in which a reader was not open. But when a reader has seen nothing,
    not even that there is no card, for `BLIND_S_MAX`, all are gone in any case.

    It taps anew once it has been gone and `same_card_delay_ms` have passed since its last tap.
    Another card passes at once, unless it shows up within `TWO_CARDS_S` of a tap: then nobody can
    tell whose tap it was, and neither card taps before it has been gone.
    """

    def __init__(
        self, reader: str, hold_ms: int, same_card_delay_ms: int, *, polled: bool = False
    ) -> None:
        for problem in presence_problems(hold_ms, same_card_delay_ms):
            raise ValueError(problem)
        self._reader = reader
        self._hold_s = hold_ms / 1000
        self._same_card_delay_s = same_card_delay_ms / 1000
        self._polled = polled
        self._cards: dict[CardId, _CardState] = {}
        self._refusals: dict[CardTrouble, _CardState] = {}
        self._tap: Tap | None = None
        self._collision_until_s = -inf
        self._opened_s = -inf
        self._last_answer_s = -inf
        self._no_card_polls = 0

    def reader_opened(self, now_s: float) -> None:
        """Learn that the reader looks from now on."""
        self._opened_s = now_s

    def no_card(self, now_s: float) -> None:
        """Learn that the reader was asked and sees no card."""
        self._note_answer(now_s)
        self._no_card_polls += 1
        if self._no_card_polls >= NO_CARD_POLLS:
            self.card_removed()

    def card_removed(self) -> None:
        """Learn that the reader says that the card has left."""
        for card in self._states():
            card.has_left = True

    def card_read(self, found: CardId | CardTrouble, now_s: float) -> Tap | CardProblem | None:
        """Judge one look; a `CardProblem` of two cards takes the last tap back."""
        self._note_answer(now_s)
        self._no_card_polls = 0
        if isinstance(found, CardTrouble):
            return self._judge_refusal(found, now_s)
        return self._judge_card(found, now_s)

    def _note_answer(self, now_s: float) -> None:
        if now_s - self._last_answer_s >= UNSEEN_S_MAX:
            self.card_removed()
        self._last_answer_s = now_s

    def _judge_refusal(self, trouble: CardTrouble, now_s: float) -> CardProblem | None:
        """Say it once while the card lies there: a random id is a new one at every look."""
        card = self._refusals.setdefault(trouble, _CardState())
        gone = self._has_left(card, now_s)
        card.last_read_s, card.has_left = now_s, False
        return CardProblem(trouble, self._reader, now_s) if gone else None

    def _judge_card(self, card_id: CardId, now_s: float) -> Tap | CardProblem | None:
        card = self._cards.pop(card_id, None) or _CardState()
        card.has_left = self._has_left(card, now_s)
        card.last_read_s = now_s
        self._forget_departed(now_s)
        self._cards[card_id] = card
        if now_s <= self._collision_until_s and self._tap and self._tap.card_id != card_id:
            return self._retract_tap(self._tap, card, now_s)
        if not card.has_left or now_s - card.last_tap_s < self._same_card_delay_s:
            return None
        card.has_left = False
        crowded = self._tap is None and now_s <= self._collision_until_s
        self._collision_until_s = now_s + COLLISION_WINDOW_S
        if crowded:
            return None
        card.last_tap_s = now_s
        self._tap = Tap(card_id, self._reader, now_s)
        return self._tap

    def _states(self) -> list[_CardState]:
        return [*self._cards.values(), *self._refusals.values()]

    def _has_left(self, card: _CardState, now_s: float) -> bool:
        """Tell whether a card that is seen has been gone since it was seen last."""
        silent_s = now_s - max(card.last_read_s, self._opened_s)
        return card.has_left or (not self._polled and silent_s >= self._hold_s)

    def _retract_tap(self, tap: Tap, card: _CardState, now_s: float) -> CardProblem:
        card.has_left = False
        if tapped := self._cards.get(tap.card_id):
            tapped.last_tap_s = -inf
        self._tap = None
        self._collision_until_s = now_s + COLLISION_WINDOW_S
        return CardProblem(CardTrouble.TWO_CARDS, self._reader, now_s)

    def _forget_departed(self, now_s: float) -> None:
        """Drop cards that would tap like new ones, and the longest unseen beyond the bound."""
        for card in self._states():
            card.has_left = self._has_left(card, now_s)
        for card_id, card in list(self._cards.items()):
            free = card.has_left and now_s - card.last_tap_s >= self._same_card_delay_s
            if free or len(self._cards) >= CARDS_MAX:
                del self._cards[card_id]


class Misreads:
    """Bad frames in, now and then *once more* out: somebody showed a card, and nothing happened.

    A bad frame is none of that beside a whole one: up to `hold_ms` after one, when the card lies
    there still, and up to `MISREAD_S` before one. A question without an answer is no frame at all.
    """

    def __init__(self, reader: str, hold_ms: int) -> None:
        self._reader = reader
        self._hold_s = hold_ms / 1000
        self._last_frame_s = -inf
        self._bad_frame_s: float | None = None

    def record_frames(self, frames: Sequence[AnyFrame], now_s: float) -> None:
        """Learn what was read."""
        for frame in frames:
            if isinstance(frame, Frame):
                self._last_frame_s, self._bad_frame_s = now_s, None
            elif isinstance(frame, BadFrame) and frame.fault is not Fault.NO_ANSWER:
                lies_there = now_s - self._last_frame_s <= self._hold_s
                self._bad_frame_s = None if lies_there else self._bad_frame_s or now_s

    def due_report(self, now_s: float, *, garbled: bool) -> Misread | None:
        """Give what is to be said now; a reader that is `garbled` has words of its own."""
        if self._bad_frame_s is None or now_s - self._bad_frame_s < MISREAD_S:
            return None
        self._bad_frame_s = None
        return None if garbled else Misread(self._reader, now_s)


def presence_problems(hold_ms: int, same_card_delay_ms: int) -> list[str]:
    """Say which of the two times is out of bounds."""
    return [
        f"{name}: {value} is not within {low} to {high}"
        for name, value, low, high in (
            ("hold_ms", hold_ms, HOLD_MS_MIN, HOLD_MS_MAX),
            ("same_card_delay_ms", same_card_delay_ms, 0, SAME_CARD_DELAY_MS_MAX),
        )
        if not low <= value <= high
    ]
