"""Customers by name in memory, over the finder of a shop."""

from collections.abc import Sequence

from tests.fakes.finder import FakeFinder

from taptill.domain.decision import Found, LookupResult, NotFound, Unreachable
from taptill.domain.people.names import NameIndex


class FakePeople:
    """Fits `checkout.ports.PeopleFinder`; `finder` says what cache and backend know by card."""

    def __init__(self, finder: FakeFinder) -> None:
        self._finder = finder
        self.asked: list[int] = []

    async def names(self) -> NameIndex:
        """Return the names of all whom the cache knows."""
        customers = [found.snapshot.customer for found in self._known().values()]
        return NameIndex((one.id, one.name, one.external_id) for one in customers)

    def by_ids(self, customer_ids: Sequence[int]) -> list[Found]:
        """Return whom the cache knows of these."""
        known = self._known()
        return [known[customer_id] for customer_id in customer_ids if customer_id in known]

    async def live(self, customer_id: int) -> LookupResult:
        """Ask the backend for the customer of an id, whatever card they have."""
        self.asked.append(customer_id)
        if self._finder.offline:
            return Unreachable()
        there = self._of_id(self._finder.there)
        return there.get(customer_id, NotFound())

    def _known(self) -> dict[int, Found]:
        return self._of_id(self._finder.known)

    @staticmethod
    def _of_id(results: dict[str, LookupResult]) -> dict[int, Found]:
        found = [result for result in results.values() if isinstance(result, Found)]
        return {one.snapshot.customer.id: one for one in found if not one.gone}
