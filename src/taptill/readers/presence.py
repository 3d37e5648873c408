"""Turns reads of cards into taps: one for each time that a customer presents a card.

A reader does not report taps. While a card lies in its field, one model repeats the card's number
every 65 ms, another answers each poll with it, a third sends it once. Contacts are poor: a read
fails now and then although the card has not moved. `Presence` debounces these reads.

Three ideas carry it:

- A card taps when it is first read, so that the till answers at once. After that it is *present*
  and taps no more, however long it lies there.
- A card may tap again when there is evidence that it has left. What counts as evidence depends on
  the reader. One that sends by itself falls silent: no read for `hold_ms` means that the card has
  left. One that is polled reports "no card" itself: only two such reports in a row count, and its
  silence means nothing, since a failed poll is silent too.
- Two cards at once are nobody's tap. When a second card is read within `COLLISION_WINDOW_S` of a
  tap, the tap is retracted by a `CardProblem`: a wallet with two cards in it must not charge the
  one that happened to be read first.

On top of that, `same_card_delay_ms` keeps one card from tapping twice in quick succession.

Everything here is pure: the caller passes monotonic seconds, which never decrease.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from taptill.domain.card_id import CardId
from taptill.domain.tap import CardProblem, CardTrouble, Misread, Tap
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame

MISREAD_S = 0.3
"""A reader that repeats a card's number has sent a whole frame by then."""

COLLISION_WINDOW_S = 0.3
CARDS_MAX = 16
NO_CARD_POLLS = 2
HOLD_MS_MIN, HOLD_MS_MAX = 50, 10_000
SAME_CARD_DELAY_MS_MAX = 60_000
UNSEEN_S_MAX = 10.0
"""Nobody holds a card to a reader for longer while the reader reports nothing at all."""


@dataclass(slots=True)
class _CardState:
    last_read_s: float = -inf
    last_tap_s: float = -inf
    has_left: bool = True


class Presence:
    """Decides which reads of one reader are taps; remembers at most `CARDS_MAX` cards.

    A card has left when

    - a reader that is not polled has not read it for `hold_ms`; time in which the reader was not
      open does not count;
    - a polled reader has reported `NO_CARD_POLLS` times in a row that there is no card. Nothing
      else counts there: silence is failed polls, and a read of another card may be a card that was
      laid on top of the first one;
    - the reader reports that the card was removed;
    - the reader has reported nothing, not even "no card", for `UNSEEN_S_MAX`.

    A card taps again once it has left and `same_card_delay_ms` have passed since its last tap.
    Another card taps at once, unless it is read within `COLLISION_WINDOW_S` of a tap: then nobody
    can know whose tap it was, and neither card taps again before it has left.
    """

    def __init__(
        self, reader: str, hold_ms: int, same_card_delay_ms: int, *, is_polled: bool = False
    ) -> None:
        for problem in presence_problems(hold_ms, same_card_delay_ms):
            raise ValueError(problem)
        self._reader = reader
        self._hold_s = hold_ms / 1000
        self._same_card_delay_s = same_card_delay_ms / 1000
        self._is_polled = is_polled
        self._cards: dict[CardId, _CardState] = {}
        self._refused_cards: dict[CardTrouble, _CardState] = {}
        self._tap: Tap | None = None
        self._collision_until_s = -inf
        self._opened_s = -inf
        self._last_report_s = -inf
        self._no_card_polls = 0

    def reader_opened(self, now_s: float) -> None:
        """Record that the reader was opened, and can report cards from now on."""
        self._opened_s = now_s

    def no_card(self, now_s: float) -> None:
        """Record that the reader was polled and reports that there is no card."""
        self._record_report(now_s)
        self._no_card_polls += 1
        if self._no_card_polls >= NO_CARD_POLLS:
            self.card_removed()

    def card_removed(self) -> None:
        """Record that no card is there any more."""
        for state in self._states():
            state.has_left = True

    def card_read(self, card: CardId | CardTrouble, now_s: float) -> Tap | CardProblem | None:
        """Return what a read means for the till: a tap, a problem, or nothing new.

        A `CardProblem` with `TWO_CARDS` retracts the last tap.
        """
        self._record_report(now_s)
        self._no_card_polls = 0
        if isinstance(card, CardTrouble):
            return self._refusal_read(card, now_s)
        return self._card_id_read(card, now_s)

    def _record_report(self, now_s: float) -> None:
        if now_s - self._last_report_s >= UNSEEN_S_MAX:
            self.card_removed()
        self._last_report_s = now_s

    def _refusal_read(self, trouble: CardTrouble, now_s: float) -> CardProblem | None:
        """Report a refused card once while it is present.

        Refused cards are distinguished by the reason alone: a random id is a new one at each read.
        """
        state = self._refused_cards.setdefault(trouble, _CardState())
        is_new = self._has_left(state, now_s)
        state.last_read_s, state.has_left = now_s, False
        return CardProblem(trouble, self._reader, now_s) if is_new else None

    def _card_id_read(self, card_id: CardId, now_s: float) -> Tap | CardProblem | None:
        state = self._cards.pop(card_id, None) or _CardState()
        state.has_left = self._has_left(state, now_s)
        state.last_read_s = now_s
        self._forget_departed(now_s)
        self._cards[card_id] = state
        if now_s <= self._collision_until_s and self._tap and self._tap.card_id != card_id:
            return self._retract_tap(self._tap, state, now_s)
        if not state.has_left or now_s - state.last_tap_s < self._same_card_delay_s:
            return None
        state.has_left = False
        in_collision = self._tap is None and now_s <= self._collision_until_s
        self._collision_until_s = now_s + COLLISION_WINDOW_S
        if in_collision:
            return None
        state.last_tap_s = now_s
        self._tap = Tap(card_id, self._reader, now_s)
        return self._tap

    def _states(self) -> list[_CardState]:
        return [*self._cards.values(), *self._refused_cards.values()]

    def _has_left(self, state: _CardState, now_s: float) -> bool:
        """Return whether a card has left, at any time since its last read."""
        silent_s = now_s - max(state.last_read_s, self._opened_s)
        return state.has_left or (not self._is_polled and silent_s >= self._hold_s)

    def _retract_tap(self, tap: Tap, state: _CardState, now_s: float) -> CardProblem:
        state.has_left = False
        if tapped_card := self._cards.get(tap.card_id):
            tapped_card.last_tap_s = -inf
        self._tap = None
        self._collision_until_s = now_s + COLLISION_WINDOW_S
        return CardProblem(CardTrouble.TWO_CARDS, self._reader, now_s)

    def _forget_departed(self, now_s: float) -> None:
        """Drop cards that may tap like new ones; above the bound also those read longest ago."""
        for state in self._states():
            state.has_left = self._has_left(state, now_s)
        for card_id, state in list(self._cards.items()):
            may_tap = state.has_left and now_s - state.last_tap_s >= self._same_card_delay_s
            if may_tap or len(self._cards) >= CARDS_MAX:
                del self._cards[card_id]


