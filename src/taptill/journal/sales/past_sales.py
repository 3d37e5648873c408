"""The journal in, pages of past sales out: those of the running shift, and the history.

All of it reads from the newest entry backwards, so a page takes the same time whatever the journal
holds. A step looks at a bounded number of entries, found or not, and says where the next step goes
on; so a search may stop the screen for a moment at most.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from taptill.domain.entry import Entry, EntryKind
from taptill.domain.sales.past import PAGE_ROWS, HistoryPage, HistoryRow, PastSale, SalesPage
from taptill.domain.sales.repaying import TAKEN_BACK_END, repayment_id, takes_back
from taptill.domain.sales.search import HistorySearch
from taptill.journal.back_office.shift_entries import last_closed
from taptill.journal.chain import ENTRY_COLUMNS
from taptill.journal.file import entries, entry_of, mapping_errors
from taptill.journal.queries import JournalQueries, one_state
from taptill.journal.schema import MONEY

STEP_ENTRIES = 2_000
"""One step of a search looks at so many entries."""

SHIFT_STEPS = 10
"""A page of a shift's sales looks at so many times more, as of what is no charge only the kind is
read. A day offline may write thousands of attempts between two sales."""

# The sign + keeps SQLite from the index of charges: the order and the end are those of `seq`.
_BACKWARDS = (
    f"SELECT {ENTRY_COLUMNS} FROM entries "  # noqa: S608 - constants
    "WHERE seq < ? AND seq > ? AND +kind IN ({}) ORDER BY seq DESC"
)
_SALES = _BACKWARDS.format("'charge', 'repayment'")
_HISTORY = _BACKWARDS.format("'charge', 'void', 'repayment', 'declined'")
_OF_THESE = "kind = ? AND charge_id IN (SELECT value FROM json_each(?))"
_WRITTEN_OFF = (
    f"SELECT 1 FROM entries WHERE customer_id = ? AND seq > ? AND {MONEY} "  # noqa: S608 - constants
    "AND kind = 'write-off'"
)
_END = "SELECT coalesce(max(seq), 0) FROM entries"


class PastSales:
    """Past sales of one journal, without the archives of closed years. Errors: JournalError.

    Each call sees one committed state, and takes some milliseconds at most.
    """

    def __init__(self, queries: JournalQueries, step_entries: int = STEP_ENTRIES) -> None:
        self._queries = queries
        self._step_entries = step_entries

    def of_shift(self, before_seq: int | None = None, limit: int = PAGE_ROWS) -> SalesPage:
        """Return the sales of the running shift before an entry, None: from the newest on."""
        with self._one_state() as connection:
            _, closed_seq = last_closed(self._queries)
            step = self._step(connection, before_seq, closed_seq, SHIFT_STEPS)
            sales = _with_voids(connection, step.take(_SALES, limit))
        return SalesPage(sales, step.next_seq)

    def sale(self, charge_id: str) -> PastSale | None:
        """Return a sale by its id; None: this journal does not have it."""
        with self._one_state() as connection:
            charges = _of_these(connection, EntryKind.CHARGE, [charge_id])
            repayments = _of_these(connection, EntryKind.REPAYMENT, [charge_id])
            sales = _with_voids(connection, charges or repayments)
        return sales[0] if sales else None

    def row(self, seq: int) -> HistoryRow | None:
        """Return an entry with the charge that it is about; None: there is no such entry."""
        with self._one_state() as connection:
            return next(_history_rows(connection, entries(connection, "seq = ?", [seq])), None)

    def is_of_shift(self, seq: int) -> bool:
        """Return whether an entry belongs to the running shift."""
        return seq > last_closed(self._queries)[1]

    def find(
        self, search: HistorySearch, before_seq: int | None = None, limit: int = PAGE_ROWS
    ) -> HistoryPage:
        """Return what fits a search, before an entry; None: from the newest on."""
        with self._one_state() as connection:
            step = self._step(connection, before_seq, 0)
            rows: list[HistoryRow] = []
            for row in _history_rows(connection, step.rows(_HISTORY)):
                if search.fits(row):
                    rows.append(row)
                    if len(rows) == limit:
                        step.end_at(row.entry.seq)
                        break
        return HistoryPage(tuple(rows), step.next_seq, step.looked_at)

    @contextmanager
    def _one_state(self) -> Iterator[sqlite3.Connection]:
        with mapping_errors(self._queries.path), one_state(self._queries) as connection:
            yield connection

    def _step(
        self, connection: sqlite3.Connection, before_seq: int | None, after_seq: int, steps: int = 1
    ) -> "_Step":
        if before_seq is None:
            before_seq = connection.execute(_END).fetchone()[0] + 1
        return _Step(connection, before_seq, after_seq, before_seq - steps * self._step_entries)


class _Step:
    """One walk backwards from `before_seq` down to an entry, and not below `after_seq`."""

    def __init__(
        self, connection: sqlite3.Connection, before_seq: int, after_seq: int, down_to_seq: int
    ) -> None:
        self._connection = connection
        self._before_seq = before_seq
        self._after_seq = after_seq
        self._down_to_seq = max(after_seq + 1, down_to_seq)

    def rows(self, query: str) -> Iterator[Entry]:
        """Yield the entries that the query selects, newest first."""
        bounds = (self._before_seq, self._down_to_seq - 1)
        for row in self._connection.execute(query, bounds):
            yield entry_of(row)

    def take(self, query: str, limit: int) -> list[Entry]:
        """Return the first entries that the query selects, and end the step at the last one."""
        found = []
        for entry in self.rows(query):
            if takes_back(entry):
                continue
            found.append(entry)
            if len(found) == limit:
                self.end_at(entry.seq)
                break
        return found

    def end_at(self, seq: int) -> None:
        """Say that the step went down to this entry only."""
        self._down_to_seq = seq

    @property
    def next_seq(self) -> int | None:
        """Return before which entry the next step begins; None: nothing is left."""
        return self._down_to_seq if self._down_to_seq > self._after_seq + 1 else None

    @property
    def looked_at(self) -> int:
        """Return at how many entries the step has looked."""
        return max(0, self._before_seq - self._down_to_seq)


def _history_rows(connection: sqlite3.Connection, found: Iterable[Entry]) -> Iterator[HistoryRow]:
    for entry in found:
        charge: Entry | None = None if entry.kind is EntryKind.DECLINED else entry
        if entry.kind is EntryKind.VOID:
            charge = next(
                iter(_of_these(connection, EntryKind.CHARGE, [entry.charge_id or ""])), None
            )
        yield HistoryRow(entry, charge)


def _with_voids(connection: sqlite3.Connection, charges: Sequence[Entry]) -> tuple[PastSale, ...]:
    voids: defaultdict[str | None, list[Entry]] = defaultdict(list)
    charge_ids = [charge.charge_id for charge in charges if charge.charge_id]
    for void in _of_these(connection, EntryKind.VOID, charge_ids):
        voids[void.charge_id].append(void)
    taken_back_ids = [f"{charge_id}{TAKEN_BACK_END}" for charge_id in charge_ids]
    for entry in _of_these(connection, EntryKind.REPAYMENT, taken_back_ids):
        voids[repayment_id(entry)].append(entry)
    return tuple(
        PastSale(
            charge,
            tuple(voids[charge.charge_id]),
            charge.kind is EntryKind.REPAYMENT and _is_written_off(connection, charge),
        )
        for charge in charges
    )


def _is_written_off(connection: sqlite3.Connection, repayment: Entry) -> bool:
    bounds = (repayment.customer_id, repayment.seq)
    return connection.execute(_WRITTEN_OFF, bounds).fetchone() is not None


def _of_these(
    connection: sqlite3.Connection, kind: EntryKind, charge_ids: Sequence[str]
) -> list[Entry]:
    if not charge_ids:
        return []
    return list(entries(connection, _OF_THESE, [kind.value, json.dumps(charge_ids)]))
