"""Queries of the journal by a read-only connection, and walks over the archives."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from taptill.domain.decision import OfflineExposure
from taptill.domain.entry import Entry, EntryKind, MarkedEntry, Position
from taptill.domain.errors import JournalArchiveError, JournalError
from taptill.domain.money import MINOR_MAX, Money
from taptill.journal import projection
from taptill.journal.chain import ENTRY_COLUMNS, chain_break
from taptill.journal.exposure import ExposureSums
from taptill.journal.file import (
    MISSING_END,
    beginning,
    connect,
    entries,
    known_end,
    mapping_errors,
    position,
)
from taptill.journal.marked_entry import entry_at_mark, start_seq
from taptill.journal.schema import RARE
from taptill.settlement.requests import JournalAnswer

END_CHECKED = 1000
"""The start checks so many entries at the chain's end; `verify` checks all."""

NO_MORE = Money(MINOR_MAX)
"""More than any limit."""


class JournalQueries:
    """Queries of the journal; each call sees one committed state.

    Errors: JournalError. `connection`: one that is open already, of a simulation for example.
    """

    def __init__(self, path: Path | str, connection: sqlite3.Connection | None = None) -> None:
        self.path = path
        self.connection = connection or connect(path, read_only=True)
        self._position: tuple[tuple[int, ...], Position | None] = ((), None)
        self._exposure_sums = ExposureSums(self.connection)
        self._exposure: tuple[tuple[int, ...], OfflineExposure] | None = None

    def position(self, customer_id: int) -> Position | None:
        """Return a customer's position; None without any entry.

        A decision asks for one several times, so it is kept until the next commit.
        """
        key = (*self._state(), customer_id)
        if self._position[0] != key:
            with mapping_errors(self.path):
                self._position = key, position(self.connection, customer_id)
        return self._position[1]

    def query(self, customer_id: int, mark_seq: int | None) -> JournalAnswer | None:
        """Return the position and the entry at a mark, both of one committed state.

        None: neither is there, so nothing here concerns the customer.
        """
        with mapping_errors(self.path), one_state(self):
            position = self.position(customer_id)
            if position is None and mark_seq is None:
                return None
            marked_entry = None if mark_seq is None else self.entry_at_mark(mark_seq)
        return JournalAnswer(position or projection.empty_position(customer_id), marked_entry)

    def entry_at_mark(self, seq: int) -> MarkedEntry | None:
        """Return the money entry at `seq` with its customer's sum up to it; None: not ours.

        An entry of a closed year is read from the archive. Errors: JournalArchiveError.
        """
        with mapping_errors(self.path):
            marked_entry = entry_at_mark(self.connection, seq)
        return marked_entry or self._archived(seq)

    def _archived(self, seq: int) -> MarkedEntry | None:
        if seq >= first_seq(self):
            return None
        with archived(self) as archive:
            marked_entry = archive.entry_at_mark(seq) if archive else None
        with mapping_errors(self.path):
            is_ours = marked_entry and seq > start_seq(self.connection, marked_entry.customer_id)
        return marked_entry if is_ours else None

    def open_customers(self, limit: int) -> list[int]:
        """Return the customers with money still to be sent, oldest money entry first."""
        query = (
            "SELECT customer_id FROM positions WHERE open AND conflict IS NULL "
            "ORDER BY last_seq LIMIT ?"
        )
        return [row[0] for row in self._ask(query, limit)]

    def open_sum(self, *, with_desk: bool = False) -> tuple[int, Money]:
        """Count the customers with money to be sent, and sum it.

        `with_desk`: also open cases, with all that may be missing of them.
        """
        where = "open OR conflict IS NOT NULL" if with_desk else "open AND conflict IS NULL"
        query = (
            "SELECT count(*), coalesce(sum(in_question), 0) "  # noqa: S608 - constants
            f"FROM positions WHERE {where}"
        )
        count, total = self._ask(query)[0]
        return count, Money(total)

    def in_question(self) -> tuple[int, Money]:
        """Return the number of open cases, and the sum of what may be missing, without signs."""
        query = (
            "SELECT count(*), coalesce(sum(abs(in_question)), 0) FROM positions "
            "WHERE conflict IS NOT NULL"
        )
        count, total = self._ask(query)[0]
        return int(count), Money(total)

    def halted(self) -> list[int]:
        """Return the customers whose rows halted settlement since it was last resumed, if any."""
        query = (
            f"SELECT DISTINCT customer_id FROM entries WHERE {RARE} AND kind = 'halted' AND seq > "  # noqa: S608 - constant
            f"(SELECT coalesce(max(seq), 0) FROM entries WHERE {RARE} AND kind = 'resumed')"
        )
        return [row[0] for row in self._ask(query)]

    def offline_exposure(self, customer_id: int, above_seq: int) -> OfflineExposure:
        """Return the offline charges beyond the newest marks, of one customer and of the till.

        Called at each key while the backend is away, so it is kept until the next commit.
        """
        key = (*self._state(), customer_id, above_seq)
        if self._exposure is None or self._exposure[0] != key:
            try:
                with mapping_errors(self.path), one_state(self):
                    self._exposure = key, self._new_exposure(customer_id, above_seq)
            except JournalArchiveError:
                return OfflineExposure(NO_MORE, NO_MORE)  # not known: no offline charge
        return self._exposure[1]

    def _new_exposure(self, customer_id: int, above_seq: int) -> OfflineExposure:
        sums = self._exposure_sums
        sums.update()
        set_back = {key: above for key, above in sums.set_back.items() if key != customer_id}
        if sums.is_set_back(customer_id, above_seq):
            set_back[customer_id] = above_seq
        archived_sums = self._archived_sums(set_back)
        own_before = archived_sums.pop(customer_id, 0)
        own = sums.of_one(customer_id, above_seq) + own_before
        others = sums.of_others(customer_id) + sum(archived_sums.values())
        return OfflineExposure(Money(own), Money(own + others))

    def _archived_sums(self, set_back: Mapping[int, int]) -> dict[int, int]:
        """Return the sum of each customer's charges beyond a mark that the archive holds."""
        if not set_back:
            return {}
        with archived(self) as archive:
            if archive is None:
                return {}
            return {  # nothing is open in an archive: its terminal's sum is the customer's
                customer_id: archive.offline_exposure(customer_id, above).terminal.minor
                for customer_id, above in set_back.items()
            }

    def last_sales(self, count: int) -> list[Entry]:
        """Return the last charges, voids and repayments, oldest first."""
        kinds = "('charge', 'void', 'repayment')"
        where = (
            f"kind IN {kinds} AND seq IN (SELECT seq FROM entries "  # noqa: S608 - constant
            f"WHERE +kind IN {kinds} ORDER BY seq DESC LIMIT ?)"  # +: from the end on
        )
        with mapping_errors(self.path):
            return list(entries(self.connection, where, [count]))

    def rare(self, kind: EntryKind) -> list[Entry]:
        """Return all entries of a kind that the index of rare ones holds, oldest first."""
        with mapping_errors(self.path):
            return list(entries(self.connection, f"{RARE} AND kind = ?", [kind.value]))

    def newest(self) -> Entry | None:
        """Return the newest entry of all; None of an empty journal."""
        with mapping_errors(self.path):
            rows = list(entries(self.connection, "seq = (SELECT max(seq) FROM entries)"))
        return rows[0] if rows else None

    def last_opened(self) -> dict[str, str] | None:
        """Return the body of the last `opened`: journal id, and what the journal belongs to."""
        where = f"seq = (SELECT max(seq) FROM entries WHERE {RARE} AND kind = 'opened')"  # noqa: S608 - constant
        with mapping_errors(self.path):
            rows = list(entries(self.connection, where))
        return dict(rows[0].body) if rows else None

    def end_break(self) -> tuple[int, str] | None:
        """Return number and fault of the first of the last entries that breaks the chain."""
        query = f"SELECT {ENTRY_COLUMNS} FROM entries ORDER BY seq DESC LIMIT ?"  # noqa: S608 - constant
        rows = self._ask(query, END_CHECKED)[::-1]
        seq, prev_hash = _beginning(self)
        if len(rows) == END_CHECKED:  # earlier entries are not checked here
            seq, prev_hash = rows[0][0], rows[0][-2]
        for row in rows:
            fault = chain_break(row, seq, prev_hash)
            if fault:
                return seq, fault
            seq, prev_hash = seq + 1, row[-1]
        with mapping_errors(self.path):
            known_end_seq = known_end(self.connection)
        return None if known_end_seq < seq else (seq, MISSING_END)

    def close(self) -> None:
        """Close the reading connection."""
        self.connection.close()

    def _state(self) -> tuple[int, int]:
        """Return a value that changes with each commit of any connection.

        What is read after it is of this state or of a newer one, so that it is read again then.
        """
        with mapping_errors(self.path):
            version = self.connection.execute("PRAGMA data_version").fetchone()[0]
        return version, self.connection.total_changes

    def _ask(self, query: str, *parameters: int) -> list[Any]:
        with mapping_errors(self.path):
            return self.connection.execute(query, parameters).fetchall()


