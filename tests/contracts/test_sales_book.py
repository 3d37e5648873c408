"""The contract of the lists of past sales, kept by the fake ones and by those of a journal."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.checkout.pages.sales_book import FakeSalesBook
from tests.fakes.clock import FakeClock
from tests.fakes.journal import FakeBooks

from taptill.checkout.ports import ChargeJournal, SalesBook
from taptill.checkout.sale import void_draft
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.money import Currency, Money
from taptill.domain.sales.past import HistoryRow, PastSale
from taptill.domain.sales.remainder import Part
from taptill.domain.sales.search import HistorySearch
from taptill.journal.journal import Journal
from taptill.journal.sales.past_sales import PastSales

EUR = Currency("EUR")


@dataclass
class SalesSite:
    """A journal and the lists of its sales."""

    journal: ChargeJournal
    sales: SalesBook

    async def close_shift(self) -> None:
        """Close the shift after the newest entry."""
        (marker,) = await self.journal.append([Draft(EntryKind.DECLINED, body={"amount": 1})])
        body = {"number": marker.seq, "to_seq": marker.seq}
        await self.journal.append([Draft(EntryKind.SHIFT_CLOSED, body=body)])
        if isinstance(self.sales, FakeSalesBook):
            self.sales.closed_seq = marker.seq

    async def take_back(self, charge_id: str) -> None:
        """Take one coffee of a sale back."""
        sale = self.sales.sale(charge_id)
        assert sale
        part = sale.left.part([("Coffee", 150, 1)])
        assert isinstance(part, Part)
        await self.journal.append([void_draft(sale.left, part, reason="goods returned")])


@pytest.fixture(params=["fake", "journal"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SalesSite]:
    if request.param == "fake":
        books = FakeBooks(FakeClock())
        yield SalesSite(books, FakeSalesBook(books))
        return
    journal = Journal(tmp_path / "journal.db", FakeClock(), min_free_mb=0)
    journal.open({"backend": "test"})
    yield SalesSite(journal, PastSales(journal.queries))
    journal.close()


def sale(charge_id: str) -> Draft:
    body = {
        "lines": [["Coffee", 150, 2], ["Water", 120, 1]],
        "currency": "EUR",
        "initials": "A. B.",
        "offline": False,
    }
    return Draft(EntryKind.CHARGE, 1, 420, body, charge_id=charge_id)


def left(sales: tuple[PastSale, ...]) -> list[tuple[str | None, Money, int]]:
    return [(one.charge.charge_id, one.left.amount, one.left.voids) for one in sales]


async def test_the_sales_of_the_shift_come_newest_first_with_what_is_left(site: SalesSite) -> None:
    await site.journal.append([sale("before")])
    await site.close_shift()
    await site.journal.append([sale("one"), sale("two")])
    await site.take_back("one")
    await site.take_back("one")
    page = site.sales.of_shift()
    assert left(page.sales) == [("two", Money(420), 0), ("one", Money(120), 2)]
    assert page.next_seq is None
    assert len(site.sales.of_shift(limit=1).sales) == 1
    assert all(site.sales.is_of_shift(one.charge.seq) for one in page.sales)


async def test_a_sale_of_an_earlier_shift_is_found_by_its_id(site: SalesSite) -> None:
    await site.journal.append([sale("before")])
    await site.close_shift()
    await site.take_back("before")
    found = site.sales.sale("before")
    assert found
    assert left((found,)) == [("before", Money(270), 1)]
    assert not site.sales.is_of_shift(found.charge.seq)
    assert site.sales.sale("nobody's") is None


async def test_the_history_is_searched_step_by_step_to_its_end(site: SalesSite) -> None:
    await site.journal.append([sale(f"sale-{number}") for number in range(12)])
    await site.journal.append([Draft(EntryKind.DECLINED, body={"reason": "blocked", "amount": 9})])
    await site.take_back("sale-0")
    rows, before_seq = list[HistoryRow](), None
    while True:
        page = site.sales.find(HistorySearch.of("coffee", EUR), before_seq, 5)
        assert len(page.rows) <= 5
        rows += page.rows
        before_seq = page.next_seq
        if before_seq is None:
            break
    kinds = [row.entry.kind for row in rows]
    assert kinds == [EntryKind.VOID, *[EntryKind.CHARGE] * 12]
    assert (rows[0].initials, list(rows[0].lines)) == ("A. B.", [("Coffee", 150, 1)])
    assert rows[-1].entry.charge_id == "sale-0"
