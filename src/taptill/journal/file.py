"""The journal's file: one SQLite database that entries are appended to, and nothing else.

What is in it: `entries` is the truth, in the order of `seq`; triggers forbid UPDATE, DELETE and
REPLACE. Each hash covers the entry and the hash before it. `positions`, one row per customer, is
computed from the entries in the same transaction.

How an entry becomes durable: the writer thread hands over groups of drafts. One transaction
numbers and chains them, updates the positions and commits; each group is all or nothing. The file
is in WAL mode with `synchronous = FULL`: COMMIT returns when the log is on the disk. The log is
lengthened beforehand (`make_room`), so that a commit costs one sync, and checkpointed later.

If the disk refuses, the commit raises. But frames of it may be in the log, and the next opening
would take them for good: they are overwritten at once by a commit without a change
(`_write_over`), and the next append starts the log anew. If that fails: IN_DOUBT.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from taptill.domain.clock import Clock
from taptill.domain.entry import Draft, Entry, EntryKind, Position
from taptill.domain.errors import (
    EntryRefusedError,
    JournalBrokenError,
    JournalDiskError,
    JournalError,
    JournalTooNewError,
)
from taptill.journal import chain, projection, schema
from taptill.journal.faults import IN_DOUBT, UNREADABLE, leaves_a_commit, to_journal_error
from taptill.journal.marked_entry import entry_at_mark
from taptill.sqlite_files import connect_read_only

MISSING_END = "it is missing: the sums per customer know of it"

# SQL of the append path, built once.
_ENTRY_PLACEHOLDERS = ", ".join("?" * len(chain.ENTRY_NAMES))
_INSERT_ENTRY = f"INSERT INTO entries ({chain.ENTRY_COLUMNS}) VALUES ({_ENTRY_PLACEHOLDERS})"  # noqa: S608

_LAST_MONEY_SEQS = f"""
SELECT max(seq) FROM entries WHERE seq BETWEEN ? AND ? AND {schema.MONEY} GROUP BY customer_id
"""  # noqa: S608 - constant

LOG_ROOM = 6 * 2**20  # bytes: about what is written to the log between two checkpoints
BUSY_TIMEOUT_MS = 5000  # a commit waits so long for a reader, a backup for example


def connect(path: Path | str, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a connection with the journal's settings. Errors: JournalError."""
    with mapping_errors(path):
        connection = _open(path, read_only=read_only)
    try:
        with mapping_errors(path):
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            connection.execute("PRAGMA foreign_keys = ON")
            # Without it INSERT OR REPLACE deletes without firing the trigger on DELETE.
            connection.execute("PRAGMA recursive_triggers = ON")
            _check_format(connection, path, read_only=read_only)
    except JournalError:
        connection.close()
        raise
    return connection


@contextmanager
def mapping_errors(path: Path | str) -> Iterator[None]:
    """Raise SQLite's errors, and those of unreadable rows, as JournalError."""
    try:
        yield
    except (sqlite3.Error, *UNREADABLE) as fault:
        raise to_journal_error(path, fault) from fault


