"""The look-up of a customer by card: in the cache, at the backend, and who learns of the answer."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from taptill.domain.card_id import CardId
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Found, LookupResult, NotFound


class CustomerSource(Protocol):
    """A source of customers by card: the backend, or the cache."""

    async def find(self, card_id: CardId) -> LookupResult:
        """Return the one customer of the card, or why there is none; never raises."""


class SnapshotStore(Protocol):
    """The cache as a look-up needs it."""

    def store(self, snapshots: list[Snapshot]) -> None:
        """Store these rows as seen now; an older stamp never replaces a newer one."""

    def learn_spelling(self, card_id: CardId, customer_card: CardId | None) -> None:
        """Learn how the backend compares cards.

        `customer_card` is the card of the customer whom it found for `card_id`; None: nobody.
        """


class Lookup:
    """Looks a card up in the cache or at the backend; cache and settlement see every live row."""

    def __init__(
        self,
        cache: CustomerSource,
        backend: CustomerSource,
        store: SnapshotStore,
        on_snapshots: Callable[[Sequence[Snapshot]], Awaitable[None]],
    ) -> None:
        self._cache = cache
        self._backend = backend
        self._store = store
        self._on_snapshots = on_snapshots

    async def cached(self, card_id: CardId) -> LookupResult:
        """Return at once what the cache knows."""
        return await self._cache.find(card_id)

    async def live(self, card_id: CardId) -> LookupResult:
        """Return what the backend says, however long that takes."""
        result = await self._backend.find(card_id)
        if isinstance(result, NotFound):
            self._store.learn_spelling(card_id, None)
        if isinstance(result, Found):
            self._store.learn_spelling(card_id, result.snapshot.customer.card_id)
            self._store.store([result.snapshot])
            await self._on_snapshots([result.snapshot])
        return result
