"""A card id in, the cached or the live customer out, and whoever must know is told."""

import pytest
from tests.customer_cache.conftest import snapshot

from taptill.domain.card_id import CardId
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Absent, Ambiguous, Finding, Known, Unreachable
from taptill.lookup.find import Lookup

ADA = CardId("04A7")
SEEN = snapshot()


class Source:
    """Answers every card alike; keeps and remembers what it is shown."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        self.asked: list[CardId] = []
        self.told: list[str] = []
        self.learnt: list[tuple[CardId, CardId | None]] = []

    async def find(self, card_id: CardId) -> Finding:
        self.asked.append(card_id)
        return self.finding

    def learn_spelling(self, asked: CardId, held: CardId | None) -> None:
        self.learnt.append((asked, held))

    def keep(self, snapshots: list[Snapshot]) -> None:
        self.told += ["kept" for one in snapshots if one == SEEN]

    async def sighted(self, seen: Snapshot) -> None:
        assert seen == SEEN
        self.told.append("compared")


def lookup(cached: Source, live: Source) -> Lookup:
    return Lookup(cached, live, cached, cached.sighted)


async def test_the_cached_customer_comes_without_asking_the_backend() -> None:
    cached, live = Source(Known(SEEN, 60.0)), Source(Unreachable())
    assert await lookup(cached, live).cached(ADA) == Known(SEEN, 60.0)
    assert (cached.asked, live.asked, cached.told) == ([ADA], [], [])


async def test_a_live_customer_is_kept_before_settlement_compares_the_mark() -> None:
    cached, live = Source(Unreachable()), Source(Known(SEEN, 0.0))
    assert await lookup(cached, live).live(ADA) == Known(SEEN, 0.0)
    assert (cached.asked, live.asked) == ([], [ADA])
    assert cached.told == ["kept", "compared"]


@pytest.mark.parametrize("finding", [Absent(), Ambiguous(), Unreachable()], ids=str)
async def test_without_one_customer_nobody_is_told(finding: Finding) -> None:
    cached = Source(Unreachable())
    assert await lookup(cached, Source(finding)).live(ADA) == finding
    assert cached.told == []


@pytest.mark.parametrize(
    ("finding", "held"), [(Known(SEEN, 0.0), ADA), (Absent(), None)], ids=["found", "nobody"]
)
async def test_the_cache_learns_of_live_answers_how_cards_are_compared(
    finding: Finding, held: CardId | None
) -> None:
    cached, asked = Source(Unreachable()), CardId("04a7 ")
    await lookup(cached, Source(finding)).live(asked)
    assert cached.learnt == [(asked, held)]


async def test_no_answer_teaches_nothing() -> None:
    cached = Source(Unreachable())
    for finding in (Unreachable(), Ambiguous()):
        await lookup(cached, Source(finding)).live(ADA)
    assert cached.learnt == []
