"""Reports over real journals: laws over random entries, and archives of closed years."""

from contextlib import closing
from datetime import UTC, date, time, timedelta
from functools import reduce
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journal.drafts import conflict, declined, void
from tests.journal.played import STEPS, PlayedJournal, PlayedStep

from taptill.domain.entry import Draft, EntryKind
from taptill.domain.errors import JournalArchiveError, JournalBrokenError, UsageError
from taptill.domain.mark import HASH_DIGITS, Mark
from taptill.domain.reports.business_days import BusinessDays
from taptill.domain.reports.counter import ReportCounter
from taptill.domain.reports.report import CountAndSum, Report, Tally
from taptill.domain.reports.scopes import Period
from taptill.journal.back_office.close_year import close_year
from taptill.journal.back_office.report_entries import with_voids
from taptill.journal.file import JournalFile, entries, position
from taptill.journal.queries import JournalQueries
from taptill.operations.reporting import COUNTED_EVERY, report_of

FIRST = date(2026, 3, 2)
DAYS = BusinessDays(zone=UTC)
SITES = (
    DAYS,
    BusinessDays(time(4), ZoneInfo("Europe/Berlin")),
    BusinessDays(time(2, 30), ZoneInfo("America/New_York")),  # a time that one night leaves out
    BusinessDays(time(1, 45), ZoneInfo("Australia/Lord_Howe")),
)
WHOLE = Period(FIRST - timedelta(days=30), FIRST + timedelta(days=60), DAYS)


def summed(tallies: list[Tally]) -> Tally:
    return reduce(Tally.__add__, tallies, Tally())


def amounts(tally: Tally) -> tuple[int, ...]:
    shares = (tally.in_books_minor, tally.to_send_minor, tally.in_question_minor)
    return (tally.gross_minor, tally.voided_minor, tally.net_minor, *shares)


def check_identities(report: Report) -> None:
    total = report.total
    for rows in (report.days, report.hours, report.staff, report.customers):
        assert summed([row.tally for row in rows]) == total
    for pieces in (report.goods, report.taxes):
        assert amounts(summed([row.tally for row in pieces])) == amounts(total)
    assert report.money_minor == report.change_minor
    every = [row.tally for rows in (report.days, report.hours, report.goods) for row in rows]
    for tally in (total, *every, *(row.tally for row in report.customers)):
        assert tally.net_minor == tally.gross_minor - tally.voided_minor
        shares = tally.in_books_minor + tally.to_send_minor + tally.in_question_minor
        assert shares == tally.net_minor
    assert sum(row.change_minor for row in report.customers) == report.change_minor


@settings(max_examples=150, deadline=None)
@given(
    steps=STEPS,
    first=st.integers(0, 12),
    length=st.integers(0, 5),
    site=st.sampled_from(SITES),
)
def test_the_identities_hold_in_every_journal_and_period(
    steps: list[PlayedStep], first: int, length: int, site: BusinessDays
) -> None:
    """Wherever the site is, whenever its days end, and on the nights in which clocks change."""
    everything = Period(WHOLE.first, WHOLE.last, site)
    till = PlayedJournal()
    with closing(till.file):
        for step in steps:
            till.play(step)
        queries = till.queries()
        day = FIRST + timedelta(days=first)
        period = Period(day, day + timedelta(days=length), site)
        report, whole = report_of(queries, period), report_of(queries, everything)
        check_identities(report)
        check_identities(whole)
        days = [report_of(queries, Period(row.day, row.day, site)).total for row in whole.days]
        assert summed(days) == whole.total
        money = "SELECT coalesce(sum(amount_minor), 0) FROM entries"
        assert whole.change_minor == queries.connection.execute(money).fetchone()[0]
        assert report == report_from_all_entries(queries, period)


def report_from_all_entries(queries: JournalQueries, period: Period) -> Report:
    """Return the report counted from every entry of the journal, selected by nothing."""
    everything = list(entries(queries.connection))
    sold = (EntryKind.CHARGE, EntryKind.VOID)
    charges = with_voids(entry for entry in everything if entry.kind in sold)
    found = {
        entry.customer_id: position(queries.connection, entry.customer_id)
        for entry in everything
        if entry.customer_id is not None
    }
    counter = ReportCounter(
        period, {key: place for key, place in found.items() if place is not None}, charges
    )
    for entry in everything:
        counter.add(entry)
    return counter.report()


def test_an_open_case_and_unsent_money_are_what_the_journal_says_of_them() -> None:
    till = PlayedJournal()
    with closing(till.file):
        till.sell(1, 100)
        till.settle(1)
        till.sell(2, 250)
        till.sell(3, 30)
        till.append(conflict(3))
        queries = till.queries()
        total = report_of(queries, WHOLE).total
        assert total.to_send_minor == queries.open_sum()[1].minor == 250
        assert total.in_question_minor == queries.in_question()[1].minor == 30


