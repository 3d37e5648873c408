"""Card id in, finding out: what the cache knows, what the backend says, and who is told."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from taptill.domain.card_id import CardId
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Found, LookupResult, NotFound


class CustomerSource(Protocol):
    """Somewhere customers can be found by card: the backend, or the cache."""

    async def find(self, card_id: CardId) -> LookupResult:
        """Give the one customer of the card, or why there is none; never raises."""


class SnapshotStore(Protocol):
    """Where fresh sights are kept."""

    def store(self, snapshots: list[Snapshot]) -> None:
        """Keep these rows as seen now; an older stamp never replaces a newer one."""

    def learn_spelling(self, card_id: CardId, customer_card: CardId | None) -> None:
        """Learn how the backend compares cards: `held` has the customer found, None: nobody."""


class Lookup:
    """Two sources of one port; every live sight goes into the cache and to settlement."""

    def __init__(
        self,
        cache: CustomerSource,
        backend: CustomerSource,
        store: SnapshotStore,
        on_snapshot: Callable[[Snapshot], Awaitable[None]],
    ) -> None:
        self._cache = cache
        self._backend = backend
        self._store = store
        self._on_snapshot = on_snapshot

    async def cached(self, card_id: CardId) -> LookupResult:
        """Answer at once from the cache."""
        return await self._cache.find(card_id)

    async def live(self, card_id: CardId) -> LookupResult:
        """Ask the backend; as long as that takes."""
        finding = await self._backend.find(card_id)
        if isinstance(finding, NotFound):
            self._store.learn_spelling(card_id, None)
        if isinstance(finding, Found):
            self._store.learn_spelling(card_id, finding.snapshot.customer.card_id)
            self._store.store([finding.snapshot])
            await self._on_snapshot(finding.snapshot)
        return finding
