"""The contract of a finder, held by the fake one and by the cache beside a live source."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.domain.samples import ADA, DORA, known, snapshot
from tests.fakes.clock import FakeClock
from tests.fakes.finder import FakeFinder

from taptill.checkout.ports import Finder
from taptill.customer_cache.cache import CustomerCache
from taptill.domain.card_id import CardId
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Absent, Ambiguous, Finding, Known, Unreachable
from taptill.lookup.find import Lookup

NOBODY = CardId("DEADBEEF00")
Make = Callable[[dict[str, Finding]], Finder]


class Backend:
    """A live source that knows what it was told."""

    def __init__(self, there: dict[str, Finding]) -> None:
        self._there = there

    async def find(self, card_id: CardId) -> Finding:
        """Answer at once."""
        return self._there.get(card_id, Absent())


async def _nobody_listens(_: Snapshot) -> None:
    """Stand for settlement."""


@pytest.fixture(params=["fake", "lookup"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Give a maker of finders whose cache knows Ada, and whose backend is as told."""
    cache = CustomerCache(tmp_path / "cache.db", FakeClock(), frozenset({"name", "company"}))
    cache.keep([snapshot(ADA)])

    def fake(there: dict[str, Finding]) -> Finder:
        finder = FakeFinder()
        finder.known[ADA.card_id] = known(ADA)
        finder.there, finder.takes_s = there, 0.0
        return finder

    def lookup(there: dict[str, Finding]) -> Finder:
        return Lookup(cache, Backend(there), cache, _nobody_listens)

    yield fake if request.param == "fake" else lookup
    cache.close()


async def test_the_cache_answers_with_the_customer_it_knows(make: Make) -> None:
    found = await make({}).cached(ADA.card_id)
    assert isinstance(found, Known)
    assert (found.snapshot.customer, found.snapshot.total) == (ADA, snapshot(ADA).total)
    assert (found.age_s, found.gone) == (0.0, False)


async def test_a_card_that_the_cache_does_not_know_is_no_proof_that_nobody_has_it(
    make: Make,
) -> None:
    assert await make({}).cached(NOBODY) == Unreachable()


ANSWERS: dict[str, Finding] = {
    "a customer": known(DORA),
    "two customers": Ambiguous(),
    "no answer": Unreachable(),
    "nobody": Absent(),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_the_backend_s_answer_is_passed_on(make: Make, answer: Finding) -> None:
    assert await make({DORA.card_id: answer}).live(DORA.card_id) == answer
