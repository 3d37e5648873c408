"""Shifts over real journals: numbers, ranges, what comes in between, laws over random entries."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.journal.drafts import conflict, void
from tests.journal.played import DAYS, STEPS, PlayedJournal, PlayedStep

from taptill.clock import named_zone
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.errors import EntryRefusedError, JournalArchiveError, JournalBrokenError
from taptill.domain.money import Money
from taptill.domain.reports.report import CountAndSum, ShiftVoids, Tally
from taptill.domain.reports.shift_report import Closing, ShiftReport, closed, identities
from taptill.domain.reports.stored import from_body, to_body
from taptill.domain.sales.repaying import Direction, direction_of, takes_back
from taptill.journal.back_office.close_year import close_year
from taptill.journal.back_office.shift_check import ShiftFault, shift_faults
from taptill.journal.back_office.shift_entries import closed_entries, shift_entries
from taptill.journal.back_office.shifts import (
    closing_draft,
    opening_draft,
    running_report,
    stored_report,
)
from taptill.journal.file import entries
from taptill.journal.identity import fork
from taptill.journal.lock import alone
from taptill.journal.queries import JournalQueries


@pytest.fixture
def till(tmp_path: Path) -> Iterator[PlayedJournal]:
    played = PlayedJournal(tmp_path / "journal.db")
    with closing(played.file):
        yield played


def stored(queries: JournalQueries) -> list[ShiftReport]:
    """Return the Zs of a journal, oldest first."""
    found = closed_entries(queries)[::-1]
    return [stored_report(entry, queries.path, named_zone) for entry in found]


def faults(queries: JournalQueries) -> list[ShiftFault]:
    return list(shift_faults(queries, named_zone))


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_repayments_and_what_was_taken_back_of_them_are_counted_apart(
    steps: list[PlayedStep],
) -> None:
    till = PlayedJournal()
    with closing(till.file):
        for step in steps:
            till.play(step)
        queries = till.queries()
        for report in (*stored(queries), till.running()):
            figures, shift = report.figures, report.shift
            bounds = (shift.from_seq, shift.to_seq)
            query = "kind = 'repayment' AND seq BETWEEN ? AND ?"
            booked = [*entries(queries.connection, query, bounds)]
            for is_back, direction, counted in (
                (False, Direction.IN, figures.pay_ins),
                (True, Direction.IN, figures.pay_ins_taken_back),
                (False, Direction.OUT, figures.pay_outs),
                (True, Direction.OUT, figures.pay_outs_taken_back),
            ):
                found = [
                    abs(one.amount_minor or 0)
                    for one in booked
                    if (takes_back(one), direction_of(one)) == (is_back, direction)
                ]
                assert counted == CountAndSum(len(found), sum(found))


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_the_identities_hold_in_every_shift_and_all_shifts_are_the_journal(
    steps: list[PlayedStep],
) -> None:
    till = PlayedJournal()
    with closing(till.file):
        for step in steps:
            till.play(step)
        queries = till.queries()
        shifts = [*stored(queries), till.running()]
        for report in shifts:
            assert [one.name for one in identities(report) if not one.holds] == []
            cash = report.cash
            assert cash.repaid_minor - cash.paid_out_minor == report.figures.repaid.sum_minor
            if cash.expected_minor is not None:
                drawer = (cash.opening_minor or 0) + report.figures.repaid.sum_minor
                assert cash.expected_minor == drawer
        assert [report.shift.number for report in shifts] == [*range(1, len(shifts) + 1)]
        for before, after in pairwise(shifts):
            assert after.shift.from_seq == before.shift.to_seq + 1
        money = "SELECT coalesce(sum(amount_minor), 0) FROM entries"
        total = queries.connection.execute(money).fetchone()[0]
        assert sum(report.figures.change_minor for report in shifts) == total
        assert faults(queries) == []
        for report in shifts:
            assert from_body(to_body(report), named_zone) == report


def test_a_shift_has_what_was_sold_between_two_closes(till: PlayedJournal) -> None:
    till.append(opening_draft(Money(5000), "Jo"))
    till.sell(1, 320, [["Coffee", 160, 2]])
    till.clock.pass_time(3600)
    first = till.close_shift(counted=Money(4950))
    till.sell(2, 100)
    second = till.running()
    assert (first.shift.number, first.shift.from_seq, first.shift.to_seq) == (1, 1, 3)
    assert (second.shift.number, second.shift.from_seq, second.shift.to_seq) == (2, 4, 5)
    assert (first.figures.total.gross_minor, second.figures.total.gross_minor) == (320, 100)
    assert (first.opened_by, first.closed_by, first.is_closed) == ("Jo", "Jo", True)
    assert (first.opened_at, first.closed_at) == (
        "2026-03-02T09:00:00.000+00:00",
        "2026-03-02T10:00:00.000+00:00",
    )
    assert (first.cash.expected_minor, first.cash.difference_minor) == (5000, -50)
    assert (second.opened_at, second.is_closed, second.cash.expected_minor) == ("", False, None)
    assert (first.journal_id, first.currency, str(first.business_day)) == (
        "aaaa0001",
        "EUR",
        "2026-03-02",
    )
    assert (first.unsent, second.unsent) == (CountAndSum(1, 320), CountAndSum(2, 420))


def test_first_and_last_hash_are_those_of_the_range(till: PlayedJournal) -> None:
    till.sell(1, 100)
    z = till.close_shift()
    rows = till.file.connection.execute("SELECT hash FROM entries ORDER BY seq").fetchall()
    assert (z.first_hash, z.last_hash) == (rows[0][0], rows[z.shift.to_seq - 1][0])


@pytest.mark.parametrize("is_sold", [True, False])
def test_an_entry_without_a_readable_time_is_named(till: PlayedJournal, *, is_sold: bool) -> None:
    seq = (till.sell(1, 100) if is_sold else till.append(opening_draft(Money(5000), "Jo"))).seq
    till.file.connection.execute("DROP TRIGGER entries_never_change")
    till.file.connection.execute(f"UPDATE entries SET at = '2026-03-02 noon' WHERE seq = {seq}")
    with pytest.raises(JournalBrokenError, match=f"entry {seq}"):
        till.running()


def test_an_x_stores_nothing(till: PlayedJournal) -> None:
    till.sell(1, 100)
    before = till.queries().newest()
    assert till.running() == till.running()
    assert till.queries().newest() == before


def test_what_comes_between_the_reading_and_the_close_is_in_the_next_shift(
    till: PlayedJournal,
) -> None:
    """Nothing is lost, and nothing is counted twice."""
    till.sell(1, 100)
    z = closed(till.running(), Closing(), till.clock.now())
    charge = till.sell(2, 250)
    till.settle(1)
    till.append(closing_draft(z))
    following = till.running()
    assert z.figures.total.gross_minor == 100
    assert following.shift.from_seq == z.shift.to_seq + 1 == charge.seq
    assert following.figures.total.gross_minor == 250
    assert faults(till.queries()) == []


def test_a_crash_before_the_commit_leaves_the_number_to_the_next_close(till: PlayedJournal) -> None:
    till.sell(1, 100)
    lost = closed(till.running(), Closing(), till.clock.now())
    till.sell(1, 50)
    z = till.close_shift()
    assert lost.shift.number == z.shift.number == 1
    assert z.figures.total.gross_minor == 150
    assert [report.shift.number for report in stored(till.queries())] == [1]


def test_no_number_is_given_twice(till: PlayedJournal) -> None:
    till.sell(1, 100)
    two = [closed(till.running(), Closing(), till.clock.now()) for _ in range(2)]
    till.append(closing_draft(two[0]))
    (answer,) = till.file.append([[closing_draft(two[1])]])
    assert isinstance(answer, EntryRefusedError)


def test_a_report_is_of_one_state_whatever_comes_while_it_is_counted(till: PlayedJournal) -> None:
    for _ in range(300):
        till.sell(1, 10)
    expected = till.running()
    came: list[int] = []

    def sell_meanwhile() -> None:
        till.settle(1)
        came.append(till.sell(2, 999).seq)

    with closing(JournalQueries(till.file.path)) as queries:
        report = running_report(queries, DAYS, till.clock.now(), sell_meanwhile)
    assert came
    assert report == expected


@pytest.mark.parametrize("part", ["FROM positions", "kind IN ('charge', 'void')", "= 'clock'"])
def test_no_two_queries_of_a_report_see_two_states(till: PlayedJournal, part: str) -> None:
    """Whatever is committed just before one of them, by the till's own connection."""
    till.sell(1, 100)
    till.sell(2, 250)
    expected = till.running()
    came: list[str] = []

    def commit(statement: str) -> None:
        if part in statement and not came:
            came.append(statement)
            till.settle(1)
            till.append(conflict(2))

    with closing(JournalQueries(till.file.path)) as queries:
        queries.connection.set_trace_callback(commit)
        report = running_report(queries, DAYS, till.clock.now())
    assert came
    assert report == expected


