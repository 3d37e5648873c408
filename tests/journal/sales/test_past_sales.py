"""Pages of past sales over real journals: the running shift, and the search of the history."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.clock import FakeClock
from tests.journal.conftest import JournalHarness
from tests.journal.drafts import ADA, declined, receipt, void

from taptill.domain.entry import Draft, EntryKind
from taptill.domain.errors import JournalError
from taptill.domain.mark import Mark
from taptill.domain.money import Currency, Money
from taptill.domain.sales.past import PAGE_ROWS, HistoryRow, PastSale
from taptill.domain.sales.search import HistorySearch
from taptill.journal.back_office import shift_entries
from taptill.journal.file import JournalFile
from taptill.journal.queries import JournalQueries
from taptill.journal.sales import past_sales
from taptill.journal.sales.past_sales import STEP_ENTRIES, PastSales

EUR = Currency("EUR")
EVERYTHING = HistorySearch.of("", EUR)
LINES = [["Coffee", 150, 2]]
ENTRIES = 100_000


def sale(
    charge_id: str, amount: int = 300, lines: object = LINES, initials: str = "A. B."
) -> Draft:
    body = {"lines": lines, "currency": "EUR", "initials": initials, "offline": False}
    return Draft(EntryKind.CHARGE, ADA, amount, body, charge_id=charge_id)


def part(charge_id: str, number: int = 1) -> Draft:
    body = {"reason": "goods returned", "lines": [["Coffee", 150, 1]], "number": number}
    return Draft(EntryKind.VOID, ADA, -150, body, charge_id=charge_id)


def closed(to_seq: int, number: int = 1) -> Draft:
    return Draft(EntryKind.SHIFT_CLOSED, body={"number": number, "to_seq": to_seq})


def ids(sales: tuple[PastSale, ...]) -> list[str | None]:
    return [sale.charge.charge_id for sale in sales]


@pytest.fixture
def sales(book: JournalHarness) -> PastSales:
    return PastSales(book.queries)


def test_the_sales_of_a_shift_come_newest_first_with_their_voids(
    book: JournalHarness, sales: PastSales
) -> None:
    book.write(sale("one"), declined(ADA), sale("two"), part("one"), part("one", 2))
    page = sales.of_shift()
    assert (ids(page.sales), page.next_seq) == (["two", "one"], None)
    assert [sale.left.amount for sale in page.sales] == [Money(300), Money(0)]
    assert [void.seq for void in page.sales[1].voids] == [4, 5]
    assert page.sales[0].initials == "A. B."


def test_a_shift_begins_after_what_the_last_closed_one_holds(
    book: JournalHarness, sales: PastSales
) -> None:
    """A sale may come in while the shift is being closed: it is after its range, not lost."""
    book.write(sale("one"), sale("two"))
    assert ids(sales.of_shift().sales) == ["two", "one"]
    book.write(sale("while closing"), closed(2))
    assert ids(sales.of_shift().sales) == ["while closing"]
    assert [sales.is_of_shift(seq) for seq in (2, 3)] == [False, True]
    book.write(sale("later"), closed(5, 2))
    assert sales.of_shift().sales == ()
    book.write(part("one"))
    assert sales.of_shift().sales == ()


def test_a_page_ends_where_the_next_one_begins(book: JournalHarness, sales: PastSales) -> None:
    book.write(*(sale(f"sale {number}") for number in range(7)))
    page, found = sales.of_shift(limit=3), list[str | None]()
    for _ in range(3):
        found += ids(page.sales)
        page = sales.of_shift(page.next_seq or 0, limit=3)
    assert found == [f"sale {number}" for number in reversed(range(7))]
    assert (page.sales, page.next_seq) == ((), None)


def test_a_sale_is_found_by_its_id(book: JournalHarness, sales: PastSales) -> None:
    book.write(sale("one"), part("one"))
    found = sales.sale("one")
    assert found
    assert (found.left.amount, found.left.voids) == (Money(150), 1)
    assert sales.sale("two") is None


def test_the_history_has_charges_voids_and_declines(book: JournalHarness, sales: PastSales) -> None:
    book.write(sale("one"), declined(ADA), part("one"), receipt(ADA, Mark(3, 150, "9f3c21aa")))
    rows = sales.find(EVERYTHING).rows
    assert [(row.entry.kind, row.amount.minor, row.initials, row.reason) for row in rows] == [
        (EntryKind.VOID, -150, "A. B.", "goods returned"),
        (EntryKind.DECLINED, 320, "", "unknown-card"),
        (EntryKind.CHARGE, 300, "A. B.", ""),
    ]
    assert [list(row.lines) for row in rows] == [
        [("Coffee", 150, 1)],
        [],
        [("Coffee", 150, 2)],
    ]
    assert [row.currency for row in rows] == [EUR, None, EUR]


def walked(sales: PastSales, search: HistorySearch, limit: int) -> tuple[list[HistoryRow], int]:
    """Return all rows of a search, page by page, and at how many entries it looked."""
    rows, looked_at, before_seq = list[HistoryRow](), 0, None
    while True:
        page = sales.find(search, before_seq, limit)
        assert len(page.rows) <= limit
        rows += page.rows
        looked_at += page.looked_at
        if page.next_seq is None:
            return rows, looked_at
        before_seq = page.next_seq


_acts = st.lists(
    st.sampled_from(["sell", "sell", "part", "whole", "decline", "receipt", "close"]), max_size=40
)


@settings(max_examples=40, deadline=None)
@given(_acts, st.integers(1, 5), st.integers(1, 9))
def test_pages_hold_each_row_once_whatever_their_size(
    acts: list[str], limit: int, step_entries: int
) -> None:
    with closing(JournalFile(":memory:", FakeClock())) as file:
        charges, to_seq = 0, 0
        for act in acts:
            drafts = {
                "sell": sale(f"sale {charges}"),
                "part": part(f"sale {charges - 1}"),
                "whole": void(ADA, 300, f"sale {charges - 1}"),
                "decline": declined(ADA),
                "receipt": receipt(ADA, Mark(1, 1, "9f3c21aa")),
                "close": closed(counted := _count(file), counted),
            }
            file.append([[drafts[act]]])  # a void that is one too many is refused
            charges += act == "sell"
        every = "SELECT seq FROM entries WHERE kind IN ({}) AND seq > ? ORDER BY seq DESC"
        sales = PastSales(JournalQueries(":memory:", file.connection), step_entries)
        rows, looked_at = walked(sales, EVERYTHING, limit)
        history = every.format("'charge', 'void', 'declined'")
        assert [(row.entry.seq,) for row in rows] == file.connection.execute(
            history, [0]
        ).fetchall()
        assert looked_at == _count(file)
        closings = file.connection.execute(
            "SELECT max(json_extract(body, '$.to_seq')) FROM entries WHERE kind = 'shift-closed'"
        )
        to_seq = closings.fetchone()[0] or 0
        found, before_seq = list[tuple[int]](), None
        while True:
            page = sales.of_shift(before_seq, limit)
            found += [(sale.charge.seq,) for sale in page.sales]
            before_seq = page.next_seq
            if before_seq is None:
                break
        assert found == file.connection.execute(every.format("'charge'"), [to_seq]).fetchall()


def _count(file: JournalFile) -> int:
    (count,) = file.connection.execute("SELECT count(*) FROM entries").fetchone()
    return int(count)


@pytest.fixture(scope="module")
def long_journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JournalQueries]:
    """100,000 entries: of five, two charges, an attempt, a receipt and a decline; no chain."""
    path = tmp_path_factory.mktemp("long") / "journal.db"
    with closing(JournalFile(path, FakeClock())) as file, file.connection:
        file.append([[closed(0)]])
        file.connection.execute("BEGIN")
        file.connection.executemany(_INSERT, (_row(seq) for seq in range(2, ENTRIES + 1)))
    with closing(JournalQueries(path)) as queries:
        yield queries


_INSERT = f"INSERT INTO entries VALUES ({', '.join('?' * 13)})"
_KINDS = ("charge", "attempt", "receipt", "charge", "declined")


def _row(seq: int) -> tuple[Any, ...]:
    kind = _KINDS[seq % 5]
    name = "Rare cake" if seq == 5 else f"Good {seq % 200}"
    lines = f'[["{name}", {seq % 900 + 1}, 1], ["Coffee", 150, 2], ["Water", 120, 1]]'
    body = (
        f'{{"currency":"EUR","external_id":"{seq % 2000:05}","initials":"A. B.",'
        f'"lines":{lines},"offline":false}}'
    )
    is_charge = kind == "charge"
    about = body if is_charge else '{"amount": 320, "reason": "no-credit"}'
    customer = seq % 2000 if is_charge else None
    columns = (seq % 900 + 421 if is_charge else None, about, "2026-03-02T09:00:00.000+00:00")
    charge_id = f"{seq:032x}" if is_charge else None
    return (seq, kind, charge_id, customer, *columns, "boot", seq, 1, None, "", "")


def plan(queries: JournalQueries, statement: str, *parameters: object) -> str:
    rows = queries.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
    return "; ".join(row[-1] for row in rows)


@pytest.mark.slow
def test_no_query_reads_more_than_it_needs(long_journal: JournalQueries) -> None:
    """The plans: from the end backwards by number, and by index for the rest; nothing sorted."""
    backwards = "SEARCH entries USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
    assert plan(long_journal, past_sales._SALES, 100, 1) == backwards
    assert plan(long_journal, past_sales._HISTORY, 100, 1) == backwards
    last_closed = f"SELECT * FROM entries WHERE {shift_entries._LAST_CLOSED}"
    assert "USING INDEX entries_rare" in plan(long_journal, last_closed)
    of_these = f"SELECT * FROM entries WHERE {past_sales._OF_THESE}"
    by_charge = "SEARCH entries USING INDEX entries_charge (kind=? AND charge_id=?)"
    assert by_charge in plan(long_journal, of_these, "void", "[]")


def work_of(queries: JournalQueries, call: Callable[[], object]) -> int:
    """Return the steps of SQLite's machine that a call takes, to 100: no clock, so no luck."""
    handled: list[None] = []
    queries.connection.set_progress_handler(lambda: handled.append(None), 100)
    call()
    queries.connection.set_progress_handler(None, 0)
    return 100 * len(handled)


