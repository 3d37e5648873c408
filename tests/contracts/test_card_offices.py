"""The contract of what changes cards, kept by the fake one and by the desk beside a service."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from tests.checkout.cards.card_office import FakeCardOffice
from tests.domain.samples import ADA, known
from tests.fakes.clock import FakeClock
from tests.fakes.finder import FakeFinder
from tests.fakes.journal import FakeBooks
from tests.fakes.service import RunningService, running_service
from tests.operations.card_site import card_site

from taptill.checkout.ports import CardOffice
from taptill.domain.card_id import CardId
from taptill.domain.cards.change import NO_CARD, CardAct, CardChange, CardRefusal, FreeCard
from taptill.domain.customer import Customer
from taptill.domain.decision import Found
from taptill.domain.entry import Entry, EntryKind

pytestmark = pytest.mark.slow

T = TypeVar("T")
OLD, OTHER, NEW = CardId("A0C0FFEE01"), CardId("A0C0FFEE02"), CardId("A0C0FFEE03")
Work = Callable[[CardOffice, "TwoCustomers"], Awaitable[None]]


class TwoCustomers:
    """Two customers, one with the card OLD and one with OTHER, and the entries that were made."""

    def __init__(self, ids: tuple[int, int], kept: Callable[[], list[Entry]]) -> None:
        self.nell, self.olaf = ids
        self.kept = kept

    @property
    def outcomes(self) -> list[object]:
        """Return what came of each change."""
        return [entry.body.get("outcome") for entry in self.kept()]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with running_service(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(params=["fake", "desk"])
def play(
    request: pytest.FixtureRequest, tmp_path: Path, service: RunningService
) -> Callable[[Work], None]:
    """Return what does something with a card office."""
    return _fake if request.param == "fake" else lambda work: _desk(work, tmp_path, service)


def _fake(work: Work) -> None:
    import asyncio  # noqa: PLC0415

    finder, books = FakeFinder(), FakeBooks(FakeClock())
    for number, card in ((11, OLD), (12, OTHER)):
        finder.there[card] = known(replace(ADA, id=number, name="Nell", card_id=card))
    kinds = {EntryKind.CARD_ATTEMPT, EntryKind.CARD_OUTCOME}
    site = TwoCustomers((11, 12), lambda: [one for one in books.entries if one.kind in kinds])
    asyncio.run(_awaited(work(FakeCardOffice(finder, books), site)))


def _desk(work: Work, folder: Path, service: RunningService) -> None:
    with card_site(folder, service) as site, _two(site) as ids:
        site.at_desk(lambda desk: work(desk.desk, TwoCustomers(ids, desk.kept)))


@contextmanager
def _two(site: object) -> Iterator[tuple[int, int]]:
    from tests.operations.card_site import CardSite  # noqa: PLC0415

    assert isinstance(site, CardSite)
    ids = (site.insert(name="Nell", cardId=OLD), site.insert(name="Olaf", cardId=OTHER))
    try:
        yield ids
    finally:
        for customer in ids:  # the next test has the same cards
            site.update(customer, cardId=None)


async def _awaited(work: Awaitable[T]) -> T:
    return await work


async def person(office: CardOffice, customer_id: int) -> Customer:
    customer = await office.customer(customer_id)
    assert isinstance(customer, Customer), customer
    return customer


async def change(
    office: CardOffice, act: CardAct, customer: Customer, card: CardId = NO_CARD
) -> CardRefusal | None:
    return await office.change(CardChange(act=act, customer=customer, card_id=card, staff="Kim"))


def test_a_card_tells_whose_it_is_and_a_free_one_that_it_is_free(
    play: Callable[[Work], None],
) -> None:
    async def work(office: CardOffice, site: TwoCustomers) -> None:
        owner = await office.owner(OLD)
        assert isinstance(owner, Customer)
        assert (owner.id, owner.card_id) == (site.nell, OLD)
        assert await office.owner(NEW) == FreeCard(NEW)
        assert await office.owner(CardId("08A1B2C3")) is CardRefusal.RANDOM
        assert await office.customer(10**9) is CardRefusal.GONE

    play(work)


def test_a_replaced_card_is_nobody_s_and_the_new_one_is_theirs(
    play: Callable[[Work], None],
) -> None:
    async def work(office: CardOffice, site: TwoCustomers) -> None:
        nell = await person(office, site.nell)
        assert await change(office, CardAct.REPLACE, nell, NEW) is None
        assert (await person(office, site.nell)).card_id == NEW
        assert await office.owner(OLD) == FreeCard(OLD)
        assert site.outcomes == [None, "done"]
        assert {entry.staff for entry in site.kept()} == {"Kim"}

    play(work)


def test_a_block_is_set_and_taken_away(play: Callable[[Work], None]) -> None:
    async def work(office: CardOffice, site: TwoCustomers) -> None:
        for act, after in ((CardAct.BLOCK, True), (CardAct.UNBLOCK, False)):
            assert await change(office, act, await person(office, site.nell)) is None
            assert (await person(office, site.nell)).blocked is after

    play(work)


def test_what_is_not_as_it_was_shown_or_somebody_else_s_is_not_attempted(
    play: Callable[[Work], None],
) -> None:
    async def work(office: CardOffice, site: TwoCustomers) -> None:
        nell = await person(office, site.nell)
        assert await change(office, CardAct.REPLACE, nell, OTHER) is CardRefusal.TAKEN
        shown = replace(nell, blocked=True)
        assert await change(office, CardAct.UNBLOCK, shown) is CardRefusal.CHANGED
        assert site.outcomes == []
        assert (await person(office, site.nell)) == nell

    play(work)


def test_the_fake_one_changes_what_its_finder_says() -> None:
    async def work(office: CardOffice, site: TwoCustomers) -> None:
        await change(office, CardAct.REPLACE, await person(office, site.nell), NEW)
        assert isinstance(office, FakeCardOffice)
        assert isinstance(office._finder.there[NEW], Found)

    _fake(work)