def test_a_void_after_the_close_is_in_the_next_shift_and_names_the_old_one(
    till: PlayedJournal,
) -> None:
    charge = till.sell(1, 250, [["Cake", 250, 1, "A"]])
    first = till.close_shift()
    till.close_shift()
    till.append(void(1, 250, charge.charge_id or ""))
    third = till.running()
    assert first.figures.total == Tally(sales=1, gross_minor=250, to_send_minor=250)
    assert (third.figures.total.net_minor, third.figures.goods[0].name) == (-250, "Cake")
    assert third.figures.voids_of_shifts == (ShiftVoids(1, CountAndSum(1, 250)),)
    assert third.figures.taxes[0].code == "A"
    assert faults(till.queries()) == []


def test_what_happens_later_is_found_behind_a_closed_shift(till: PlayedJournal) -> None:
    charge = till.sell(1, 250)
    z = till.close_shift()
    till.append(void(1, 250, charge.charge_id or ""))
    till.settle(1)
    with (
        closing(JournalQueries(till.file.path)) as queries,
        shift_entries(queries, z.shift) as source,
    ):
        later = [*source.later_voids(), *source.later_receipts()]
        voided = source.voided_charges(with_later=True)
    assert [entry.kind for entry in later] == [EntryKind.VOID, EntryKind.RECEIPT]
    assert [*voided] == [charge.charge_id]