@contextmanager
def one_state(queries: JournalQueries) -> Iterator[sqlite3.Connection]:
    """Let several queries see one committed state; what they raise stays as it is."""
    with read_transaction(queries.connection, queries.path):
        yield queries.connection


@contextmanager
def read_transaction(connection: sqlite3.Connection, path: Path | str) -> Iterator[None]:
    """Let several queries see one committed state, that of a transaction if one is open."""
    is_in_another = connection.in_transaction
    if is_in_another:
        yield
        return
    with mapping_errors(path):
        connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:  # SQLite has ended it where the disk fails
            connection.execute("ROLLBACK")  # nothing was written


def known_customers(queries: JournalQueries, customer_ids: Sequence[int]) -> set[int]:
    """Return those of these customers who have a position."""
    query = (
        "SELECT customer_id FROM positions WHERE customer_id IN (SELECT value FROM json_each(?))"
    )
    with mapping_errors(queries.path):
        return {row[0] for row in queries.connection.execute(query, (json.dumps(customer_ids),))}


def archive_of(queries: JournalQueries) -> Path | None:
    """Return the path of the archive that a journal follows; None if it follows none."""
    name = carried_over(queries).get("archive")
    return Path(queries.path).with_name(Path(name).name) if name else None


def archive_at(journal: Path, first_seq: int | str) -> Path:
    """Return the path of the archive whose first entry has this number."""
    return journal.with_name(f"{journal.stem}-from-{first_seq}{journal.suffix}")


