"""The cache's file and connection: a damaged file is replaced by an empty one."""

import asyncio
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from threading import Lock

from taptill.customer_cache.schema import BUSY_S, FAULTS, open_file
from taptill.domain.clock import Clock
from taptill.domain.errors import CacheError

log = logging.getLogger("taptill.cache")

MEMORY_KB, SYNC_MEMORY_KB = 2_000, 8_000
"""SQLite's memory for pages of the file. Its usual 2 MB hold less than a page of customers changes
in the indexes, and what does not fit is written to the log several times."""

CHANGES_MAX = 4_500
"""After so many changed rows the write-ahead log is moved into the file."""

BATCH_S_MAX, BATCH_LOOK_S = 5.0, 0.02
"""A batch of a sync is waited for so long, and looked at so often; it takes some hundredths."""

_TEMPORARY = ""
"""SQLite's name for a temporary file, which is deleted when it is closed."""

_TRANSIENT = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
"""Errors that the disk or another program may stop causing; every other error means damage."""
_PRIMARY = 0xFF
_WRITE_VERSION = 18


class CacheFile:
    """One connection to a file that may be damaged, deleted or unwritable at any time.

    Where no file can be opened at the path, a temporary one is used until `reopen_in_place`. A loss
    of power may lose the last seconds (synchronous NORMAL), which a cache can afford.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._checkpointing = Lock()
        self._checkpointed_changes = 0
        self._open()

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """Provide the connection; raises CacheError, after it has replaced a damaged file."""
        return self  # no generator: entering and leaving one takes a tenth of a look-up

    def __enter__(self) -> sqlite3.Connection:
        """Provide the connection."""
        return self._connection

    def __exit__(self, _kind: object, fault: BaseException | None, _traceback: object) -> None:
        """Raise CacheError for a fault of SQLite's, after a damaged file was replaced."""
        if isinstance(fault, FAULTS):
            if not _is_transient(fault):
                self._replace(fault)
            raise CacheError(path=self.path, detail=fault) from fault

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Provide the connection within a transaction; errors as in `reading`.

        Within `one_commit` it is a part of that one.
        """
        with self.reading() as connection:
            if connection.in_transaction:
                yield connection
                return
            with connection:
                connection.execute("BEGIN")
                yield connection

    @contextmanager
    def one_commit(self) -> Iterator[None]:
        """Commit all transactions of this block together, at its end.

        A commit writes each page that was changed, and the indexes of cards spread a batch of rows
        over nearly as many pages as ten batches. Errors: CacheError, also where the file was
        replaced meanwhile, or SQLite has ended the transaction after an error that another task
        has met, and with it what was written.
        """
        with self.reading() as connection:
            connection.execute(f"PRAGMA cache_size = -{SYNC_MEMORY_KB}")
            connection.execute("BEGIN")
        is_kept = False
        try:
            yield
        finally:
            if connection is self._connection and connection.in_transaction:
                with self.reading():
                    connection.execute("COMMIT")
                is_kept = True
        if not is_kept:
            raise CacheError(path=self.path, detail="it was begun anew under way")

    def ensure_opened_before(self, began_s: float) -> None:
        """Raise CacheError where the file was opened or replaced after this monotonic time."""
        if self.opened_s > began_s:
            raise CacheError(path=self.path, detail="it was begun anew under way")

    def release_memory(self) -> None:
        """Give back the memory that `one_commit` took; errors as in `reading`."""
        with self.reading() as connection:
            connection.execute(f"PRAGMA cache_size = -{MEMORY_KB}")
            connection.execute("PRAGMA shrink_memory")

    def reopen_in_place(self) -> None:
        """Replace the file where it is not at its path any more, and raise CacheError then.

        While no file can be opened at the path, the open one is kept.
        """
        if self._is_in_place() or not self._can_open_in_place():
            return
        self._replace()
        raise CacheError(path=self.path, detail="its file was gone")

    async def checkpoint(self) -> None:
        """Move a long write-ahead log into the file, in a thread: a disk may take a second."""
        changes = self._connection.total_changes
        if changes - self._checkpointed_changes > CHANGES_MAX and self._is_in_place():
            self._checkpointed_changes = changes
            await asyncio.to_thread(self._checkpoint)

    async def flush(self) -> bool:
        """Wait until the disk has all that was written; return False where nobody can tell.

        What was committed stands in the write-ahead log, whose frames the next start reads
        ("WAL-mode File Format", section 4). A batch of a sync that is under way ends first.
        """
        waited_s = 0.0
        while self._connection.in_transaction and waited_s < BATCH_S_MAX:
            await asyncio.sleep(BATCH_LOOK_S)
            waited_s += BATCH_LOOK_S
        if self._connection.in_transaction or not self._is_in_place():
            return False
        return await asyncio.to_thread(_on_disk, self.path.with_name(f"{self.path.name}-wal"))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _replace(self, fault: Exception | None = None) -> None:
        """Open the file that is at the path now; a fault that is damage deletes it first."""
        with (
            self._checkpointing
        ):  # whoever closes a file last deletes the -wal and -shm files by name
            self._connection.close()
            if fault:
                self._remove(fault)
            self._open()

    def _open(self) -> None:
        try:
            _check_header(self.path)
            connection = open_file(self.path)
        except FAULTS as fault:
            connection = self._open_instead(fault)
        self._use(connection)

    def _open_instead(self, fault: Exception) -> sqlite3.Connection:
        if not _is_transient(fault):
            self._remove(fault)
            with suppress(*FAULTS):
                return open_file(self.path)
        log.warning("cache.unusable", extra={"detail": str(fault)})
        return open_file(_TEMPORARY)

    def _use(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._checkpointed_changes = 0
        self.opened_s = self._clock.monotonic()
        (_, _, name), *_ = connection.execute("PRAGMA database_list")
        self._inode = _inode(name) if name else None
        self._temporary = not name and self.path.name != ":memory:"

    def _checkpoint(self) -> None:
        """Move the pages that no reader needs; a disk's fault will show at the next write."""
        with self._checkpointing, suppress(*FAULTS), self._second_connection() as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _second_connection(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(self.path, isolation_level=None))

    def _is_in_place(self) -> bool:
        return not self._temporary and _inode(self.path) == self._inode

    def _can_open_in_place(self) -> bool:
        """Return whether a file can be opened at the path, so that the open one may be given up."""
        try:
            self.path.touch()
            open_file(self.path, BUSY_S).close()
        except (OSError, *FAULTS):
            return False
        return True

    def _remove(self, fault: Exception) -> None:
        log.warning("cache.rebuilt", extra={"detail": str(fault)})
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                self.path.with_name(f"{self.path.name}{suffix}").unlink()


def _check_header(path: Path) -> None:
    """Raise for a header that lets SQLite read the file but never write it, as that is damage.

    Byte 18 is the write version, 1 or 2 (SQLite's "Database File Format", 1.3.3).
    """
    header = b""
    with suppress(OSError), path.open("rb") as file:
        header = file.read(_WRITE_VERSION + 1)
    if header[_WRITE_VERSION:] > b"\x02":
        raise sqlite3.DatabaseError("its header forbids writing")


def _on_disk(path: Path) -> bool:
    """Return whether the disk has all of a file, once it has."""
    try:
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
    except OSError:
        return False
    return True


def _is_transient(fault: Exception) -> bool:
    code = getattr(fault, "sqlite_errorcode", None)
    return code is not None and code & _PRIMARY in _TRANSIENT


def _inode(path: Path | str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - a name from SQLite, or a path
    except OSError:
        return None
    return status.st_dev, status.st_ino