def two_years(folder: Path) -> tuple[Path, PlayedJournal]:
    """Return a journal whose first shift is closed in an archive, and its player."""
    path = folder / "journal.db"
    till = PlayedJournal(path)
    till.sell(1, 320)
    till.settle(1)
    till.close_shift()
    till.sell(1, 30)
    till.settle(1)
    till.file.close()
    till.clock.pass_time(86_400)
    close_year(path, till.clock, 0)
    return path, till


def test_numbers_and_ranges_go_on_after_the_close_of_a_year(tmp_path: Path) -> None:
    path, till = two_years(tmp_path)
    with PlayedJournal.going_on(path, till) as later:
        later.sell(1, 100)
        z = later.close_shift()
        assert (z.shift.number, z.shift.from_seq) == (2, 5)
        assert z.figures.total.gross_minor == 30 + 100
        assert (z.first_hash != "", z.last_hash != "") == (True, True)
        assert later.running().shift.number == 3
        assert faults(later.queries()) == []
    with closing(JournalQueries(tmp_path / "journal-from-1.db")) as archive:
        assert [report.shift.number for report in stored(archive)] == [1]
        assert faults(archive) == []


def test_a_shift_that_began_in_an_archive_needs_it(tmp_path: Path) -> None:
    path, _ = two_years(tmp_path)
    (tmp_path / "journal-from-1.db").unlink()
    gone = pytest.raises(JournalArchiveError, match=r"journal-from-1\.db is gone")
    with closing(JournalQueries(path)) as queries, gone:
        running_report(queries, DAYS, "2026-03-05T09:00:00.000+00:00")


def test_numbers_go_on_after_a_fork(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    till = PlayedJournal(path)
    till.sell(1, 320)
    till.close_shift()
    till.file.close()
    till.clock.pass_time(3600)
    with alone(path, till.clock) as journal:
        journal_id, _ = fork(journal, till.clock, 0)
    with PlayedJournal.going_on(path, till) as later:
        z = later.close_shift()
        assert (z.shift.number, z.journal_id, z.cases.count) == (2, journal_id, 1)
        assert faults(later.queries()) == []


def test_a_changed_z_is_named_with_what_the_journal_says(till: PlayedJournal) -> None:
    till.sell(1, 320, [["Coffee", 160, 2]])
    z = till.close_shift()
    total = replace(z.figures.total, gross_minor=321)
    forged = closing_draft(replace(z, figures=replace(z.figures, total=total)))
    body = {**forged.body, "number": 2, "from_seq": 9, "first_hash": "0"}
    till.append(Draft(EntryKind.SHIFT_CLOSED, body=body))
    details = [fault.detail for fault in faults(till.queries())]
    assert "it begins with entry 9, the shift before ended with 2" in details
    assert "it ends with entry 2, and is entry 4 itself" in details
    assert "figures.total.gross_minor is 321, counted anew 0" in details


def test_a_number_that_was_left_out_is_named(till: PlayedJournal) -> None:
    till.close_shift()
    z = closed(till.running(), Closing(), till.clock.now())
    till.append(Draft(EntryKind.SHIFT_CLOSED, body={**closing_draft(z).body, "number": 3}))
    details = [fault.detail for fault in faults(till.queries())]
    assert details == ["its number is 3, that of the shift before 1"]


def test_a_case_about_more_than_the_row_should_hold_counts_without_its_sign(
    till: PlayedJournal,
) -> None:
    charge = till.sell(1, 250)
    till.settle(1)
    till.append(void(1, 250, charge.charge_id or ""), conflict(1, "other-reason"))
    assert till.close_shift().cases == CountAndSum(1, 250)
    assert faults(till.queries()) == []


def test_a_z_that_cannot_be_read_is_named(till: PlayedJournal) -> None:
    till.append(Draft(EntryKind.SHIFT_CLOSED, body={"number": 1, "to_seq": 1, "form": 1}))
    (fault,) = faults(till.queries())
    assert (fault.number, fault.seq) == (1, 2)
    assert fault.detail == "its Z: from_seq is no int"


def test_the_tallies_of_all_shifts_add_up(till: PlayedJournal) -> None:
    for amount in (100, 250, 30):
        till.sell(1, amount)
        till.close_shift()
    tallies = [report.figures.total for report in stored(till.queries())]
    assert reduce(Tally.__add__, tallies).gross_minor == 380
