"""The entries that a report needs, of the journal and of the archives it follows."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from taptill.domain.customer import stamp
from taptill.domain.entry import Entry, EntryKind, Position
from taptill.domain.errors import JournalBrokenError
from taptill.domain.reports.scopes import Period
from taptill.domain.reports.voided import VoidedCharge
from taptill.journal.file import entries, mapping_errors, positions
from taptill.journal.queries import JournalQueries, archived, one_state

_INSIDE = "at >= ?1 AND at < ?2"
COUNTED = (
    "kind IN ('charge', 'void', 'repayment', 'write-off', 'declined', 'receipt', 'booked', "
    "'office-moved')"
)
"""What a report counts of the entries inside its scope, jumps of the clock aside."""
_INSIDE_CHARGES = f"SELECT charge_id FROM entries WHERE kind = 'charge' AND {_INSIDE}"  # noqa: S608 - constants
_VOID_OF_INSIDE = f"kind = 'void' AND charge_id IN ({_INSIDE_CHARGES})"
_NEEDED = f"{_INSIDE} AND {COUNTED} OR kind = 'clock' OR {_VOID_OF_INSIDE}"
_VOIDED = (
    f"kind IN ('charge', 'void') AND charge_id IN (SELECT charge_id FROM entries "  # noqa: S608 - constants
    f"WHERE kind = 'void' AND ({_INSIDE} OR {_VOID_OF_INSIDE}))"
)
_RECEIPTS = "seq > ? AND kind IN ('receipt', 'booked')"
_FIRST = "seq = (SELECT min(seq) FROM entries)"

Files = tuple[JournalQueries, ...]
"""A journal with archives that it follows, oldest first, each at one committed state."""


@dataclass(frozen=True, slots=True)
class ReportEntries:
    """The files of a period while they are open."""

    files: Files
    period: Period

    @property
    def _bounds(self) -> tuple[str, str]:
        return self.period.begin, self.period.end

    def needed(self) -> Iterator[Entry]:
        """Return the entries of the period, later voids of its charges and jumps of the clock.

        Errors: JournalError; JournalBrokenError for an entry whose time cannot be read.
        """
        for file in self.files:
            yield from dated(file, _NEEDED, self._bounds)

    def voided_charges(self) -> dict[str, VoidedCharge]:
        """Return the charges that the voids of `needed` take back, by charge id."""
        return {
            charge_id: voided
            for file in self.files
            for charge_id, voided in with_voids(
                entries(file.connection, _VOIDED, self._bounds)
            ).items()
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

    def reaches_before(file: JournalQueries) -> bool:
        return _reaches_before(file, period)

    with one_state(queries), with_archives(queries, reaches_before) as files:
        yield ReportEntries(files, period)


@contextmanager
def with_archives(
    queries: JournalQueries, reaches_before: Callable[[JournalQueries], bool]
) -> Iterator[Files]:
    """Open archives as long as the report reaches back before the oldest file; yield all files.

    Errors: JournalError, JournalArchiveError.
    """
    with ExitStack() as stack:
        files = [queries]
        while reaches_before(files[0]) and (archive := stack.enter_context(archived(files[0]))):
            stack.enter_context(one_state(archive))
            files.insert(0, archive)
        yield tuple(files)


def dated(file: JournalQueries, where: str, parameters: tuple[object, ...]) -> Iterator[Entry]:
    """Return entries in order; JournalBrokenError for one whose time cannot be read."""
    for entry in entries(file.connection, where, parameters):
        if stamp(entry.at) is None:
            detail = "its time cannot be read"
            raise JournalBrokenError(path=file.path, seq=entry.seq, detail=detail)
        yield entry


def with_voids(found: Iterator[Entry]) -> dict[str, VoidedCharge]:
    """Return charges with their voids, by charge id, from these entries in their order."""
    charges: dict[str, Entry] = {}
    voids: dict[str, list[Entry]] = {}
    for entry in found:
        if entry.kind is EntryKind.CHARGE:
            charges[entry.charge_id or ""] = entry
        else:
            voids.setdefault(entry.charge_id or "", []).append(entry)
    return {key: VoidedCharge(charge, (*voids.get(key, ()),)) for key, charge in charges.items()}


def _reaches_before(queries: JournalQueries, period: Period) -> bool:
    """Return whether the file before this one may have entries of the period.

    It may if this one began within the period, or by a clock that was not known to be set.
    """
    first = entries(queries.connection, _FIRST)
    return any(entry.at >= period.begin or not entry.clock_trusted for entry in first)
