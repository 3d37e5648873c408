"""A card office in memory, over the finder of a shop, whose cards it changes."""

import asyncio
from dataclasses import replace

from tests.fakes.finder import FakeFinder
from tests.fakes.journal import FakeBooks

from taptill.domain.card_id import CardId, is_spelled_alike
from taptill.domain.cards.change import (
    CardAct,
    CardChange,
    CardRefusal,
    FreeCard,
    attempt_draft,
    outcome_draft,
)
from taptill.domain.customer import Customer
from taptill.domain.decision import Found, LookupResult, NotFound

RANDOM_START = "08"


class FakeCardOffice:
    """Fits `checkout.ports.CardOffice`: backend and cache are those of the finder.

    The next answer is `refusal`, where there is one; each takes `takes_s`. With UNKNOWN a change is
    made all the same if `lands`.
    """

    def __init__(self, finder: FakeFinder, books: FakeBooks) -> None:
        self._finder = finder
        self._books = books
        self.refusal: CardRefusal | None = None
        self.lands = False
        self.takes_s = 0.05
        self.changes: list[CardChange] = []

    async def customer(self, customer_id: int) -> Customer | CardRefusal:
        """Return the customer of an id."""
        await asyncio.sleep(self.takes_s)
        if refusal := self._refused():
            return refusal
        found = self._of_id(customer_id)
        return _person(found) if found else CardRefusal.GONE

    async def owner(self, card_id: CardId) -> Customer | FreeCard | CardRefusal:
        """Return who has a card."""
        await asyncio.sleep(self.takes_s)
        if refusal := self._refused():
            return refusal
        found = self._of_card(card_id)
        if found:
            return _person(found)
        return CardRefusal.RANDOM if card_id.startswith(RANDOM_START) else FreeCard(card_id)

    async def change(self, change: CardChange) -> CardRefusal | None:
        """Change what finder, cache and backend say of a customer."""
        found = self._of_id(change.customer.id)
        before = self._before(change, found)
        if before or found is None:
            await asyncio.sleep(self.takes_s)
            return before
        await self._books.append([attempt_draft(change)])
        await asyncio.sleep(self.takes_s)
        refusal = self._refused()
        if refusal is None or (refusal is CardRefusal.UNKNOWN and self.lands):
            self._apply(change, found)
        await self._books.append([outcome_draft(change, refusal)])
        if refusal is None:
            self.changes.append(change)
        return refusal

    def _before(self, change: CardChange, found: Found | None) -> CardRefusal | None:
        if found is None:
            return CardRefusal.GONE
        if not change.is_shown_as(found.snapshot.customer):
            return CardRefusal.CHANGED
        if change.card_id and self._of_card(change.card_id):
            return CardRefusal.TAKEN
        return None

    def _apply(self, change: CardChange, found: Found) -> None:
        snapshot = replace(found.snapshot, customer=change.after)
        for rows in (self._finder.there, self._finder.known):
            rows.pop(change.customer.card_id, None)
            if change.act is CardAct.REPLACE and rows is self._finder.there:
                rows[change.customer.card_id] = NotFound()
            rows[change.after.card_id] = Found(snapshot, 0.0)

    def _refused(self) -> CardRefusal | None:
        if self._finder.offline:
            return CardRefusal.NO_ANSWER
        refusal, self.refusal = self.refusal, None
        return refusal

    def _of_id(self, customer_id: int) -> Found | None:
        found = [one for one in self._finder.there.values() if isinstance(one, Found)]
        return next((one for one in found if one.snapshot.customer.id == customer_id), None)

    def _of_card(self, card_id: CardId) -> Found | None:
        rows: dict[str, LookupResult] = self._finder.there
        alike = (rows[card] for card in rows if is_spelled_alike(card, card_id))
        return next((one for one in alike if isinstance(one, Found)), None)


def _person(found: Found) -> Customer | CardRefusal:
    customer = found.snapshot.customer
    return CardRefusal.SYSTEM if customer.is_default else customer
