"""Changes of cards over a real journal, a real cache and a real service: what is said is true."""

import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.domain.samples import ADA
from tests.fakes.proxy import Fault, Reply, fail, lose_reply, lose_request, portal
from tests.fakes.service import RunningService, running_service
from tests.operations.card_site import KINDS, CardSite, OpenDesk, card_site

from taptill.backend.staff.client import StaffClient
from taptill.domain.card_id import CardId
from taptill.domain.cards.change import CardAct, CardChange, CardRefusal, FreeCard
from taptill.domain.customer import Customer
from taptill.domain.decision import Found, Unreachable
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.money import Money
from taptill.journal.file import entries
from taptill.journal.queries import JournalQueries
from taptill.operations.card_desk import CardDesk

pytestmark = pytest.mark.slow

_numbers = count(1)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with running_service(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, service: RunningService) -> Iterator[CardSite]:
    with card_site(tmp_path, service) as new_site:
        yield new_site


@pytest.fixture
def old() -> str:
    """Return a card that nobody had before."""
    return f"A0FEED{next(_numbers):04}"


@pytest.fixture
def new() -> str:
    """Return another one."""
    return f"B0FEED{next(_numbers):04}"


@pytest.fixture
def nell(site: CardSite, old: str) -> int:
    """Return the id of a customer with the card `old`, who owes 1.00."""
    return site.insert(name="Nell Newcard", cardId=old, totalDebt=1, isCreditAllowed=True)


def answer(status: int, code: str) -> Fault:
    """Answer an update with an error of the service, without doing anything."""
    return lambda _, __: (
        status,
        "application/json",
        json.dumps({"error": {"code": code}}).encode(),
    )


def test_a_card_is_replaced_here_and_there_and_who_did_it_is_kept(
    site: CardSite, nell: int, old: str, new: str
) -> None:
    async def replace(open_desk: OpenDesk) -> None:
        assert await open_desk.change(CardAct.REPLACE, nell, new) is None
        assert await open_desk.finds(old) == Unreachable()
        found = await open_desk.finds(new)
        assert isinstance(found, Found)
        assert (found.snapshot.customer.id, found.snapshot.debt) == (nell, Money(100))
        assert open_desk.seen[-1].customer.card_id == new
        attempt, outcome = open_desk.kept()
        assert (attempt.kind, attempt.staff, attempt.customer_id) == (
            EntryKind.CARD_ATTEMPT,
            "Kim",
            nell,
        )
        assert outcome.body == {**attempt.body, "outcome": "done"}
        assert {old, new}.isdisjoint(json.dumps([attempt.body, outcome.body]).split('"'))

    site.at_desk(replace)
    assert site.now(nell) == {"cardId": new, "isBlocked": False, "totalDebt": 1}
    assert site.audited(nell) == [("Kim", ["cardId"])]


def test_a_first_card_is_bound(site: CardSite, new: str) -> None:
    cardless = site.insert(name="Cara Cardless")
    assert site.at_desk(lambda desk: desk.change(CardAct.BIND, cardless, new)) is None
    assert site.now(cardless)["cardId"] == new


def test_a_customer_is_blocked_and_let_in(site: CardSite, nell: int, old: str) -> None:
    async def both(open_desk: OpenDesk) -> list[bool]:
        blocks = []
        for act in (CardAct.BLOCK, CardAct.UNBLOCK):
            assert await open_desk.change(act, nell) is None
            found = await open_desk.finds(old)
            assert isinstance(found, Found)
            blocks.append(found.snapshot.customer.blocked)
        return blocks

    assert site.at_desk(both) == [True, False]
    assert site.audited(nell) == [("Kim", ["isBlocked"])] * 2


def test_whose_a_card_is(site: CardSite, nell: int, old: str, new: str) -> None:
    async def look(open_desk: OpenDesk) -> None:
        owner = await open_desk.desk.owner(CardId(old))
        assert isinstance(owner, Customer)
        assert owner.id == nell
        assert await open_desk.desk.owner(CardId(new)) == FreeCard(CardId(new))
        assert await open_desk.desk.owner(CardId("08A1B2C3")) is CardRefusal.RANDOM
        assert await open_desk.desk.owner(CardId("88A1B2C3")) is CardRefusal.RANDOM
        assert await open_desk.desk.owner(CardId("00000000")) is CardRefusal.RANDOM
        assert await open_desk.desk.owner(CardId("E5D0C0FFEE")) is CardRefusal.SYSTEM
        assert await open_desk.desk.customer(10**9) is CardRefusal.GONE

    site.at_desk(look)