class JournalFile:
    """The writing end; one thread owns it. All of it raises JournalError or a subclass.

    After a failed commit the file holds what it held before.
    """

    def __init__(self, path: Path | str, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._end = (0, chain.FIRST_PREV_HASH)
        self._in_doubt = False
        self._unsynced = False
        self.connection = connect(path)
        try:
            with mapping_errors(path):
                self._prepare()
        except JournalError:
            self.connection.close()
            raise

    def append(self, batch: Sequence[Sequence[Draft]]) -> list[list[Entry] | JournalError]:
        """Append several groups of drafts in one commit; each group is all or nothing.

        A group that breaks a rule of the tables (a second void of one charge) gets its own
        error. A failure of the disk raises JournalError, and then nothing of the batch is in the
        file; with the detail IN_DOUBT only the next opening shows whether it is.
        """
        if self._unsynced:
            self._begin_log_anew()
        try:
            if len(batch) == 1:
                return [self._append_alone(batch[0])]
            with self._transaction():
                self._end = self._read_end()
                return [self._append_group(drafts) for drafts in batch]
        except JournalError as fault:
            if leaves_a_commit(fault):
                self._write_over()
            raise

    def follow(self, end: tuple[int, str], drafts: Sequence[Draft]) -> None:
        """Begin an empty file with entries after the `end`, number and hash, of another one."""
        with self._transaction():
            self._end = end
            self._append_all(drafts)

    def leave_whole(self) -> None:
        """Bring all into the one file and remove its log; no other connection may be open."""
        with mapping_errors(self.path):
            mode = self.connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        if mode != "delete":
            raise JournalError(path=self.path, detail="another program reads it: close that first")

    def probe(self) -> None:
        """Commit a page without a change; raises JournalError while the disk refuses writes."""
        if self._in_doubt:
            self._write_over()
        with self._transaction():
            self.connection.execute(f"PRAGMA user_version = {schema.VERSION}")

    def checkpoint(self) -> None:
        """Copy the write-ahead log into the file, as far as readers allow."""
        with mapping_errors(self.path):
            self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def make_room(self) -> None:
        """Lengthen the log: a commit that does not change the file's length syncs faster.

        SQLite does not take zeros for a commit, and finds the log's end by its index.
        """
        with self._transaction(), suppress(OSError):  # nobody else may write the log meanwhile
            log = os.open(f"{self.path}-wal", os.O_WRONLY | os.O_APPEND)
            try:
                os.write(log, bytes(max(0, LOG_ROOM - os.fstat(log).st_size)))
                os.fsync(log)
            finally:
                os.close(log)

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def rebuild_projection(self) -> None:
        """Compute every position anew from the entries, in one transaction."""
        with self._transaction():
            self._recompute_positions()

    def _recompute_positions(self) -> None:
        count = projection.PositionCounter()
        for entry in entries(self.connection):
            count.add(entry)
        schema.create_projection(self.connection)
        for position in count.positions.values():
            self._store_position(position)

    def _prepare(self) -> None:
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        # A checkpoint syncs twice; the writer thread runs it when nobody waits.
        self.connection.execute("PRAGMA wal_autocheckpoint = 0")
        format_number = format_of(self.connection)
        if format_number == 0:
            schema.create(self.connection)
        elif format_number < schema.VERSION:  # the entries are the same in all formats
            with self._transaction():
                missing = self._read_end()[0] + 1
                if known_end(self.connection) >= missing:  # a rebuild would hide that
                    raise JournalBrokenError(path=self.path, seq=missing, detail=MISSING_END)
                self._recompute_positions()
        self.connection.execute(schema.REPAYMENT_RULE)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with mapping_errors(self.path):
            try:
                self.connection.execute("BEGIN IMMEDIATE")
                yield
                self.connection.execute("COMMIT")
            finally:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")

    def _write_over(self) -> None:
        """Overwrite the frames of a failed commit, which the next opening would take for good.

        Overwriting the first is enough: each checksum covers all frames before it. Syncs are off:
        they would fail again, that of a new log's header even before the frame is written. The next
        append starts the log anew.
        """
        self._in_doubt = False
        try:
            self.connection.execute("PRAGMA synchronous = OFF")
            self.probe()
            self._unsynced = True
        except (JournalError, sqlite3.Error) as fault:
            self._in_doubt = True
            raise JournalDiskError(path=self.path, detail=IN_DOUBT) from fault
        finally:
            self.connection.execute("PRAGMA synchronous = FULL")

    def _begin_log_anew(self) -> None:
        """Start the log anew: on the disk it may have a gap, at which the next opening would stop.

        After a failed sync Linux marks the pages clean, so the next sync succeeds without them.
        """
        with mapping_errors(self.path):
            busy = self.connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0]
        if busy:
            raise JournalError(path=self.path, detail="another program keeps it busy")
        self._unsynced = False

    def _append_alone(self, drafts: Sequence[Draft]) -> list[Entry] | JournalError:
        """Append one group without a savepoint, for which SQLite would copy each changed page."""
        try:
            with self._transaction():
                self._end = self._read_end()
                return self._append_all(drafts)
        except EntryRefusedError as refusal:
            return refusal

    def _append_group(self, drafts: Sequence[Draft]) -> list[Entry] | JournalError:
        end_before = self._end
        self.connection.execute("SAVEPOINT drafts")
        try:
            return self._append_all(drafts)
        except EntryRefusedError as refusal:
            self.connection.execute("ROLLBACK TO drafts")
            self._end = end_before
            return refusal
        finally:
            if self.connection.in_transaction:  # a full disk may have rolled all of it back
                self.connection.execute("RELEASE drafts")

    def _append_all(self, drafts: Sequence[Draft]) -> list[Entry]:
        try:
            return [self._append_one(draft) for draft in drafts]
        except (sqlite3.IntegrityError, TypeError, ValueError, OverflowError) as fault:
            raise EntryRefusedError(path=self.path, detail=fault) from fault

    def _append_one(self, draft: Draft) -> Entry:
        seq, prev_hash = self._end
        boot_id, uptime_ms = self._clock.boot()
        columns: dict[str, Any] = {
            "seq": seq + 1,
            "kind": draft.kind.value,
            "charge_id": draft.charge_id,
            "customer_id": draft.customer_id,
            "amount_minor": draft.amount_minor,
            "body": chain.canonical(draft.body),
            "at": self._clock.now(),
            "boot_id": boot_id,
            "uptime_ms": uptime_ms,
            "clock_trusted": int(self._clock.trusted()),
            "staff": draft.staff,
        }
        row = (*columns.values(), prev_hash, chain.chained_hash(prev_hash, columns))
        self.connection.execute(_INSERT_ENTRY, row)
        entry = entry_of(row)
        self._update_positions(entry)
        self._end = (entry.seq, entry.hash)
        return entry

    def _update_positions(self, entry: Entry) -> None:
        """Apply an entry to the positions, as `PositionCounter` does with all entries."""
        if entry.kind is EntryKind.FORKED:
            for current in list(positions(self.connection)):
                self._store_position(projection.forked(current))
        elif entry.kind is EntryKind.BOOKED:
            self._book(entry.body["first_seq"], entry.body["last_seq"])
        elif entry.customer_id is not None:
            before = position(self.connection, entry.customer_id)
            self._store_position(
                projection.advance(before or projection.empty_position(entry.customer_id), entry)
            )

    def _book(self, first_seq: int, last_seq: int) -> None:
        """Update the positions for a file of these entries that the office has booked."""
        for (seq,) in self.connection.execute(_LAST_MONEY_SEQS, (first_seq, last_seq)).fetchall():
            entry = entry_at_mark(self.connection, seq)
            current = position(self.connection, entry.customer_id) if entry else None
            if entry and current:
                self._store_position(projection.booked(current, entry.mark))

    def _store_position(self, position: Position) -> None:
        self.connection.execute(projection.ROW_IN, projection.to_row(position))

    def _read_end(self) -> tuple[int, str]:
        query = "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1"
        row = self.connection.execute(query).fetchone()
        return (row[0], row[1]) if row else (0, chain.FIRST_PREV_HASH)


