"""The report of a shift, counted from the journal, and the entries that open and close one.

A report is of one committed state. A Z is computed first and appended then: entries that come in
between have numbers beyond its range, so they belong to the next shift. A crash in between leaves
nothing behind, and the next try has the same number. The journal refuses a number twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from taptill.domain.customer import stamp
from taptill.domain.entry import Draft, Entry, EntryKind, Position
from taptill.domain.errors import JournalBrokenError
from taptill.domain.money import Money
from taptill.domain.reports.business_days import BusinessDays
from taptill.domain.reports.counter import ReportCounter
from taptill.domain.reports.report import CountAndSum, Report
from taptill.domain.reports.scopes import ShiftRange
from taptill.domain.reports.shift_report import ShiftReport, cash_until_now
from taptill.domain.reports.stored import ZoneNamed, from_body, to_body
from taptill.journal.back_office.shift_entries import ShiftEntries, last_closed, shift_entries
from taptill.journal.identity import currency
from taptill.journal.queries import JournalQueries, one_state

STEP_ENTRIES = 100
"""After so many entries the one who counts may give way, a few milliseconds on a small board."""


@dataclass(frozen=True, slots=True)
class SiteDays:
    """How a site tells its days: when they end and in which time zone, with that zone's name."""

    business_days: BusinessDays
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Standings:
    """Where the money of a shift's customers stands, and what of the whole journal is not sent."""

    positions: Mapping[int, Position]
    unsent: CountAndSum
    cases: CountAndSum


GiveWay = Callable[[], None]


def _go_on() -> None: ...


def running_report(
    queries: JournalQueries, days: SiteDays, at: str, give_way: GiveWay = _go_on
) -> ShiftReport:
    """Return the report of the running shift as of now, an X; nothing is stored.

    `at` is the time of the report. `give_way` is called every STEP_ENTRIES entries, so that a till
    works on while a thread beside it counts. Errors: JournalError; JournalArchiveError where the
    shift began in an archive that is gone.
    """
    with one_state(queries):
        shift = running_shift(queries, days)
        with shift_entries(queries, shift) as source:
            unsent, cases = (
                CountAndSum(count, total.minor)
                for count, total in (queries.open_sum(), queries.in_question())
            )
            standing = Standings(source.positions(), unsent, cases)
            figures = count_shift(source, standing.positions, give_way)
            return shift_report(source, figures, standing, days, at)


def running_shift(queries: JournalQueries, days: SiteDays) -> ShiftRange:
    """Return the range of the running shift; the journal is at one state."""
    number, last_seq = last_closed(queries)
    newest = queries.newest()
    return ShiftRange(
        number + 1, last_seq + 1, newest.seq if newest else last_seq, days.business_days
    )


def count_shift(
    source: ShiftEntries, positions: Mapping[int, Position], give_way: GiveWay = _go_on
) -> Report:
    """Return the figures of a shift as of its last entry, without rows by customer."""
    counter = ReportCounter(source.shift, positions, source.voided_charges())
    for number, entry in enumerate(source.needed(), start=1):
        counter.add(entry)
        if number % STEP_ENTRIES == 0:
            give_way()
    return replace(counter.report(), customers=())


def shift_report(
    source: ShiftEntries, figures: Report, standing: Standings, days: SiteDays, at: str
) -> ShiftReport:
    """Return the report of a shift, of the files as they are open."""
    shift, newest = source.shift, source.files[-1]
    first, last, opened = source.entry(shift.from_seq), source.entry(shift.to_seq), source.opened()
    identity = newest.last_opened() or {}
    return ShiftReport(
        journal_id=identity.get("journal_id", ""),
        till=identity.get("till", ""),
        currency=figures.currencies[0] if len(figures.currencies) == 1 else currency(newest).code,
        first_hash=first.hash if first else "",
        last_hash=last.hash if last else "",
        business_day=_business_day(figures, opened.at if opened else at),
        zone=days.zone,
        began_at=first.at if first else "",
        opened_at=opened.at if opened else "",
        opened_by=(opened.staff or "") if opened else "",
        closed_at="",
        closed_by="",
        cash=cash_until_now(opened.body["counted"] if opened else None, figures),
        unsent=standing.unsent,
        cases=standing.cases,
        figures=figures,
    )


def opening_draft(counted: Money | None, staff: str | None) -> Draft:
    """Return the entry that opens a shift, with what is in the drawer; None: it was not counted."""
    body = {"counted": None if counted is None else counted.minor}
    return Draft(EntryKind.SHIFT_OPENED, body=body, staff=staff)


def closing_draft(report: ShiftReport) -> Draft:
    """Return the entry that closes a shift; it holds the whole Z."""
    return Draft(EntryKind.SHIFT_CLOSED, body=to_body(report), staff=report.closed_by or None)


def _business_day(figures: Report, otherwise_at: str) -> date:
    """Return the first day with a sale or a void, or else that of the opening or the report."""
    if figures.days:
        return figures.days[0].day
    moment = stamp(otherwise_at)
    assert moment is not None  # an opening whose time cannot be read was refused
    return figures.scope.days.day_of(moment)


def stored_report(entry: Entry, path: Path | str, zone_named: ZoneNamed) -> ShiftReport:
    """Return the Z of an entry `shift-closed`; JournalBrokenError where it cannot be read."""
    try:
        return from_body(entry.body, zone_named)
    except ValueError as fault:
        raise JournalBrokenError(path=path, seq=entry.seq, detail=f"its Z: {fault}") from fault