def test_what_happens_to_a_sale_on_later_days_is_found_behind_its_day() -> None:
    till = PlayedJournal()
    with closing(till.file):
        charge = till.sell(1, 100)
        till.clock.pass_time(86_400)
        till.append(void(1, 100, charge.charge_id or ""))
        till.clock.pass_time(86_400)
        till.settle(1)
        report = report_of(till.queries(), Period(FIRST, FIRST, DAYS))
        assert (report.total.net_minor, report.total.in_books_minor) == (100, 100)
        assert report.voided_outside == CountAndSum(1, 100)
        assert report.sent_later == CountAndSum(1, 100)


MORE_DECLINES = """
WITH RECURSIVE more(number) AS (VALUES (3) UNION ALL SELECT number + 1 FROM more WHERE number < ?)
INSERT INTO entries SELECT number, kind, charge_id, customer_id, amount_minor, body, at, boot_id,
uptime_ms, clock_trusted, staff, prev_hash, hash FROM entries, more WHERE seq = 2
"""
"""Copies of entry 2 up to a number: quicker than writing as many, and no chain is checked here."""


def test_a_long_count_says_how_far_it_is() -> None:
    till = PlayedJournal()
    with closing(till.file):
        till.append(declined(1))
        till.file.connection.execute(MORE_DECLINES, [COUNTED_EVERY + 1])
        told: list[int] = []
        report = report_of(till.queries(), WHOLE, told.append)
        assert (told, report.declined) == ([COUNTED_EVERY], (("unknown-card", COUNTED_EVERY),))


def test_a_period_with_two_currencies_has_no_sum() -> None:
    till = PlayedJournal()
    with closing(till.file):
        till.sell(1, 100)
        till.sell(1, 100, code="CHF")
        with pytest.raises(UsageError, match="CHF and EUR"):
            report_of(till.queries(), WHOLE)


def test_an_entry_without_a_readable_time_is_named() -> None:
    till = PlayedJournal()
    with closing(till.file):
        seq = till.sell(1, 100).seq
        till.file.connection.execute("DROP TRIGGER entries_never_change")
        till.file.connection.execute(f"UPDATE entries SET at = '2026-03-02 noon' WHERE seq = {seq}")
        with pytest.raises(JournalBrokenError, match=f"entry {seq}"):
            report_of(till.queries(), WHOLE)


def two_years(folder: Path) -> Path:
    """Return a journal whose first 3.20 are in an archive, and whose next 1.00 are its own."""
    path = folder / "journal.db"
    till = PlayedJournal(path)
    till.sell(1, 320, [["Coffee", 160, 2]])
    till.clock.pass_time(86_400)
    till.settle(1)
    till.file.close()
    till.clock.pass_time(86_400)
    close_year(path, till.clock, 0)
    with closing(JournalFile(path, till.clock)) as file:
        file.append(
            [[Draft(EntryKind.CHARGE, 1, 100, {"currency": "EUR", "lines": []}, charge_id="new")]]
        )
    return path


def test_a_report_reads_the_archive_that_its_days_reach_back_into(tmp_path: Path) -> None:
    path = two_years(tmp_path)
    with closing(JournalQueries(path)) as queries:
        report = report_of(queries, WHOLE)
        check_identities(report)
        assert (report.total.sales, report.total.gross_minor) == (2, 420)
        assert (report.total.in_books_minor, report.total.to_send_minor) == (320, 100)
        assert (report.sent_later.count, report.sent_later.sum_minor) == (1, 320)
        assert report.goods[0].name == "Coffee"


def test_without_the_archive_only_days_that_need_it_are_refused(tmp_path: Path) -> None:
    path = two_years(tmp_path)
    (tmp_path / "journal-from-1.db").unlink()
    new_day = FIRST + timedelta(days=3)
    with closing(JournalQueries(path)) as queries:
        assert report_of(queries, Period(new_day, new_day, DAYS)).total == Tally()
        with pytest.raises(JournalArchiveError, match=r"journal-from-1\.db is gone"):
            report_of(queries, WHOLE)


def test_an_archive_has_reports_of_its_own(tmp_path: Path) -> None:
    two_years(tmp_path)
    with closing(JournalQueries(tmp_path / "journal-from-1.db")) as queries:
        assert report_of(queries, WHOLE).total.gross_minor == 320


def test_a_mark_set_back_makes_settled_sales_unsent_again() -> None:
    till = PlayedJournal()
    with closing(till.file):
        first = till.sell(1, 100)
        till.settle(1)
        till.sell(1, 50)
        till.settle(1)
        old = Mark(first.seq, 100, first.hash[:HASH_DIGITS])
        body = {"seen": [old.seq, old.total, old.hash], "updated_at": "2026-03-02T09:00:00Z"}
        till.append(Draft(EntryKind.TAKEN_BACK, 1, body=body))
        total = report_of(till.queries(), WHOLE).total
        assert (total.in_books_minor, total.to_send_minor) == (100, 50)
