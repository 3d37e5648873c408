"""The page of F3: a customer is found by name, and chosen as if the card had been tapped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from taptill.checkout.pages.page import (
    BACK_TO_SALE,
    PageRow,
    PageTraits,
    PageView,
    PersonName,
    Phrase,
    TextField,
    Tone,
    Turn,
    moved,
    phrase,
)

if TYPE_CHECKING:
    from taptill.checkout.ports import PeopleFinder
    from taptill.domain.card_id import CardId
    from taptill.domain.decision import Found
    from taptill.domain.people.names import NameIndex

ROWS_MAX = 50
"""So many customers are listed; more letters find the others."""

_TEXT = TextField(length_max=40, allowed="")


@dataclass(frozen=True, kw_only=True)
class FindCustomer:
    """Lists whom the text that was typed fits; `choose` is called with the one chosen.

    `name` is the page's name in the texts, `more_head` stands above the count. `take` is called
    with a card that was tapped; without it a card closes the list. Both are given the way back
    here. `index` is None while the names are read.
    """

    people: PeopleFinder
    choose: Callable[[Found, Turn], Turn]
    name: str = "find"
    take: Callable[[CardId, Turn], Turn] | None = None
    more_head: tuple[PageRow, ...] = ()
    back: Turn = BACK_TO_SALE
    text: TextField = _TEXT
    index: NameIndex | None = field(default=None, compare=False)
    found: tuple[Found, ...] = ()
    chosen: int = 0
    notice: Phrase | None = None

    @cached_property
    def view(self) -> PageView:
        """Return the customers whom the text fits."""
        return PageView(
            name=self.name,
            head=(*self.more_head, PageRow((self._count,))),
            rows=tuple(map(_row, self.found)),
            chosen=self.chosen if self.found else None,
            field=phrase("page.name"),
            typed=self.text.text,
            notice=self.notice,
            keys=("choose", "go-on", "esc-back"),
        )

    @property
    def traits(self) -> PageTraits:
        """Return that a card is for this page, or closes it and goes to the sale."""
        take = self.take
        if take is None:
            return PageTraits(yields=True)
        return PageTraits(
            on_card=lambda card_id: take(card_id, self._here),
            on_trouble=lambda trouble: Turn(
                replace(self, notice=phrase(f"trouble.{trouble}.cashier"))
            ),
        )

    @property
    def _here(self) -> Turn:
        page = replace(self, notice=None)
        return Turn(page) if self.index else finding(page)

    @property
    def _count(self) -> Phrase:
        if self.index is None:
            return phrase("page.reading-names")
        if not self.text.text.strip():
            return phrase("page.names", count=len(self.index))
        key = "page.found-more" if len(self.found) == ROWS_MAX else "page.found"
        return phrase(key, count=len(self.found))

    def press(self, key: str) -> Turn:
        """Type a name, choose a customer, or go back."""
        if key == "escape":
            return self.back
        if (chosen := moved(self.chosen, key, len(self.found))) is not None and self.found:
            return Turn(replace(self, chosen=chosen, notice=None))
        if key == "enter" and self.found:
            return self.choose(self.found[self.chosen], self._here)
        text = self.text.press(key)
        if text is None or self.index is None:
            return Turn(replace(self, notice=phrase("page.type-name")))
        found = tuple(self.people.by_ids(self.index.find(text.text, ROWS_MAX)))
        return Turn(replace(self, text=text, found=found, chosen=0, notice=None))


def finding(page: FindCustomer) -> Turn:
    """Return the turn that shows the page and reads the names."""

    async def read() -> Turn:
        return Turn(replace(page, index=await page.people.names()))

    return Turn(page, read, reads=True)


def _row(found: Found) -> PageRow:
    customer = found.snapshot.customer
    state = phrase("customer.blocked") if customer.blocked else ""
    cells = (PersonName(customer.name), customer.company, customer.external_id, state)
    return PageRow(cells, Tone.CAREFUL if customer.blocked else Tone.PLAIN)
