"""A customer by id: the cache at once, the backend's row for cache and settlement."""

from collections.abc import Sequence

import pytest
from tests.domain.samples import ADA, known, snapshot

from taptill.domain.customer import Snapshot
from taptill.domain.decision import Found, LookupResult, NotFound, Unreachable
from taptill.domain.people.names import NameIndex
from taptill.lookup.people import PeopleLookup


class Keeping:
    """A cache that knows Ada, and keeps what it is given."""

    def __init__(self) -> None:
        self.stored: list[Snapshot] = []

    async def names(self) -> NameIndex:
        return NameIndex([(ADA.id, ADA.name, "")])

    def by_ids(self, customer_ids: Sequence[int]) -> list[Found]:
        return [known(ADA) for customer_id in customer_ids if customer_id == ADA.id]

    def store(self, snapshots: list[Snapshot]) -> None:
        self.stored += snapshots

    def learn_spelling(self, card_id: object, customer_card: object) -> None:
        del card_id, customer_card
        raise AssertionError("no card was asked for")


@pytest.mark.parametrize("answer", [Found(snapshot(ADA), 0.0), NotFound(), Unreachable()])
async def test_a_row_that_the_backend_shows_is_kept_and_compared(answer: LookupResult) -> None:
    cache = Keeping()
    seen: list[Snapshot] = []

    async def listen(snapshots: Sequence[Snapshot]) -> None:
        seen.extend(snapshots)

    async def ask(customer_id: int) -> LookupResult:
        assert customer_id == ADA.id
        return answer

    people = PeopleLookup(cache, ask, cache, listen)
    assert (await people.names()).find("ada", 1) == [ADA.id]
    assert [found.snapshot.customer for found in people.by_ids([ADA.id])] == [ADA]
    assert await people.live(ADA.id) == answer
    expected = [answer.snapshot] if isinstance(answer, Found) else []
    assert cache.stored == seen == expected