class Scans:
    """Decides which reads of a scanner for goods count: each barcode, however soon after another.

    The same one counts again once it was not read for `hold_ms`: until then a scanner that repeats
    has read the same good.
    """

    def __init__(self, reader: str, hold_ms: int) -> None:
        self._reader = reader
        self._hold_s = hold_ms / 1000
        self._last_read: tuple[CardId | CardTrouble, float] | None = None

    def barcode_read(self, barcode: CardId | CardTrouble, now_s: float) -> Tap | CardProblem | None:
        """Return what a read means for the till: a barcode as a tap, a problem, or nothing new."""
        last_read, self._last_read = self._last_read, (barcode, now_s)
        if last_read and last_read[0] == barcode and now_s - last_read[1] < self._hold_s:
            return None
        if isinstance(barcode, CardTrouble):
            return CardProblem(barcode, self._reader, now_s)
        return Tap(barcode, self._reader, now_s)


class Misreads:
    """Decides when the customer is asked to tap once more, because a read failed.

    A bad frame is no failed tap when a good frame is near: up to `hold_ms` before it, where the
    card still lies there, or up to `MISREAD_S` after it. A poll without an answer is no bad frame.
    """

    def __init__(self, reader: str, hold_ms: int) -> None:
        self._reader = reader
        self._hold_s = hold_ms / 1000
        self._last_frame_s = -inf
        self._bad_frame_s: float | None = None

    def record_frames(self, frames: Sequence[AnyFrame], now_s: float) -> None:
        """Record the frames of one read."""
        for frame in frames:
            if isinstance(frame, Frame):
                self._last_frame_s, self._bad_frame_s = now_s, None
            elif isinstance(frame, BadFrame) and frame.fault is not Fault.NO_ANSWER:
                is_present = now_s - self._last_frame_s <= self._hold_s
                self._bad_frame_s = None if is_present else self._bad_frame_s or now_s

    def due_report(self, now_s: float, *, is_garbled: bool) -> Misread | None:
        """Return the misread to report now, if any.

        Nothing is reported of a line that `is_garbled`, which the screen explains otherwise.
        """
        if self._bad_frame_s is None or now_s - self._bad_frame_s < MISREAD_S:
            return None
        self._bad_frame_s = None
        return None if is_garbled else Misread(self._reader, now_s)


def presence_problems(hold_ms: int, same_card_delay_ms: int) -> list[str]:
    """Return a sentence for each of the two times that is out of bounds."""
    return [
        f"{name}: {value} is not within {low} to {high}"
        for name, value, low, high in (
            ("hold_ms", hold_ms, HOLD_MS_MIN, HOLD_MS_MAX),
            ("same_card_delay_ms", same_card_delay_ms, 0, SAME_CARD_DELAY_MS_MAX),
        )
        if not low <= value <= high
    ]
