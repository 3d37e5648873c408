"""The look-up of a customer who was chosen by name: in the cache, at the backend by the id."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from taptill.domain.customer import Snapshot
from taptill.domain.decision import Found, LookupResult
from taptill.domain.people.names import NameIndex
from taptill.lookup.find import SnapshotStore


class CachedPeople(Protocol):
    """The cache as this look-up needs it; neither method raises."""

    async def names(self) -> NameIndex:
        """Return the names of all customers that the cache knows."""

    def by_ids(self, customer_ids: Sequence[int]) -> list[Found]:
        """Return the customers of these ids whom the cache knows, in their order."""


class PeopleLookup:
    """Finds customers by name in the cache; cache and settlement see every live row.

    `ask` returns what the backend says of an id; it never raises.
    """

    def __init__(
        self,
        cache: CachedPeople,
        ask: Callable[[int], Awaitable[LookupResult]],
        store: SnapshotStore,
        on_snapshots: Callable[[Sequence[Snapshot]], Awaitable[None]],
    ) -> None:
        self._cache = cache
        self._ask = ask
        self._store = store
        self._on_snapshots = on_snapshots

    async def names(self) -> NameIndex:
        """Return the names of all customers that the cache knows."""
        return await self._cache.names()

    def by_ids(self, customer_ids: Sequence[int]) -> list[Found]:
        """Return the customers of these ids whom the cache knows, in their order."""
        return self._cache.by_ids(customer_ids)

    async def live(self, customer_id: int) -> LookupResult:
        """Return what the backend says of a customer, however long that takes."""
        answer = await self._ask(customer_id)
        if isinstance(answer, Found):
            self._store.store([answer.snapshot])
            await self._on_snapshots([answer.snapshot])
        return answer
