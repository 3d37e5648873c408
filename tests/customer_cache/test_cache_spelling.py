"""A card that the office spells otherwise is found offline as the backend found it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.customer_cache.conftest import FIELDS, look_up, page, snapshot
from tests.fakes.clock import FakeClock

from taptill.customer_cache import spelling
from taptill.customer_cache.cache import CustomerCache
from taptill.customer_cache.schema import BY_CAPITALS, TOLD_BY_CAPITALS, open_file
from taptill.domain.card_id import CardId, tells_by_capitals
from taptill.domain.decision import Ambiguous, Found, Unreachable

HELD, ASKED = CardId("62e3086ced"), CardId("62E3086CED")
BLANK = CardId("62e3086ced ")


def holder(cache: CustomerCache, card: str) -> int | str:
    """Return the id of the customer who is found by a card, or the result if it is another."""
    finding = look_up(cache, card)
    return finding.snapshot.customer.id if isinstance(finding, Found) else type(finding).__name__


@pytest.fixture
def blind(cache: CustomerCache) -> CustomerCache:
    """Return a cache that has seen its backend ignore both capitals and blanks."""
    cache.learn_spelling(CardId("0A0B0C0D"), CardId("0a0b0c0d "))
    return cache


async def test_nothing_is_taken_before_the_backend_was_seen_to(cache: CustomerCache) -> None:
    """A backend that compares letter by letter would say that nobody has this card."""
    cache.store([snapshot(7, card=HELD)])
    assert holder(cache, ASKED) == "Unreachable"
    cache.learn_spelling(HELD, HELD)
    assert holder(cache, ASKED) == "Unreachable"


LEARNT: dict[str, tuple[str, str, dict[str, int | str]]] = {
    "capitals": ("0A0B0C0D", "0a0b0c0d", {ASKED: 7, BLANK: "Unreachable"}),
    "blanks": ("0A0B0C0D", "0A0B0C0D ", {ASKED: "Unreachable", BLANK: 7}),
    "both": ("0A0B0C0D", "0a0b0c0d ", {ASKED: 7, BLANK: 7}),
}


@pytest.mark.parametrize("case", LEARNT.values(), ids=LEARNT)
async def test_what_one_answer_showed_goes_for_every_card(
    cache: CustomerCache, case: tuple[str, str, dict[str, int | str]]
) -> None:
    card_id, customer_card, expectations = case
    cache.store([snapshot(7, card=HELD)])
    cache.learn_spelling(CardId(card_id), CardId(customer_card))
    assert {card: holder(cache, card) for card in expectations} == expectations


async def test_it_outlives_a_restart(blind: CustomerCache, path: Path, clock: FakeClock) -> None:
    blind.store([snapshot(7, card=HELD)])
    blind.close()
    again = CustomerCache(path, clock, FIELDS)
    assert holder(again, ASKED) == 7
    again.close()


async def test_a_live_answer_that_nobody_has_it_ends_it(blind: CustomerCache) -> None:
    blind.store([snapshot(7, card=HELD)])
    blind.learn_spelling(CardId("DEADBEEF00"), None)
    assert holder(blind, ASKED) == 7  # no customer's card is alike
    blind.learn_spelling(ASKED, None)
    assert holder(blind, ASKED) == "Unreachable"


async def test_that_nobody_has_the_card_of_who_is_gone_ends_nothing(blind: CustomerCache) -> None:
    blind.store([snapshot(7, card="A0B1C2D3"), snapshot(8, card=HELD)])
    for _ in range(2):
        blind.store_page(page(), after_id=7, full_since=blind._clock.monotonic() + 1)
    blind.learn_spelling(ASKED, None)
    assert holder(blind, "a0b1c2d3") == 7


async def test_who_is_spelled_so_goes_before_who_is_spelled_alike(blind: CustomerCache) -> None:
    blind.store([snapshot(7, card=HELD), snapshot(8, card=ASKED)])
    assert (holder(blind, HELD), holder(blind, ASKED)) == (7, 8)


async def test_a_second_one_who_may_be_meant_is_no_customer(blind: CustomerCache) -> None:
    blind.store([snapshot(7, card=HELD), snapshot(8, card="62E3086ced")])
    assert look_up(blind, ASKED) == Ambiguous()


async def test_of_two_the_one_who_is_gone_is_not_meant(blind: CustomerCache) -> None:
    blind.store([snapshot(7, card=HELD), snapshot(8, card="62E3086ced")])
    for _ in range(2):
        blind.store_page(page(), after_id=7, full_since=blind._clock.monotonic() + 1)
    assert holder(blind, ASKED) == 7


async def test_who_is_gone_with_this_very_spelling_hides_nobody(blind: CustomerCache) -> None:
    """The office gave the card to somebody else and spelled it otherwise: it is theirs online."""
    blind.store([snapshot(7, card=HELD), snapshot(8, card=ASKED)])
    for _ in range(2):
        blind.store_page(page(), after_id=7, full_since=blind._clock.monotonic() + 1)
    assert holder(blind, ASKED) == 7
    for _ in range(2):
        blind.store_page(page(), after_id=0, full_since=blind._clock.monotonic() + 1)
    finding = look_up(blind, ASKED)
    assert isinstance(finding, Found)
    assert finding.gone


NEVER: dict[str, tuple[list[str], str]] = {
    "base 64": (["aBx9"], "AbX9"),
    "base 64 whose letters are all of one size": (["QXYZ"], "qxyz"),
    "what a site with base 64 calls a key": (["key-17", "aBx9"], "KEY-17"),
    "four digits of base 16 beside base 64": (["04a7", "aBx9"], "04A7"),
}


@pytest.mark.parametrize(("cards", "card_id"), NEVER.values(), ids=NEVER)
async def test_capitals_that_may_tell_two_cards_apart_count(
    blind: CustomerCache, cards: list[str], card_id: str
) -> None:
    blind.store([snapshot(number, card=card) for number, card in enumerate(cards, 7)])
    assert look_up(blind, card_id) == Unreachable()


async def test_a_uid_is_taken_beside_base_64(blind: CustomerCache) -> None:
    blind.store([snapshot(7, card=HELD), snapshot(8, card="aBx9")])
    assert holder(blind, ASKED) == 7


async def test_sqlite_knows_the_cards_that_are_told_by_capitals_as_the_rule_does() -> None:
    connection = open_file(":memory:")
    cards = ["aBx9", "QXYZ", "qxyz", "62E3086CeD", "62:e3:CE", "key-17", "Key-17", "0013", ""]
    query = f"SELECT {TOLD_BY_CAPITALS} FROM (SELECT ? AS card_id)"
    by_query = {card: bool(connection.execute(query, (card,)).fetchone()[0]) for card in cards}
    assert by_query == {card: tells_by_capitals(card) for card in cards}
    connection.close()


async def test_a_file_with_indexes_that_nobody_needs_is_kept_and_loses_them(
    cache: CustomerCache, path: Path, clock: FakeClock
) -> None:
    """Caches of earlier checkouts have two, which would be written for nothing."""
    cache.store([snapshot(7, card=HELD)])
    cache.close()
    index_names = "SELECT name FROM sqlite_master WHERE name LIKE 'idx_customers%'"
    with closing(sqlite3.connect(path)) as connection:
        for column in ("card_id", "updated_us"):
            connection.execute(f"CREATE INDEX idx_customers_{column} ON customers ({column})")
        assert connection.execute(index_names).fetchall()
    again = CustomerCache(path, clock, FIELDS)
    assert holder(again, HELD) == 7
    again.close()
    with closing(sqlite3.connect(path)) as connection:
        assert not connection.execute(index_names).fetchall()


async def test_no_look_up_goes_through_the_whole_table(path: Path, blind: CustomerCache) -> None:
    connection = open_file(path)
    blind.close()
    indexes = {spelling._CANDIDATES: "customers_spelled", spelling._ANY_BY_CAPITALS: BY_CAPITALS}
    for query, index in indexes.items():
        values = ("x", 1) if "?" in query else ()
        plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()
        assert f" {index}" in plan[0][3], plan
    connection.close()
