"""Closed shifts in, what of their Zs does not agree with the journal out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from taptill.domain.entry import Entry, Position
from taptill.domain.errors import JournalBrokenError
from taptill.domain.reports.report import CountAndSum
from taptill.domain.reports.shift_report import ShiftReport
from taptill.domain.reports.stored import ZoneNamed, differences, to_body
from taptill.journal import projection
from taptill.journal.back_office.shift_entries import (
    carried_shift,
    closed_entries,
    shift_entries,
)
from taptill.journal.back_office.shifts import (
    SiteDays,
    Standings,
    count_shift,
    shift_report,
    stored_report,
)
from taptill.journal.file import entries
from taptill.journal.queries import JournalQueries, one_state


@dataclass(frozen=True, slots=True)
class ShiftFault:
    """A figure of a stored Z that is another when it is counted anew; `seq` is the Z's entry."""

    number: int
    seq: int
    detail: str


def shift_faults(queries: JournalQueries, zone_named: ZoneNamed) -> Iterator[ShiftFault]:
    """Compute each Z of a file anew from the entries of its range, and yield each difference.

    Numbers and ranges must follow one another without a gap. Errors: JournalError;
    JournalArchiveError where a range reaches back into an archive that is gone.
    """
    with one_state(queries):
        number, to_seq = carried_shift(queries)
        replay = _Replay(queries)
        for entry in reversed(closed_entries(queries)):
            try:
                stored = stored_report(entry, queries.path, zone_named)
            except JournalBrokenError as fault:
                yield ShiftFault(number + 1, entry.seq, str(fault.fields["detail"]))
                return
            for detail in (
                *_gaps(stored, number, to_seq, entry.seq),
                *_differences(queries, entry, stored, replay),
            ):
                yield ShiftFault(stored.shift.number, entry.seq, detail)
            number, to_seq = stored.shift.number, stored.shift.to_seq


def _gaps(stored: ShiftReport, number: int, to_seq: int, own_seq: int) -> Iterator[str]:
    shift = stored.shift
    if shift.number != number + 1:
        yield f"its number is {shift.number}, that of the shift before {number}"
    if shift.from_seq != to_seq + 1:
        yield f"it begins with entry {shift.from_seq}, the shift before ended with {to_seq}"
    if not shift.from_seq <= shift.to_seq < own_seq:
        yield f"it ends with entry {shift.to_seq}, and is entry {own_seq} itself"


def _differences(
    queries: JournalQueries, entry: Entry, stored: ShiftReport, replay: "_Replay"
) -> Iterator[str]:
    days = SiteDays(stored.shift.days, stored.zone)
    with shift_entries(queries, stored.shift) as source:
        standing = replay.until(stored.shift.to_seq)
        figures = count_shift(source, standing.positions)
        counted = shift_report(source, figures, standing, days, stored.closed_at)
    as_said = replace(
        counted,
        journal_id=stored.journal_id,  # these were so at the close, or a person has said them
        till=stored.till,
        currency=stored.currency,
        closed_at=stored.closed_at,
        closed_by=stored.closed_by,
        cash=replace(
            stored.cash,
            opening_minor=counted.cash.opening_minor,
            repaid_minor=counted.cash.repaid_minor,
        ),
    )
    return differences(entry.body, to_body(as_said))


class _Replay:
    """The positions as they were after an entry, one later entry after the other."""

    def __init__(self, queries: JournalQueries) -> None:
        self._entries = entries(queries.connection)
        self._counter = projection.PositionCounter()
        self._next: Entry | None = next(self._entries, None)

    def until(self, seq: int) -> Standings:
        """Return where the money stood after the entry of this number."""
        while self._next and self._next.seq <= seq:
            self._counter.add(self._next)
            self._next = next(self._entries, None)
        positions: Mapping[int, Position] = self._counter.positions
        unsent, cases = CountAndSum(), CountAndSum()
        for position in positions.values():
            if position.conflict:
                cases = cases.add(abs(position.in_question))
            elif position.open:
                unsent = unsent.add(position.in_question)
        return Standings(positions, unsent, cases)
