"""The mirror: a second copy of the journal on other media, as JSON lines with hashes."""

import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from taptill.domain.entry import EntryKind
from taptill.domain.errors import JournalArchiveError, JournalError
from taptill.domain.technical.till_warning import TillWarning, WarningCode, till_warning
from taptill.durable_files import sync_to_disk
from taptill.journal.background.row_formats import LINE_BYTES_MAX, from_line, to_line
from taptill.journal.chain import ENTRY_COLUMNS
from taptill.journal.file import mapping_errors
from taptill.journal.queries import JournalQueries, first_seq, holding

log = logging.getLogger("taptill.journal")

ROWS = 25
"""Entries written at once; while it catches up, the copy is synced after so many such steps:"""

SYNC_STEPS = 40
REST_S = 0.01
LOOK_S = 1.0
RETRY_S = 10.0
HANGS_S = 15.0
"""A step that takes longer than this waits for a medium that does not answer."""

COPIES_MAX = 9
"""So many files of other journals are skipped before the mirror gives up."""

TAIL_BYTES = 65_536

_ROWS = f"SELECT {ENTRY_COLUMNS} FROM entries WHERE seq > ? ORDER BY seq LIMIT {ROWS}"  # noqa: S608
_HASH = (  # of the entry before the first one that entry knows it
    "SELECT hash FROM entries WHERE seq = ?1 "
    "UNION ALL SELECT prev_hash FROM entries WHERE seq = ?1 + 1 LIMIT 1"
)
_State = tuple[int, int, int]


def on_other_media(folder: Path, journal: Path) -> bool:
    """Return whether a folder lies on another file system than the journal."""
    return folder.stat().st_dev != journal.stat().st_dev


class _NoPlaceError(OSError):
    """The copy cannot be written where the config wants it; `warning` says why."""

    def __init__(self, warning: TillWarning) -> None:
        super().__init__(0, str(warning))
        self.warning = warning