WORK_PER_ENTRY_MAX = 20


SEARCHES = {
    "everything": "",
    "what many sales have": "coffee",
    "what one old sale has": "rare",
    "an amount": "4.2",
    "a time": "10:00",
    "a customer's key": "01999",
    "what none has": "a b c d e f g zzz",
}


@pytest.mark.parametrize("text", SEARCHES.values(), ids=SEARCHES)
def test_a_step_of_a_search_is_short_work(long_journal: JournalQueries, text: str) -> None:
    sales, search = PastSales(long_journal), HistorySearch.of(text, EUR)
    assert work_of(long_journal, lambda: sales.find(search)) <= STEP_ENTRIES * WORK_PER_ENTRY_MAX


def test_a_page_of_the_shift_is_short_work(long_journal: JournalQueries) -> None:
    """Two of five entries are charges."""
    work = work_of(long_journal, PastSales(long_journal).of_shift)
    assert work <= 3 * PAGE_ROWS * WORK_PER_ENTRY_MAX


@pytest.mark.slow
def test_a_page_of_a_shift_reaches_over_a_long_outage(
    book: JournalHarness, sales: PastSales
) -> None:
    """Thousands of attempts came after the only sale."""
    book.write(sale("one"))
    book.file.connection.executemany(
        _INSERT,
        (
            (seq, "attempt", None, None, None, "{}", "", "boot", seq, 1, None, "", "")
            for seq in range(2, 3 * STEP_ENTRIES)
        ),
    )
    assert ids(sales.of_shift().sales) == ["one"]


def test_a_search_finds_the_oldest_sale_in_so_many_steps(long_journal: JournalQueries) -> None:
    rows, looked_at = walked(PastSales(long_journal), HistorySearch.of("rare", EUR), 50)
    assert [row.entry.seq for row in rows] == [5]
    assert looked_at == ENTRIES


def test_a_step_is_bounded(long_journal: JournalQueries) -> None:
    page = PastSales(long_journal).find(HistorySearch.of("nobody", EUR))
    assert (page.rows, page.looked_at) == ((), STEP_ENTRIES)
    assert page.next_seq == ENTRIES + 1 - STEP_ENTRIES


def test_a_journal_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with closing(JournalHarness(tmp_path / "journal.db", FakeClock())) as book:
        book.write(sale("one"))
        book.queries.connection.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
        with pytest.raises(JournalError):
            PastSales(book.queries).of_shift()
