"""A list of which one row is chosen: a menu, reasons, sales, cases."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from taptill.checkout.pages.page import (
    BACK_KEYS,
    BACK_TO_SALE,
    PageRow,
    PageTraits,
    PageView,
    Phrase,
    Turn,
    moved,
    phrase,
)
from taptill.domain.card_id import CardId


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A list; `follow` is called with the index of the row that was chosen, and the way back to it.

    `name` is the page's name in the texts, `head` stands above the list, `back` is where Esc leads.
    `numbered`: the rows, nine at most, bear numbers, and a number chooses at once. `yields`: a
    customer's card closes the page and goes to the sale. `is_last`: a choice is carried out.
    `before_approval`: a second person's card is asked for after the choice; one before it is told
    so.
    `may_leave`: a choice is being carried out, and Esc leads to the sale meanwhile.
    """

    name: str
    rows: tuple[PageRow, ...]
    follow: Callable[[int, Turn], Turn]
    head: tuple[PageRow, ...] = ()
    back: Turn = BACK_TO_SALE
    numbered: bool = False
    yields: bool = False
    is_last: bool = False
    before_approval: bool = False
    may_leave: bool = False
    chosen: int = 0
    notice: Phrase | None = None

    @property
    def view(self) -> PageView:
        """Return the rows."""
        rows = self.rows
        if self.numbered:
            rows = tuple(
                replace(row, cells=(str(number), *row.cells)) for number, row in enumerate(rows, 1)
            )
        enter = "confirm" if self.is_last else "go-on"
        return PageView(
            name=self.name,
            head=self.head,
            rows=rows,
            chosen=self.chosen if rows else None,
            notice=self.notice or (None if rows else phrase("page.empty")),
            keys=("choose", enter, "esc-back") if rows else ("esc-back",),
        )

    @property
    def traits(self) -> PageTraits:
        """Return that a number acts at once."""
        return PageTraits(
            on_card=self._take_card if self.before_approval else None,
            yields=self.yields,
            acts_on_key=self.numbered,
            acts_on_enter=self.is_last,
            may_leave=self.may_leave,
        )

    def press(self, key: str) -> Turn:
        """Choose a row by its number, or by cursor keys and Enter; Esc leads back."""
        if key in BACK_KEYS:
            return self.back
        if (chosen := moved(self.chosen, key, len(self.rows))) is not None:
            return Turn(replace(self, chosen=chosen, notice=None))
        if key == "enter" and self.rows:
            return self.choose(self.chosen)
        number = int(key) if self.numbered and len(key) == 1 and key in "123456789" else 0
        if 0 < number <= len(self.rows):
            return self.choose(number - 1)
        if not self.rows:
            return Turn(self)
        how = "page.choose" if self.numbered else "page.choose-row"
        return Turn(replace(self, notice=phrase(how)))

    def _take_card(self, _: CardId) -> Turn:
        return Turn(replace(self, notice=phrase("page.card-later")))

    def choose(self, at: int) -> Turn:
        """Return what follows when a row is chosen."""
        return self.follow(at, Turn(replace(self, chosen=at, notice=None)))


def reason_words(reason: str) -> Phrase:
    """Return the screen's words for a reason of a list, which the journal has in English."""
    return phrase(f"why.{reason.replace(' ', '-')}")


def reasons(name: str, texts: Sequence[str], follow: Callable[[str], Turn], back: Turn) -> Choices:
    """Return a list of reasons, as the journal has them; `follow` is called with the one chosen."""
    return Choices(
        name=name,
        rows=tuple(PageRow((reason_words(text),)) for text in texts),
        follow=lambda at, _: follow(texts[at]),
        back=back,
        numbered=True,
        is_last=True,
    )


def answered(turn: Turn, notice: Phrase) -> Turn:
    """Return a turn to a list, with an answer on it."""
    page = turn.page
    return Turn(replace(page, notice=notice)) if isinstance(page, Choices) else turn
