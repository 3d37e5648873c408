"""Which shift runs and which are closed, and the entries that the report of one needs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from taptill.domain.entry import Entry, Position
from taptill.domain.reports.scopes import ShiftRange
from taptill.domain.reports.voided import VoidedCharge
from taptill.journal import projection
from taptill.journal.back_office.report_entries import (
    COUNTED,
    Files,
    dated,
    with_archives,
    with_voids,
)
from taptill.journal.file import entries, format_of, mapping_errors
from taptill.journal.queries import JournalQueries, carried_over, first_seq
from taptill.journal.schema import RARE, SHIFT_NUMBER

_INSIDE = "seq BETWEEN ?1 AND ?2"
_NEEDED = f"{_INSIDE} AND ({COUNTED} OR kind = 'clock')"
_INSIDE_CHARGES = f"SELECT charge_id FROM entries WHERE kind = 'charge' AND {_INSIDE}"  # noqa: S608 - constants
_LATER_VOIDS = f"kind = 'void' AND seq > ?2 AND charge_id IN ({_INSIDE_CHARGES})"
_WITH_VOIDS = "kind IN ('charge', 'void') AND charge_id IN (SELECT charge_id FROM entries WHERE "
_VOIDED = f"{_WITH_VOIDS} kind = 'void' AND {_INSIDE})"
_VOIDED_LATER = f"{_WITH_VOIDS} {_LATER_VOIDS})"
_LATER_RECEIPTS = "seq > ? AND kind IN ('receipt', 'booked')"
_TOUCHED = "customer_id IN (SELECT customer_id FROM entries WHERE seq BETWEEN ? AND ?)"
_LAST_CLOSED = f"seq = (SELECT max(seq) FROM entries WHERE {RARE} AND kind = 'shift-closed')"  # noqa: S608 - constant
_CLOSED_WITH = f"{RARE} AND kind = 'shift-closed' AND json_extract(body, '$.to_seq') >= ?"
_OPENED = f"{RARE} AND kind = 'shift-opened' AND {_INSIDE}"
_AT = "seq = ?"

CARRIED_SHIFT = "shift"
"""Key of the first entry of a journal that follows a closed one, see `last_closed`."""


@dataclass(frozen=True, slots=True)
class ShiftEntries:
    """The files of a shift while they are open."""

    files: Files
    shift: ShiftRange

    def needed(self) -> Iterator[Entry]:
        """Return the entries of the shift that count, in order.

        Errors: JournalError; JournalBrokenError for an entry whose time cannot be read.
        """
        for file in self.files:
            yield from dated(file, _NEEDED, self._bounds)

    def later_voids(self) -> Iterator[Entry]:
        """Return the voids of later shifts that take back charges of this one."""
        for file in self.files:
            yield from dated(file, _LATER_VOIDS, self._bounds)

    def later_receipts(self) -> Iterator[Entry]:
        """Return all receipts and booked files after the shift."""
        for file in self.files:
            yield from entries(file.connection, _LATER_RECEIPTS, [self.shift.to_seq])

    def voided_charges(self, *, with_later: bool = False) -> dict[str, VoidedCharge]:
        """Return the charges that voids of the shift take back, by charge id.

        Those of earlier shifts have that shift's number. `with_later`: also the shift's charges
        that later voids take back.
        """
        found: dict[str, VoidedCharge] = {}
        for file in self.files:
            for where in (_VOIDED, _VOIDED_LATER) if with_later else (_VOIDED,):
                voided_charges = with_voids(entries(file.connection, where, self._bounds))
                for charge_id, voided in voided_charges.items():
                    found[charge_id] = self._named(file, voided)
        return found

    def positions(self) -> Mapping[int, Position]:
        """Return the positions, as the newest file has them, of all who have entries in the shift.

        The archives' customers are among them: each has an entry `carried` in the newest file.
        """
        connection = self.files[-1].connection
        query = projection.rows_query(format_of(connection), _TOUCHED)
        with mapping_errors(self.files[-1].path):
            rows = connection.execute(query, self._bounds)
            return {row[0]: projection.from_row(row) for row in rows}

    def opened(self) -> Entry | None:
        """Return the entry that opened the shift; None: nobody did."""
        found = (opened_entry(file, self.shift) for file in self.files)
        return next((entry for entry in found if entry), None)

    def entry(self, seq: int) -> Entry | None:
        """Return the entry of a number; None where there is none."""
        # An archive's own last entry has the number of the first one of the file that follows.
        for file in reversed(self.files):
            if seq >= first_seq(file):
                return next(entries(file.connection, _AT, [seq]), None)
        return None

    @property
    def _bounds(self) -> tuple[int, int]:
        return self.shift.from_seq, self.shift.to_seq

    def _named(self, file: JournalQueries, voided: VoidedCharge) -> VoidedCharge:
        if voided.charge.seq >= self.shift.from_seq:
            return voided
        closed = next(entries(file.connection, _CLOSED_WITH, [voided.charge.seq]), None)
        return replace(voided, shift=closed.body["number"] if closed else None)


@contextmanager
def shift_entries(queries: JournalQueries, shift: ShiftRange) -> Iterator[ShiftEntries]:
    """Open the archives that a shift reaches back into.

    The journal itself is at one state already: which shift runs depends on it, too.
    Errors: JournalError; JournalArchiveError for an archive that is gone or does not fit.
    """

    def reaches_before(file: JournalQueries) -> bool:
        return shift.from_seq < first_seq(file)

    with with_archives(queries, reaches_before) as files:
        yield ShiftEntries(files, shift)


def last_closed(queries: JournalQueries) -> tuple[int, int]:
    """Return number and last entry of the shift that was closed last; zeros before the first one.

    A journal that follows a closed one has them from there.
    """
    with mapping_errors(queries.path):
        entry = next(entries(queries.connection, _LAST_CLOSED), None)
        if entry:
            return entry.body["number"], entry.body["to_seq"]
    return carried_shift(queries)


def carried_shift(queries: JournalQueries) -> tuple[int, int]:
    """Return number and last entry of the last shift that the closed journal before has closed."""
    with mapping_errors(queries.path):
        number, to_seq = carried_over(queries).get(CARRIED_SHIFT, (0, 0))
        return number, to_seq


def closed_entries(queries: JournalQueries, count: int = -1) -> list[Entry]:
    """Return the entries of the shifts that were closed last, newest first; -1: of all.

    Those of one file: older ones are in the archive that it follows.
    """
    where = (
        f"{RARE} AND seq IN (SELECT seq FROM entries WHERE {RARE} AND kind = 'shift-closed' "  # noqa: S608 - constants
        "ORDER BY seq DESC LIMIT ?)"
    )
    with mapping_errors(queries.path):
        return [*entries(queries.connection, where, [count])][::-1]


def closed_entry(queries: JournalQueries, number: int) -> Entry | None:
    """Return the entry that closed the shift of a number; None where this file has none."""
    where = f"kind = 'shift-closed' AND {SHIFT_NUMBER} = ?"
    with mapping_errors(queries.path):
        return next(entries(queries.connection, where, [number]), None)


def opened_entry(queries: JournalQueries, shift: ShiftRange) -> Entry | None:
    """Return the entry that opened a shift, of one file; None: nobody did.

    Errors: JournalError; JournalBrokenError where its time cannot be read.
    """
    bounds = (shift.from_seq, shift.to_seq)
    with mapping_errors(queries.path):
        return next(dated(queries, _OPENED, bounds), None)
