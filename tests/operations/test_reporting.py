"""Reports over real journals: laws over random entries, and archives of closed years."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.clock import FakeClock
from tests.journal.drafts import attempt, conflict, declined, receipt, repayment, void

from taptill.checkout.sale import void_draft
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.errors import JournalArchiveError, JournalBrokenError, JournalError, UsageError
from taptill.domain.mark import HASH_DIGITS, Mark
from taptill.domain.reports.counter import ReportCounter
from taptill.domain.reports.period import Period
from taptill.domain.reports.report import CountAndSum, Report, Tally
from taptill.domain.sales.remainder import Part, Remainder, remainder
from taptill.journal.back_office.close_year import close_year
from taptill.journal.file import JournalFile, entries, position
from taptill.journal.queries import JournalQueries
from taptill.operations.reporting import COUNTED_EVERY, report_of

FIRST = date(2026, 3, 2)
WHOLE = Period(FIRST - timedelta(days=30), FIRST + timedelta(days=60), UTC)
OPENED = Draft(EntryKind.OPENED, body={"journal_id": "aaaa0001", "strategy": "debt"})
GOODS = (("Coffee", 120, 1), ("Cake", 250, 2), ("", 77, 1), ("Deposit", -25, 3))


@dataclass(frozen=True)
class PlayedStep:
    """What happens next at the till."""

    act: str
    customer: int
    lines: tuple[int, ...]
    minutes: int


STEPS = st.lists(
    st.builds(
        PlayedStep,
        act=st.sampled_from(
            [
                "sell",
                "sell",
                "sell",
                "void",
                "take back",
                "take back",
                "settle",
                "conflict",
                "repay",
                "decline",
                "jump",
                "odd",
            ]
        ),
        customer=st.integers(1, 3),
        lines=st.lists(st.integers(0, len(GOODS) - 1), max_size=4).map(tuple),
        minutes=st.integers(-600, 1500),
    ),
    min_size=6,
    max_size=30,
)


class PlayedJournal:
    """A journal that steps are played into."""

    def __init__(self, path: Path | str = ":memory:") -> None:
        self.clock = FakeClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
        self.file = JournalFile(path, self.clock)
        self.charges: list[Entry] = []
        self.numbers = count()
        self.append(OPENED)

    def append(self, *drafts: Draft) -> Entry:
        (group,) = self.file.append([drafts])
        assert not isinstance(group, JournalError), group
        return group[-1]

    def sell(self, customer: int, amount: int, lines: object = (), code: str = "EUR") -> Entry:
        body = {"lines": lines, "currency": code, "initials": "A. B.", "offline": False}
        charge_id = f"sale {next(self.numbers)}"
        self.charges.append(
            self.append(Draft(EntryKind.CHARGE, customer, amount, body, charge_id=charge_id))
        )
        return self.charges[-1]

    def settle(self, customer: int) -> None:
        where = position(self.file.connection, customer)
        if where and where.last and not where.conflict:
            sent = where.last
            self.append(attempt(customer, sent, where.row_mark), receipt(customer, sent))

    def play(self, step: PlayedStep) -> None:
        if step.minutes >= 0:
            self.clock.pass_time(60 * step.minutes)
        customer = step.customer
        acts: dict[str, Callable[[], object]] = {
            "sell": lambda: self.sell_goods(step),
            "odd": lambda: self.sell(customer, 55, [["half a line"]]),
            "void": lambda: self.void(step.minutes),
            "take back": lambda: self.take_back(step),
            "settle": lambda: self.settle(customer),
            "conflict": lambda: self.append(conflict(customer)),
            "repay": lambda: self.append(repayment(customer, 100)),
            "decline": lambda: self.append(declined(customer)),
            "jump": lambda: self.jump(step.minutes),
        }
        acts[step.act]()

    def sell_goods(self, step: PlayedStep) -> None:
        lines = [GOODS[index] for index in step.lines]
        total = sum(price * quantity for _, price, quantity in lines)
        self.sell(step.customer, total, lines)

    def void(self, number: int) -> None:
        """Take back a whole charge, or all that is left of it."""
        if self.charges:
            charge = self.charges.pop(number % len(self.charges))
            left, amount = self.left_of(charge), charge.amount_minor or 0
            part = left.whole()
            if left.voids and isinstance(part, Part):
                self.append(void_draft(left, part, reason="wrong amount"))
            elif not left.voids:
                self.append(void(charge.customer_id or 0, amount, charge.charge_id or ""))

    def take_back(self, step: PlayedStep) -> None:
        """Take back some lines of a charge, if the rules allow it."""
        if self.charges:
            left = self.left_of(self.charges[step.minutes % len(self.charges)])
            names = {GOODS[index][0] for index in step.lines}
            part = left.part([(name, price, 1) for name, price, _ in left.lines if name in names])
            if isinstance(part, Part):
                self.append(void_draft(left, part, reason="goods returned"))

    def left_of(self, charge: Entry) -> Remainder:
        where = "kind = 'void' AND charge_id = ?"
        return remainder(charge, entries(self.file.connection, where, [charge.charge_id]))

    def jump(self, minutes: int) -> None:
        self.clock.jump(60 * minutes)
        self.append(Draft(EntryKind.CLOCK, body={"jumped_ms": 60_000 * minutes}))

    def queries(self) -> JournalQueries:
        return JournalQueries(self.file.path, self.file.connection)


def summed(tallies: list[Tally]) -> Tally:
    return reduce(Tally.__add__, tallies, Tally())


def amounts(tally: Tally) -> tuple[int, ...]:
    shares = (tally.in_books_minor, tally.to_send_minor, tally.in_question_minor)
    return (tally.gross_minor, tally.voided_minor, tally.net_minor, *shares)


def check_identities(report: Report) -> None:
    total = report.total
    for rows in (report.days, report.hours, report.customers):
        assert summed([row.tally for row in rows]) == total
    assert amounts(summed([row.tally for row in report.goods])) == amounts(total)
    every = [row.tally for rows in (report.days, report.hours, report.goods) for row in rows]
    for tally in (total, *every, *(row.tally for row in report.customers)):
        assert tally.net_minor == tally.gross_minor - tally.voided_minor
        shares = tally.in_books_minor + tally.to_send_minor + tally.in_question_minor
        assert shares == tally.net_minor
    assert sum(row.change_minor for row in report.customers) == report.change_minor


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, first=st.integers(0, 12), length=st.integers(0, 5))
def test_the_identities_hold_in_every_journal_and_period(
    steps: list[PlayedStep], first: int, length: int
) -> None:
    till = PlayedJournal()
    with closing(till.file):
        for step in steps:
            till.play(step)
        queries = till.queries()
        day = FIRST + timedelta(days=first)
        period = Period(day, day + timedelta(days=length), UTC)
        report, whole = report_of(queries, period), report_of(queries, WHOLE)
        check_identities(report)
        check_identities(whole)
        days = [report_of(queries, Period(row.day, row.day, UTC)).total for row in whole.days]
        assert summed(days) == whole.total
        money = "SELECT coalesce(sum(amount_minor), 0) FROM entries"
        assert whole.change_minor == queries.connection.execute(money).fetchone()[0]
        assert report == report_from_all_entries(queries, period)


def report_from_all_entries(queries: JournalQueries, period: Period) -> Report:
    """Return the report counted from every entry of the journal, selected by nothing."""
    everything = list(entries(queries.connection))
    charges = {
        entry.charge_id or "": entry for entry in everything if entry.kind is EntryKind.CHARGE
    }
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
        report = report_of(till.queries(), Period(FIRST, FIRST, UTC))
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
        assert report_of(queries, Period(new_day, new_day, UTC)).total == Tally()
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
