"""Look-ups of the cached and the live customer, and who learns of the answer."""

from collections.abc import Sequence

import pytest
from tests.customer_cache.conftest import snapshot

from taptill.domain.card_id import CardId
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Ambiguous, Found, LookupResult, NotFound, Unreachable
from taptill.lookup.find import Lookup

ADA = CardId("04A7")
SEEN = snapshot()


class FakeSource:
    """Returns the same result for every card; records what it is asked and shown."""

    def __init__(self, finding: LookupResult) -> None:
        self.finding = finding
        self.requests: list[CardId] = []
        self.calls: list[str] = []
        self.learnt: list[tuple[CardId, CardId | None]] = []

    async def find(self, card_id: CardId) -> LookupResult:
        self.requests.append(card_id)
        return self.finding

    def learn_spelling(self, card_id: CardId, customer_card: CardId | None) -> None:
        self.learnt.append((card_id, customer_card))

    def store(self, snapshots: list[Snapshot]) -> None:
        self.calls += ["kept" for snapshot in snapshots if snapshot == SEEN]

    async def sighted(self, snapshots: Sequence[Snapshot]) -> None:
        assert list(snapshots) == [SEEN]
        self.calls.append("compared")


def lookup(cache: FakeSource, live: FakeSource) -> Lookup:
    return Lookup(cache, live, cache, cache.sighted)


async def test_the_cached_customer_comes_without_asking_the_backend() -> None:
    cache, live = FakeSource(Found(SEEN, 60.0)), FakeSource(Unreachable())
    assert await lookup(cache, live).cached(ADA) == Found(SEEN, 60.0)
    assert (cache.requests, live.requests, cache.calls) == ([ADA], [], [])


async def test_a_live_customer_is_kept_before_settlement_compares_the_mark() -> None:
    cache, live = FakeSource(Unreachable()), FakeSource(Found(SEEN, 0.0))
    assert await lookup(cache, live).live(ADA) == Found(SEEN, 0.0)
    assert (cache.requests, live.requests) == ([], [ADA])
    assert cache.calls == ["kept", "compared"]


@pytest.mark.parametrize("finding", [NotFound(), Ambiguous(), Unreachable()], ids=str)
async def test_without_one_customer_nobody_is_told(finding: LookupResult) -> None:
    cache = FakeSource(Unreachable())
    assert await lookup(cache, FakeSource(finding)).live(ADA) == finding
    assert cache.calls == []


@pytest.mark.parametrize(
    ("finding", "customer_card"),
    [(Found(SEEN, 0.0), ADA), (NotFound(), None)],
    ids=["found", "nobody"],
)
async def test_the_cache_learns_of_live_answers_how_cards_are_compared(
    finding: LookupResult, customer_card: CardId | None
) -> None:
    cache, card_id = FakeSource(Unreachable()), CardId("04a7 ")
    await lookup(cache, FakeSource(finding)).live(card_id)
    assert cache.learnt == [(card_id, customer_card)]


async def test_no_answer_teaches_nothing() -> None:
    cache = FakeSource(Unreachable())
    for finding in (Unreachable(), Ambiguous()):
        await lookup(cache, FakeSource(finding)).live(ADA)
    assert cache.learnt == []
