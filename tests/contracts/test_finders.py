"""The contract of a finder, kept by the fake one and by the cache beside a live source."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from tests.domain.samples import ADA, DORA, known, snapshot
from tests.fakes.clock import FakeClock
from tests.fakes.finder import FakeFinder

from taptill.checkout.ports import Finder
from taptill.customer_cache.cache import CustomerCache
from taptill.domain.card_id import CardId
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Ambiguous, Found, LookupResult, NotFound, Unreachable
from taptill.lookup.find import Lookup

NOBODY = CardId("DEADBEEF00")
Make = Callable[[dict[str, LookupResult]], Finder]


class FakeLiveSource:
    """A live source that knows these customers."""

    def __init__(self, results_by_card: dict[str, LookupResult]) -> None:
        self._findings = results_by_card

    async def find(self, card_id: CardId) -> LookupResult:
        """Answer at once."""
        return self._findings.get(card_id, NotFound())


async def _nobody_listens(_: Sequence[Snapshot]) -> None:
    """Stand for settlement."""


@pytest.fixture(params=["fake", "lookup"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Return a maker of finders whose cache knows Ada and whose backend has the given customers."""
    cache = CustomerCache(tmp_path / "cache.db", FakeClock(), frozenset({"name", "company"}))
    cache.store([snapshot(ADA)])

    def fake(results_by_card: dict[str, LookupResult]) -> Finder:
        finder = FakeFinder()
        finder.known[ADA.card_id] = known(ADA)
        finder.there, finder.takes_s = results_by_card, 0.0
        return finder

    def lookup(results_by_card: dict[str, LookupResult]) -> Finder:
        return Lookup(cache, FakeLiveSource(results_by_card), cache, _nobody_listens)

    yield fake if request.param == "fake" else lookup
    cache.close()


async def test_the_cache_answers_with_the_customer_it_knows(make: Make) -> None:
    result = await make({}).cached(ADA.card_id)
    assert isinstance(result, Found)
    assert (result.snapshot.customer, result.snapshot.total) == (ADA, snapshot(ADA).total)
    assert (result.age_s, result.gone) == (0.0, False)


async def test_a_card_that_the_cache_does_not_know_is_no_proof_that_nobody_has_it(
    make: Make,
) -> None:
    assert await make({}).cached(NOBODY) == Unreachable()


ANSWERS: dict[str, LookupResult] = {
    "a customer": known(DORA),
    "two customers": Ambiguous(),
    "no answer": Unreachable(),
    "nobody": NotFound(),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_the_backend_s_answer_is_passed_on(make: Make, answer: LookupResult) -> None:
    assert await make({DORA.card_id: answer}).live(DORA.card_id) == answer