class Mirror:
    """Appends new entries to the copy, from where its last line ends.

    No file stays open between two steps, so that a stick can be unmounted at any time. A file
    that does not fit the chain is never touched: `NAME.2` is begun instead. A copy that was behind
    when a year was closed gets the rest from the archive; a new one begins with the journal.
    """

    def __init__(
        self,
        journal: Path,
        target: Path,
        elsewhere: Callable[[Path, Path], bool] = on_other_media,
        hangs_s: float = HANGS_S,
    ) -> None:
        self._journal = journal
        self._target = target
        self._elsewhere = elsewhere
        self._hangs_s = hangs_s
        self._reads: JournalQueries | None = None
        self._path = target
        self._left: _State | None = None
        self._seq = 0
        self._unsynced = 0
        self._failure: TillWarning | None = None
        self._began_s: float | None = None

    @property
    def warning(self) -> TillWarning | None:
        """What is wrong with the copy; None while nothing is."""
        began_s = self._began_s
        if began_s is not None and time.monotonic() - began_s > self._hangs_s:
            return till_warning(WarningCode.MIRROR_HANGS)
        if self._failure:
            return self._failure
        if self._path != self._target:
            names = {"file": self._target.name, "used": self._path.name}
            return till_warning(WarningCode.MIRROR_ELSEWHERE, **names)
        return None

    def step(self) -> float:
        """Write the next few entries; return how long to rest."""
        self._began_s = time.monotonic()
        try:
            row_count = self._catch_up()
        except _NoPlaceError as fault:
            return self._failed(fault.warning)
        except OSError as fault:
            detail = fault.strerror or str(fault)
            return self._failed(till_warning(WarningCode.MIRROR_FAILS, detail=detail))
        except JournalError as fault:
            detail = str(fault.fields["detail"])
            return self._failed(till_warning(WarningCode.MIRROR_FAILS, detail=detail))
        finally:
            self._began_s = None
        if self._failure:
            log.warning("mirror.recovered", extra={"file": str(self._path)})
            self._failure = None
        return REST_S if row_count == ROWS else LOOK_S

    def close(self) -> None:
        """Write the last entries and close the reading connection."""
        self.step()
        if self._reads:
            self._reads.close()

    def _failed(self, warning: TillWarning) -> float:
        if warning != self._failure:
            extra = {"file": str(self._path), "detail": str(warning)}
            log.warning("mirror.failed", extra=extra)
        self._failure = warning
        return RETRY_S

    def _catch_up(self) -> int:
        if self._left is None or self._left != _state(self._path):
            self._find()
        rows = self._next_rows()
        if rows or self._unsynced:
            self._write(rows)
        return len(rows)

    def _find(self) -> None:
        """Find the copy that belongs to this journal and where it ends, or a place to begin one."""
        folder = self._target.parent
        if not folder.is_dir():
            raise _NoPlaceError(till_warning(WarningCode.MIRROR_NO_FOLDER))
        if not self._elsewhere(folder, self._journal):
            raise _NoPlaceError(till_warning(WarningCode.MIRROR_SAME_DISK))
        for number in range(1, COPIES_MAX + 1):
            name = self._target.name + (f".{number}" if number > 1 else "")
            path = self._target.with_name(name)
            if self._fits(path):
                if path not in (self._target, self._path):
                    log.warning("mirror.moved", extra={"file": str(path)})
                self._path = path
                return
        raise _NoPlaceError(till_warning(WarningCode.MIRROR_FULL_OF_OTHERS, count=COPIES_MAX))

    def _fits(self, path: Path) -> bool:
        """Return whether a file is this journal's copy so far; cut an incomplete last line."""
        begins = first_seq(self._reading())
        if _state(path) is None:
            self._seq, self._left = begins - 1, None
            return True
        with path.open("rb") as file:
            line, end, rest = _last_line(file)
        if line:
            row = from_line(line)
            if row is None or self._hash_of(row[0]) != row[-1]:
                return False
            self._seq = row[0]
        elif rest and not rest.startswith(b'{"seq":%d,' % begins):
            return False
        else:
            self._seq = begins - 1
        if rest:
            os.truncate(path, end)
        self._left = _state(path)
        return True

    def _hash_of(self, seq: Any) -> str:
        if not isinstance(seq, int) or seq >= 2**63:
            return ""
        try:
            with holding(self._reading(), seq + 1) as queries:
                rows = _ask(queries, _HASH, seq)
        except JournalArchiveError:  # nobody can say whether it fits
            return ""
        return str(rows[0][0]) if rows else ""

    def _write(self, rows: Sequence[Sequence[Any]]) -> None:
        is_new = self._left is None
        copy_fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(copy_fd, "ab") as file:
            file.write(b"".join(map(to_line, rows)))
            file.flush()
            self._unsynced += 1
            if len(rows) < ROWS or self._unsynced >= SYNC_STEPS:
                os.fsync(file.fileno())
                self._unsynced = 0
        if is_new:
            with suppress(OSError):  # not every file system syncs a folder
                sync_to_disk(self._path.parent)
        self._left = _state(self._path)
        self._seq = rows[-1][0] if rows else self._seq

    def _next_rows(self) -> list[Any]:
        """Return the next rows after the copy's end, without the entry that ends an archive."""
        journal = self._reading()
        with holding(journal, self._seq + 1) as holder:
            rows = _ask(holder, _ROWS, self._seq)
        return [row for row in rows if holder is journal or row[1] != EntryKind.RETIRED]

    def _reading(self) -> JournalQueries:
        if self._reads is None:
            self._reads = JournalQueries(self._journal)
        return self._reads


def _ask(queries: JournalQueries, query: str, seq: int) -> list[Any]:
    with mapping_errors(queries.path):
        return queries.connection.execute(query, (seq,)).fetchall()


def _state(path: Path) -> _State | None:
    """Return which file lies there and its length in bytes; None without one."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino, status.st_size


def _last_line(file: BinaryIO) -> tuple[bytes, int, bytes]:
    """Return the last complete line, its end, and the first bytes of what follows it."""
    end = _line_end(file, file.seek(0, os.SEEK_END))
    start = _line_end(file, end - 1)
    file.seek(start)
    line = file.read(min(end - start, LINE_BYTES_MAX))
    file.seek(end)
    return line, end, file.read(TAIL_BYTES)


def _line_end(file: BinaryIO, before: int) -> int:
    """Return the end of the last line before a position; 0 without one."""
    while before > 0:
        start = max(0, before - TAIL_BYTES)
        file.seek(start)
        offset = file.read(before - start).rfind(b"\n")
        if offset >= 0:
            return start + offset + 1
        before = start
    return 0
