"""The entries that a report of a period needs, of the journal and of the archives it follows."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from taptill.domain.customer import stamp
from taptill.domain.entry import Entry, Position
from taptill.domain.errors import JournalBrokenError
from taptill.domain.reports.period import Period
from taptill.journal.file import entries, mapping_errors, positions
from taptill.journal.queries import JournalQueries, archived

_INSIDE = "at >= ?1 AND at < ?2"
_COUNTED = "kind IN ('charge', 'void', 'repayment', 'write-off', 'declined', 'receipt', 'booked')"
_INSIDE_CHARGES = f"SELECT charge_id FROM entries WHERE kind = 'charge' AND {_INSIDE}"  # noqa: S608 - constants
_VOID_OF_INSIDE = f"kind = 'void' AND charge_id IN ({_INSIDE_CHARGES})"
_NEEDED = f"{_INSIDE} AND {_COUNTED} OR kind = 'clock' OR {_VOID_OF_INSIDE}"
_VOIDED = (
    f"kind = 'charge' AND charge_id IN (SELECT charge_id FROM entries WHERE kind = 'void' "  # noqa: S608 - constants
    f"AND ({_INSIDE} OR {_VOID_OF_INSIDE}))"
)
_RECEIPTS = "seq > ? AND kind IN ('receipt', 'booked')"
_FIRST = "seq = (SELECT min(seq) FROM entries)"


@dataclass(frozen=True, slots=True)
class ReportEntries:
    """The files of a period, oldest first, each at one committed state while this is open."""

    files: tuple[JournalQueries, ...]
    period: Period

    @property
    def _bounds(self) -> tuple[str, str]:
        return self.period.begin, self.period.end

    def needed(self) -> Iterator[Entry]:
        """Return the entries of the period, later voids of its charges and jumps of the clock.

        Errors: JournalError; JournalBrokenError for an entry whose time cannot be read.
        """
        for file in self.files:
            for entry in entries(file.connection, _NEEDED, self._bounds):
                if stamp(entry.at) is None:
                    detail = "its time cannot be read"
                    raise JournalBrokenError(path=file.path, seq=entry.seq, detail=detail)
                yield entry

    def voided_charges(self) -> dict[str, Entry]:
        """Return the charges that the voids of `needed` take back, by charge id."""
        return {
            entry.charge_id or "": entry
            for file in self.files
            for entry in entries(file.connection, _VOIDED, self._bounds)
        }

    def receipts(self, after_seq: int) -> Iterator[Entry]:
        """Return all receipts and booked files after an entry."""
        for file in self.files:
            yield from entries(file.connection, _RECEIPTS, [after_seq])

    def positions(self) -> Mapping[int, Position]:
        """Return all customers' positions as the newest file has them."""
        newest = self.files[-1]
        with mapping_errors(newest.path):
            return {row.customer_id: row for row in positions(newest.connection)}


@contextmanager
def report_entries(queries: JournalQueries, period: Period) -> Iterator[ReportEntries]:
    """Open what a report needs: the journal, and as many archives as the period reaches back into.

    Errors: JournalError; JournalArchiveError for an archive that is gone or does not fit.
    """
    with ExitStack() as stack:
        files = [queries]
        stack.enter_context(_one_state(queries))
        while _reaches_before(files[0], period) and (
            archive := stack.enter_context(archived(files[0]))
        ):
            stack.enter_context(_one_state(archive))
            files.insert(0, archive)
        yield ReportEntries(tuple(files), period)


def _reaches_before(queries: JournalQueries, period: Period) -> bool:
    """Return whether the file before this one may have entries of the period.

    It may if this one began within the period, or by a clock that was not known to be set.
    """
    first: Iterable[Entry] = entries(queries.connection, _FIRST)
    return any(entry.at >= period.begin or not entry.clock_trusted for entry in first)


@contextmanager
def _one_state(queries: JournalQueries) -> Iterator[None]:
    with mapping_errors(queries.path):
        queries.connection.execute("BEGIN")
    try:
        yield
    finally:
        queries.connection.execute("ROLLBACK")  # nothing was written
