"""Repayments in a real journal: taken back once, whole, not after a write-off; found, counted."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.domain.samples import ADA, DORA
from tests.journal.played import PlayedJournal

from taptill.domain.customer import Customer
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.errors import EntryRefusedError
from taptill.domain.money import Currency, Money
from taptill.domain.sales.repaying import (
    Direction,
    Repayment,
    repayment_draft,
    taking_back_draft,
)
from taptill.domain.sales.search import HistorySearch
from taptill.journal.back_office.export_files import ExportFile
from taptill.journal.back_office.export_files import _row as export_row
from taptill.journal.back_office.shift_check import shift_faults
from taptill.journal.sales import purchases
from taptill.journal.sales.past_sales import PastSales
from taptill.journal.sales.purchases import last_purchases

EUR = Currency("EUR")
FILE = ExportFile(
    number=1,
    journal_id="aaaa0001",
    first_seq=1,
    last_seq=9,
    count=2,
    sum_minor=0,
    at="",
    booked=False,
)


@pytest.fixture
def till(tmp_path: Path) -> Iterator[PlayedJournal]:
    played = PlayedJournal(tmp_path / "journal.db")
    with closing(played.file):
        yield played


def booked(
    till: PlayedJournal,
    way: Direction = Direction.IN,
    *,
    customer: Customer = ADA,
    charge_id: str = "0011",
) -> Entry:
    repayment = Repayment(
        customer=customer,
        direction=way,
        amount=Money(500),
        currency=EUR,
        charge_id=charge_id,
        offline=False,
    )
    return till.append(repayment_draft(repayment))


def refused(till: PlayedJournal, draft: Draft) -> bool:
    (answer,) = till.file.append([[draft]])
    return isinstance(answer, EntryRefusedError)


@pytest.mark.parametrize("way", Direction)
def test_a_repayment_is_taken_back_once(till: PlayedJournal, way: Direction) -> None:
    taking_back = taking_back_draft(booked(till, way), reason="not paid")
    till.append(taking_back)
    assert refused(till, taking_back)


def test_nothing_but_the_whole_of_one_that_is_there_is_taken_back(till: PlayedJournal) -> None:
    entry = booked(till)
    whole = taking_back_draft(entry, reason="not paid")
    charge = till.sell(ADA.id, 500)
    wrong = {
        "a part": Draft(EntryKind.REPAYMENT, ADA.id, 400, whole.body, charge_id=whole.charge_id),
        "more": Draft(EntryKind.REPAYMENT, ADA.id, 600, whole.body, charge_id=whole.charge_id),
        "another's": Draft(
            EntryKind.REPAYMENT, DORA.id, 500, whole.body, charge_id=whole.charge_id
        ),
        "an id of its own": Draft(EntryKind.REPAYMENT, ADA.id, 500, whole.body, charge_id="x"),
        "no id": Draft(EntryKind.REPAYMENT, ADA.id, 500, whole.body),
        "a charge": Draft(
            EntryKind.REPAYMENT, ADA.id, -500, {"voids": charge.seq}, charge_id="sale 0-void"
        ),
        "nothing": Draft(EntryKind.REPAYMENT, ADA.id, 500, {"voids": 99}, charge_id="y-void"),
    }
    assert {name for name, draft in wrong.items() if not refused(till, draft)} == set()
    till.append(whole)
    assert refused(till, taking_back_draft(entry, reason="wrong amount"))


def test_what_takes_back_is_not_taken_back(till: PlayedJournal) -> None:
    taken = till.append(taking_back_draft(booked(till), reason="not paid"))
    assert refused(till, taking_back_draft(taken, reason="not paid"))


def test_what_was_written_off_is_not_taken_back(till: PlayedJournal) -> None:
    entry = booked(till)
    till.append(Draft(EntryKind.WRITE_OFF, ADA.id, 500))
    assert refused(till, taking_back_draft(entry, reason="not paid"))
    (sale,) = PastSales(till.queries()).of_shift().sales
    assert sale.written_off
    later = booked(till, charge_id="0012")
    till.append(taking_back_draft(later, reason="not paid"))


def test_one_id_is_booked_once(till: PlayedJournal) -> None:
    first = booked(till)
    draft = Draft(EntryKind.REPAYMENT, ADA.id, -500, first.body, charge_id=first.charge_id)
    assert refused(till, draft)


def test_repayments_are_among_the_sales_of_the_shift(till: PlayedJournal) -> None:
    till.sell(ADA.id, 420)
    first = booked(till)
    second = booked(till, Direction.OUT, charge_id="0012")
    taken = till.append(taking_back_draft(second, reason="not paid"))
    sales = PastSales(till.queries()).of_shift().sales
    found = [(sale.charge.charge_id, sale.is_repayment, sale.is_taken_back) for sale in sales]
    assert found == [("0012", True, True), ("0011", True, False), ("sale 0", False, False)]
    by_id = PastSales(till.queries()).sale("0012")
    assert by_id
    assert by_id.voids == (taken,)
    assert PastSales(till.queries()).sale("0011") == sales[1]
    assert sales[1].charge == first


def test_a_page_of_the_shift_ends_where_its_last_row_is(till: PlayedJournal) -> None:
    entries = [booked(till, charge_id=f"{number:04}") for number in range(6)]
    for entry in entries:
        till.append(taking_back_draft(entry, reason="not paid"))
    book, before, ids = PastSales(till.queries()), None, []
    while True:
        page = book.of_shift(before, 2)
        ids += [sale.charge.charge_id for sale in page.sales]
        before = page.next_seq
        if before is None:
            break
    assert ids == [entry.charge_id for entry in entries[::-1]]


def test_the_history_finds_them_by_amount_and_initials(till: PlayedJournal) -> None:
    entry = booked(till)
    taken = till.append(taking_back_draft(entry, reason="not paid"))
    rows = PastSales(till.queries()).find(HistorySearch.of("5.00 ab", EUR)).rows
    assert [(row.entry.seq, row.amount.minor) for row in rows] == [
        (taken.seq, 500),
        (entry.seq, -500),
    ]


def test_a_z_has_the_cash_and_agrees_when_counted_anew(till: PlayedJournal) -> None:
    booked(till)
    out = booked(till, Direction.OUT, charge_id="0012")
    z = till.close_shift()
    assert (z.cash.repaid_minor, z.cash.paid_out_minor) == (500, 500)
    till.append(taking_back_draft(out, reason="not paid"))
    after = till.close_shift()
    assert (after.cash.repaid_minor, after.cash.paid_out_minor) == (0, -500)
    queries = till.queries()
    assert list(shift_faults(queries, lambda _: None)) == []


def test_the_files_for_the_office_name_currency_and_customer(till: PlayedJournal) -> None:
    entry = booked(till)
    taken = till.append(taking_back_draft(entry, reason="not paid"))
    for one, amount in ((entry, "-5.00"), (taken, "5.00")):
        row = export_row(till.queries(), one, FILE)
        assert (row["kind"], row["amount"], row["currency"]) == ("repayment", amount, "EUR")
        assert row["external_id"] == ADA.external_id


def test_a_customers_last_entries_come_oldest_first_and_no_one_elses(till: PlayedJournal) -> None:
    ours = [till.sell(ADA.id, 420), booked(till)]
    till.sell(DORA.id, 100)
    till.settle(ADA.id)
    ours.append(till.sell(ADA.id, 100))
    assert last_purchases(till.queries(), ADA.id, 9) == ours
    assert last_purchases(till.queries(), ADA.id, 2) == ours[1:]
    assert last_purchases(till.queries(), 77, 9) == []


def test_they_are_found_by_the_index_of_money(till: PlayedJournal) -> None:
    plan = till.queries().connection.execute(
        f"EXPLAIN QUERY PLAN SELECT * FROM entries WHERE {purchases._LAST} ORDER BY seq", (1, 9)
    )
    steps = " ".join(row[-1] for row in plan)
    assert "entries_money (customer_id=?" in steps
    assert "SCAN entries" not in steps
