"""A card id in, the cached or the live customer out, and whoever must know is told."""

import pytest
from tests.customer_cache.conftest import snapshot

from taptill.domain.card_id import CardId
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Ambiguous, Found, LookupResult, NotFound, Unreachable
from taptill.lookup.find import Lookup

ADA = CardId("04A7")
SEEN = snapshot()


class Source:
    """Answers every card alike; keeps and remembers what it is shown."""

    def __init__(self, finding: LookupResult) -> None:
        self.finding = finding
        self.asked: list[CardId] = []
        self.told: list[str] = []
        self.learnt: list[tuple[CardId, CardId | None]] = []

    async def find(self, card_id: CardId) -> LookupResult:
        self.asked.append(card_id)
        return self.finding

    def learn_spelling(self, asked: CardId, held: CardId | None) -> None:
        self.learnt.append((asked, held))

    def store(self, snapshots: list[Snapshot]) -> None:
        self.told += ["kept" for one in snapshots if one == SEEN]

    async def sighted(self, seen: Snapshot) -> None:
        assert seen == SEEN
        self.told.append("compared")


def lookup(cached: Source, live: Source) -> Lookup:
    return Lookup(cached, live, cached, cached.sighted)


async def test_the_cached_customer_comes_without_asking_the_backend() -> None:
    cached, live = Source(Found(SEEN, 60.0)), Source(Unreachable())
    assert await lookup(cached, live).cached(ADA) == Found(SEEN, 60.0)
    assert (cached.asked, live.asked, cached.told) == ([ADA], [], [])


async def test_a_live_customer_is_kept_before_settlement_compares_the_mark() -> None:
    cached, live = Source(Unreachable()), Source(Found(SEEN, 0.0))
    assert await lookup(cached, live).live(ADA) == Found(SEEN, 0.0)
    assert (cached.asked, live.asked) == ([], [ADA])
    assert cached.told == ["kept", "compared"]


@pytest.mark.parametrize("finding", [NotFound(), Ambiguous(), Unreachable()], ids=str)
async def test_without_one_customer_nobody_is_told(finding: LookupResult) -> None:
    cached = Source(Unreachable())
    assert await lookup(cached, Source(finding)).live(ADA) == finding
    assert cached.told == []


@pytest.mark.parametrize(
    ("finding", "held"), [(Found(SEEN, 0.0), ADA), (NotFound(), None)], ids=["found", "nobody"]
)
async def test_the_cache_learns_of_live_answers_how_cards_are_compared(
    finding: LookupResult, held: CardId | None
) -> None:
    cached, asked = Source(Unreachable()), CardId("04a7 ")
    await lookup(cached, Source(finding)).live(asked)
    assert cached.learnt == [(asked, held)]


async def test_no_answer_teaches_nothing() -> None:
    cached = Source(Unreachable())
    for finding in (Unreachable(), Ambiguous()):
        await lookup(cached, Source(finding)).live(ADA)
    assert cached.learnt == []