def test_money_that_a_till_sends_meanwhile_is_not_overwritten(
    site: CardSite, nell: int, new: str
) -> None:
    """The row changes between our read and our update: it is read again, and the card changed."""

    def sold(_: str, forward: Callable[[], Reply]) -> Reply:
        site.update(nell, totalDebt=4.2)
        return forward()

    site.network.once["update"] = [sold]
    assert site.at_desk(lambda desk: desk.change(CardAct.REPLACE, nell, new)) is None
    assert site.network.count("update") == 2
    assert site.now(nell) == {"cardId": new, "isBlocked": False, "totalDebt": 4.2}


def test_a_card_that_another_supervisor_has_changed_meanwhile_stays(
    site: CardSite, nell: int, new: str
) -> None:
    other = f"{new}77"

    def changed(_: str, forward: Callable[[], Reply]) -> Reply:
        site.update(nell, cardId=other)
        return forward()

    async def replace(open_desk: OpenDesk) -> None:
        assert await open_desk.change(CardAct.REPLACE, nell, new) is CardRefusal.CHANGED
        assert [entry.body.get("outcome") for entry in open_desk.kept()] == [None, "changed"]

    site.network.once["update"] = [changed]
    site.at_desk(replace)
    assert site.now(nell)["cardId"] == other


def test_what_was_shown_before_counts_no_more(site: CardSite, nell: int, new: str) -> None:
    async def late(open_desk: OpenDesk) -> None:
        shown = await open_desk.customer(nell)
        site.update(nell, isBlocked=True)
        change = CardChange(act=CardAct.REPLACE, customer=shown, card_id=CardId(new), staff="Kim")
        assert await open_desk.desk.change(change) is CardRefusal.CHANGED
        assert open_desk.kept() == []

    site.at_desk(late)


def test_a_card_of_another_customer_is_not_bound(
    site: CardSite, nell: int, old: str, new: str
) -> None:
    site.insert(name="Olaf Owner", cardId=new)
    assert site.at_desk(lambda desk: desk.change(CardAct.REPLACE, nell, new)) is CardRefusal.TAKEN
    assert site.now(nell)["cardId"] == old


NOTHING_DONE: dict[str, tuple[Fault, CardRefusal]] = {
    "the token may not": (answer(403, "forbidden"), CardRefusal.DENIED),
    "the token is revoked": (answer(401, "unauthorised"), CardRefusal.DENIED),
    "another till was faster": (answer(409, "card-taken"), CardRefusal.TAKEN),
    "the server refuses": (answer(422, "limit"), CardRefusal.REFUSED),
    "there is no such thing": (answer(404, "not-found"), CardRefusal.REFUSED),
}


@pytest.mark.parametrize(("fault", "refusal"), NOTHING_DONE.values(), ids=NOTHING_DONE)
def test_what_was_not_done_is_said_and_the_old_card_buys_as_before_when(
    site: CardSite, nell: int, old: str, new: str, fault: Fault, refusal: CardRefusal
) -> None:
    async def replace(open_desk: OpenDesk) -> None:
        assert await open_desk.change(CardAct.REPLACE, nell, new) is refusal
        found = await open_desk.finds(old)
        assert isinstance(found, Found)
        assert found.snapshot.customer.id == nell
        assert open_desk.kept()[-1].body["outcome"] == refusal

    site.network.always["update"] = fault
    site.at_desk(replace)
    assert site.now(nell)["cardId"] == old


def test_an_answer_that_is_lost_is_looked_up_and_told(
    site: CardSite, nell: int, old: str, new: str
) -> None:
    site.network.once["update"] = [lose_reply]
    assert site.at_desk(lambda desk: desk.change(CardAct.REPLACE, nell, new)) is None
    assert site.now(nell)["cardId"] == new
    assert isinstance(site.at_desk(lambda desk: desk.finds(new)), Found)
    assert site.at_desk(lambda desk: desk.finds(old)) == Unreachable()


