"""A journal and the number of a shift in, its report out; with what has happened to it since."""

from dataclasses import dataclass
from itertools import chain

from taptill.domain.errors import UsageError
from taptill.domain.reports.counter import ReportCounter
from taptill.domain.reports.report import Report
from taptill.domain.reports.shift_report import ShiftReport
from taptill.domain.reports.stored import ZoneNamed
from taptill.journal.back_office.shift_entries import (
    closed_entries,
    closed_entry,
    last_closed,
    shift_entries,
)
from taptill.journal.back_office.shifts import stored_report
from taptill.journal.queries import JournalQueries, archived, one_state


@dataclass(frozen=True, slots=True)
class ClosedShift:
    """A Z as it was stored, and its figures as of now: what arrived and what was voided since."""

    report: ShiftReport
    now: Report


def closed_shift(queries: JournalQueries, number: int, zone_named: ZoneNamed) -> ClosedShift:
    """Return a closed shift, of the journal or of the archives that it follows.

    One of an archive is as of the end of that year. Errors: UsageError where there is no such
    shift, JournalError, JournalArchiveError.
    """
    with one_state(queries):
        entry = closed_entry(queries, number)
        if entry:
            report = stored_report(entry, queries.path, zone_named)
            return ClosedShift(report, _figures_now(queries, report))
        last_number, _ = last_closed(queries)
    with archived(queries) as archive:
        if archive and 1 <= number <= last_number:
            return closed_shift(archive, number, zone_named)
    raise UsageError(problem=_unknown(number, last_number))


def last_shift(queries: JournalQueries, zone_named: ZoneNamed) -> ClosedShift:
    """Return the shift that was closed last; UsageError where none ever was."""
    return closed_shift(queries, last_closed(queries)[0], zone_named)


def closed_shifts(queries: JournalQueries, zone_named: ZoneNamed) -> list[ShiftReport]:
    """Return the Zs of one file, oldest first; earlier ones are in the archive that it follows."""
    found = closed_entries(queries)[::-1]
    return [stored_report(entry, queries.path, zone_named) for entry in found]


def _figures_now(queries: JournalQueries, report: ShiftReport) -> Report:
    with shift_entries(queries, report.shift) as source:
        voided_charges = source.voided_charges(with_later=True)
        counter = ReportCounter(report.shift, source.positions(), voided_charges)
        for entry in chain(source.needed(), source.later_voids()):
            counter.add(entry)
        for entry in source.later_receipts():
            if counter.awaits_receipts_after is None:
                break
            counter.take_receipt(entry)
    return counter.report()


def _unknown(number: int, last_number: int) -> str:
    if last_number == 0:
        return "no shift was closed in this journal so far"
    return f"there is no closed shift {number}: the last one is {last_number}"