def archives_beside(journal: Path) -> list[Path]:
    """Return all files whose names are those of a journal's archives."""
    return sorted(journal.parent.glob(archive_at(journal, "*").name))


def carried_over(queries: JournalQueries) -> Mapping[str, Any]:
    """Return the body of the first entry of a journal that follows an archive; else empty."""
    where = "seq = (SELECT min(seq) FROM entries) AND kind = 'carried'"
    with mapping_errors(queries.path):
        return next((entry.body for entry in entries(queries.connection, where)), {})


@contextmanager
def archived(queries: JournalQueries) -> Iterator[JournalQueries | None]:
    """Open the archive that a journal follows; yields None if it follows none.

    Errors: JournalArchiveError if it is missing, cannot be read or is of another journal.
    """
    archive = archive_of(queries)
    if archive is None:
        yield None
        return
    name, path, words = archive.name, Path(queries.path), f"{archive.name} is gone"
    gone = "" if archive.exists() else name
    try:
        if archive.exists():
            with closing(JournalQueries(archive)) as archive_queries:
                if follows(queries, archive_queries):
                    yield archive_queries
                    return
            words = f"{path.name} does not follow the end of {name}"
    except JournalArchiveError:  # of one that this archive follows itself
        raise
    except JournalError as fault:
        words = f"{name}: {fault.fields.get('detail', 'a newer version wrote it')}"
    raise JournalArchiveError(path=path, seq=first_seq(queries) - 1, detail=words, gone=gone)


@contextmanager
def holding(queries: JournalQueries, seq: int) -> Iterator[JournalQueries]:
    """Yield the journal or the archive that holds an entry; the oldest one if none does.

    Errors: JournalArchiveError.
    """
    holder = queries
    with ExitStack() as stack:
        while seq < first_seq(holder) and (archive := stack.enter_context(archived(holder))):
            holder = archive
        yield holder


def first_seq(queries: JournalQueries) -> int:
    """Return the number of the first entry."""
    return _beginning(queries)[0]


def check_archives(queries: JournalQueries) -> None:
    """Raise JournalArchiveError for the newest archive that cannot be read.

    Their chains are not verified.
    """
    with archived(queries) as archive:
        if archive:
            check_archives(archive)


def follows(queries: JournalQueries, archive: JournalQueries) -> bool:
    """Return whether a journal begins where the archive ends, at its entry `retired`."""
    end = archive.newest()
    return end is not None and (end.seq, end.prev_hash) == _beginning(queries)


def _beginning(queries: JournalQueries) -> tuple[int, str]:
    with mapping_errors(queries.path):
        return beginning(queries.connection)