def test_an_answer_that_comes_too_late_is_looked_up_and_told(
    site: CardSite, nell: int, new: str
) -> None:
    def slow(_: str, forward: Callable[[], Reply]) -> Reply:
        reply = forward()
        time.sleep(1.5)
        return reply

    site.set_read_timeout(1.0)
    site.network.once["update"] = [slow]
    outcome = site.at_desk(lambda desk: desk.change(CardAct.REPLACE, nell, new))
    assert outcome in {None, CardRefusal.UNKNOWN}  # a machine under load may miss the look, too
    assert site.network.count("update") == 1
    assert site.now(nell)["cardId"] == new


UNKNOWN: dict[str, tuple[Fault, Fault | None]] = {
    "the request is lost": (lose_request, None),
    "the server fails": (fail, None),
    "the answer is lost and the server is gone": (lose_reply, lose_request),
    "a portal answers": (portal, None),
    "the answer is lost and a portal answers": (lose_reply, portal),
}


@pytest.mark.parametrize(("fault", "then"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_nobody_can_tell_is_never_called_done_and_the_old_card_is_dead_when(
    site: CardSite, nell: int, old: str, new: str, fault: Fault, then: Fault | None
) -> None:
    def faulty(path: str, forward: Callable[[], Reply]) -> Reply | None:
        if then:
            site.network.always["select"] = then
        return fault(path, forward)

    async def replace(open_desk: OpenDesk) -> None:
        assert await open_desk.change(CardAct.REPLACE, nell, new) is CardRefusal.UNKNOWN
        assert await open_desk.finds(old) == Unreachable()
        assert open_desk.kept()[-1].body["outcome"] == "unknown"
        del site.network.always["select"]
        customer = await open_desk.customer(nell)
        assert customer.card_id == site.now(nell)["cardId"] == (new if fault is lose_reply else old)
        assert isinstance(await open_desk.finds(customer.card_id), Found)

    site.network.once["update"] = [faulty]
    site.network.always["select"] = lambda _, forward: forward()
    site.at_desk(replace)


def with_a_newer_row(open_desk: OpenDesk, site: CardSite, customer: int) -> CardDesk:
    """Return the desk, beside which settlement stores a newer row while a change is prepared."""
    parts = open_desk.desk.parts

    async def append(drafts: Sequence[Draft]) -> Any:
        kept = await parts.append(drafts)
        if drafts[0].kind is EntryKind.CARD_ATTEMPT:
            site.update(customer, totalDebt=4.2)
            async with with_client() as client:
                row = await client.by_id(customer)
            open_desk.cache.store([row.snapshot])
        return kept

    @asynccontextmanager
    async def with_client() -> AsyncIterator[StaffClient]:
        client = parts.connect("")
        yield client
        await client.close()

    return CardDesk(replace(parts, append=append))


@pytest.mark.parametrize("act", [CardAct.REPLACE, CardAct.BLOCK])
def test_the_old_card_is_dead_also_where_settlement_has_just_stored_a_newer_row(
    site: CardSite, nell: int, old: str, new: str, act: CardAct
) -> None:
    async def lost(open_desk: OpenDesk) -> None:
        customer, desk = await open_desk.customer(nell), with_a_newer_row(open_desk, site, nell)
        card_id = CardId(new if act is CardAct.REPLACE else "")
        change = CardChange(act=act, customer=customer, card_id=card_id, staff="Kim")
        assert await desk.change(change) is CardRefusal.UNKNOWN
        found = await open_desk.finds(old)
        if act is CardAct.REPLACE:
            assert found == Unreachable()
        else:
            assert isinstance(found, Found)
            assert found.snapshot.customer.blocked
            assert found.snapshot.debt == Money(420)

    site.network.once["update"] = [lose_request]
    site.at_desk(lost)


def test_what_was_not_done_is_put_back_into_a_newer_row(
    site: CardSite, nell: int, old: str, new: str
) -> None:
    async def refused(open_desk: OpenDesk) -> None:
        customer, desk = await open_desk.customer(nell), with_a_newer_row(open_desk, site, nell)
        change = CardChange(
            act=CardAct.REPLACE, customer=customer, card_id=CardId(new), staff="Kim"
        )
        assert await desk.change(change) is CardRefusal.DENIED
        found = await open_desk.finds(old)
        assert isinstance(found, Found)
        assert found.snapshot.debt == Money(420)

    site.network.once["update"] = [answer(403, "forbidden")]
    site.at_desk(refused)


def test_a_customer_whom_another_supervisor_has_just_blocked_is_not_let_in_here(
    site: CardSite, nell: int, old: str
) -> None:
    """Our update clashes with theirs: what was read before it counts no more."""

    def blocked(_: str, forward: Callable[[], Reply]) -> Reply:
        site.update(nell, isBlocked=True)
        return forward()

    async def block(open_desk: OpenDesk) -> None:
        assert await open_desk.change(CardAct.BLOCK, nell) is CardRefusal.CHANGED
        found = await open_desk.finds(old)
        assert isinstance(found, Found)
        assert found.snapshot.customer.blocked

    site.network.once["update"] = [blocked]
    site.at_desk(block)


def test_a_server_that_is_away_is_asked_in_vain_and_nothing_is_kept(
    site: CardSite, old: str, new: str
) -> None:
    async def ask(open_desk: OpenDesk) -> None:
        desk = open_desk.desk
        assert await desk.customer(1) is CardRefusal.NO_ANSWER
        assert await desk.owner(CardId(old)) is CardRefusal.NO_ANSWER
        change = CardChange(act=CardAct.REPLACE, customer=ADA, card_id=CardId(new))
        assert await desk.change(change) is CardRefusal.NO_ANSWER
        assert open_desk.kept() == []

    site.config.write_text(site.config.read_text().replace(site.network.url, "http://127.0.0.1:9"))
    site.at_desk(ask)


def test_a_token_that_cannot_be_read_is_said(site: CardSite, nell: int) -> None:
    site.office_token.unlink()
    refusal = site.at_desk(lambda desk: desk.desk.customer(nell))
    assert refusal is CardRefusal.NO_TOKEN


def test_the_till_s_own_token_may_not(site: CardSite, nell: int, new: str) -> None:
    site.office_token.write_text(site.service.token)
    assert site.at_desk(lambda desk: desk.change(CardAct.REPLACE, nell, new)) is CardRefusal.DENIED


def test_when_the_request_leaves_the_disk_has_the_entry_and_no_old_card(
    site: CardSite, nell: int, new: str
) -> None:
    """Whenever the power goes from then on, the old card finds nobody in this till's copy."""
    seen: list[object] = []

    def look(_: str, forward: Callable[[], Reply]) -> Reply:
        with closing(JournalQueries(site.state / "journal.db")) as queries:
            found = entries(queries.connection, "1")
            seen.append([entry.kind for entry in found if entry.kind in KINDS])
        wal = (site.state / "cache.db-wal").read_bytes()
        copy = site.folder / "copy.db"
        copy.write_bytes((site.state / "cache.db").read_bytes())
        copy.with_name("copy.db-wal").write_bytes(wal)
        seen.append(_cards(copy, nell))
        return forward()

    site.network.once["update"] = [look]
    site.at_desk(lambda desk: desk.change(CardAct.REPLACE, nell, new))
    assert seen == [[EntryKind.CARD_ATTEMPT], [("",)]]


def _cards(path: Path, customer: int) -> list[tuple[str]]:
    with closing(sqlite3.connect(path)) as copy:
        query = "SELECT card_id FROM customers WHERE id = ?"
        return copy.execute(query, [customer]).fetchall()


def test_a_charge_that_waits_under_the_old_card_settles_to_the_same_customer(
    site: CardSite, nell: int, new: str
) -> None:
    body = {"currency": "EUR", "offline": True, "initials": "N. N."}
    site.append(Draft(EntryKind.CHARGE, nell, 320, body))
    assert site.at_desk(lambda desk: desk.change(CardAct.REPLACE, nell, new)) is None
    site.settle((nell, 100))
    assert site.now(nell) == {"cardId": new, "isBlocked": False, "totalDebt": 5.2}