def position(connection: sqlite3.Connection, customer_id: int) -> Position | None:
    """Return a customer's position; None without any entry."""
    row = connection.execute(projection.ROW_OF, (customer_id,)).fetchone()
    return projection.from_row(row) if row else None


def positions(connection: sqlite3.Connection) -> Iterator[Position]:
    """Return the positions of all customers, in order of their ids."""
    query = projection.rows_query(format_of(connection))
    return (projection.from_row(row) for row in connection.execute(query))


def entries(
    connection: sqlite3.Connection, where: str = "1", parameters: Sequence[Any] = ()
) -> Iterator[Entry]:
    """Return entries in order; `where` is a constant of this package, never foreign text."""
    query = f"SELECT {chain.ENTRY_COLUMNS} FROM entries WHERE {where} ORDER BY seq"  # noqa: S608 - see above
    place = str(connection.execute("PRAGMA database_list").fetchone()[2])
    with mapping_errors(place):
        for row in connection.execute(query, parameters):
            yield entry_of(row, place)


def beginning(connection: sqlite3.Connection) -> tuple[int, str]:
    """Return the number of the first entry and the hash before it.

    A journal that follows a closed one begins after that one's end, which is not checked here.
    """
    query = (
        "SELECT seq, prev_hash FROM entries "
        "WHERE seq = (SELECT min(seq) FROM entries) AND kind = 'carried'"
    )
    row = connection.execute(query).fetchone()
    return (row[0], row[1]) if row else (1, chain.FIRST_PREV_HASH)


def known_end(connection: sqlite3.Connection) -> int:
    """Return the newest money entry that the sums per customer know of; 0 without any."""
    row = connection.execute("SELECT max(last_seq) FROM positions").fetchone()
    return int(row[0] or 0)


def entry_of(row: Sequence[Any], place: str = "") -> Entry:
    """Read a row of the table `entries`, in the order of chain.ENTRY_COLUMNS.

    JournalBrokenError for a row that no journal has written.
    """
    try:
        kind, body = EntryKind(row[1]), json.loads(row[5])
    except ValueError as fault:
        raise JournalBrokenError(path=place, seq=row[0], detail="it cannot be read") from fault
    columns = [*row]
    columns[1], columns[5], columns[9] = kind, body, bool(row[9])
    return Entry(*columns)


def _open(path: Path | str, *, read_only: bool) -> sqlite3.Connection:
    if read_only:
        return connect_read_only(Path(path))
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def _check_format(connection: sqlite3.Connection, path: Path | str, *, read_only: bool) -> None:
    format_number = format_of(connection)
    if format_number > schema.VERSION:
        raise JournalTooNewError(path=path, found=format_number, known=schema.VERSION)
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if format_number == 0 and (tables or read_only):
        raise JournalError(path=path, detail="this file is no journal")
    if format_number < schema.VERSION and read_only and not _is_archive(connection, format_number):
        detail = "an older version wrote it: start the till once, which brings it up to date"
        raise JournalError(path=path, detail=detail)


def _is_archive(connection: sqlite3.Connection, format_number: int) -> bool:
    """Return whether this is a closed year's, which no till brings up to date ever again."""
    newest = connection.execute("SELECT kind FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    return format_number >= schema.ARCHIVES_SINCE and newest == (EntryKind.RETIRED.value,)


def format_of(connection: sqlite3.Connection) -> int:
    """Return the number of the file's format, see `schema.VERSION`."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
