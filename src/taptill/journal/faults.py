"""Failures of the disk and of SQLite as errors in plain words, and checks of the file's place."""

import os
import shutil
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from taptill.domain.errors import (
    JournalDamagedError,
    JournalDiskError,
    JournalError,
    JournalGoneError,
)

LOG = "-wal"
ENDS = ("", LOG, "-shm")
"""The file, and what SQLite keeps beside it while it is open; the log holds entries, too.

A `-journal` is not among them: it is left by a change of that mode that was cut off, and the next
opening to write takes it in.
"""

Trace = tuple[int, int]
GONE: Trace = (0, 0)

FULL_BYTES = 65536
"""With less room SQLite cannot make the log's index, and reports that by several other errors."""

UNREADABLE = (ValueError, TypeError, ArithmeticError)
"""What reading a row raises if its bytes were changed: no UTF-8, no number, no Decimal."""

_CUT_OFF = (JournalError, "it was cut off in mid-write: start the till once, which mends it")

WORDS: dict[str, tuple[type[JournalError], str]] = {
    "SQLITE_FULL": (JournalDiskError, "the disk is full"),
    "SQLITE_IOERR": (JournalDiskError, "the disk fails"),
    "SQLITE_READONLY": (JournalDiskError, "the disk or the file is read-only"),
    "SQLITE_READONLY_ROLLBACK": _CUT_OFF,
    "SQLITE_READONLY_RECOVERY": _CUT_OFF,
    "SQLITE_CORRUPT": (JournalDamagedError, "a part of the file is damaged"),
    "SQLITE_ERROR": (JournalDamagedError, "its tables are not a journal's"),
    "SQLITE_NOTADB": (JournalDamagedError, "this file is no database"),
    "SQLITE_CANTOPEN": (JournalDiskError, "it cannot be opened"),
    "SQLITE_BUSY": (JournalError, "another program keeps it busy"),
}

IN_DOUBT = "the disk fails, last sale in doubt"
"""A failed commit is in the log and cannot be overwritten: the next opening takes it in."""

_COMMIT_LEFT = {"SQLITE_IOERR_FSYNC", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_SHMMAP"}
"""Errors after the commit's last frame is in the log: those of its sync and of the index."""


def to_journal_error(path: Path | str, fault: Exception) -> JournalError:
    """Return the error that says in plain words what happened, as far as that can be found out."""
    if isinstance(fault, OSError):
        return JournalDiskError(path=path, detail=_place(Path(path)) or fault.strerror)
    exact = getattr(fault, "sqlite_errorname", "")
    name = exact if exact in WORDS else "_".join(exact.split("_")[:2])
    if isinstance(fault, UNREADABLE) or str(fault).startswith("Could not decode"):
        name = "SQLITE_CORRUPT"  # the bytes, which may be anything, stay out of every message
    kind, words = WORDS.get(name, (JournalError, str(fault)))
    if kind is JournalDiskError:
        words = _place(Path(path)) or words
    return kind(path=path, detail=words)


def leaves_a_commit(fault: JournalError) -> bool:
    """Return whether a commit that failed may lie in the log whole."""
    return getattr(fault.__cause__, "sqlite_errorname", "") in _COMMIT_LEFT


def refuse_loss(path: Path, journal_id: str) -> None:
    """Raise JournalGoneError where a new journal would begin although entries were kept here.

    `journal_id`: the journal that was here, empty if none. An empty file counts as no file: a power
    cut at the first start may leave one.
    """
    with suppress(FileNotFoundError):
        if path.stat().st_size:
            return
    log = path.with_name(path.name + LOG)
    if log.exists() and log.stat().st_size:
        raise JournalGoneError(path=path, detail=f"only its log {log.name} is left")
    if journal_id:
        state = "is empty" if path.exists() else "is gone"
        raise JournalGoneError(path=path, detail=f"journal {journal_id} was kept here and {state}")


def trouble(path: Path, traces_at_open: list[Trace], min_free: int) -> str:
    """Return what keeps an open journal from being written; empty while nothing does.

    `traces_at_open` is the result of `traces` when it was opened: what is written to a file that
    was removed since has no name, and the next start would not find it. `min_free`: bytes that
    must stay free on the disk.
    """
    try:
        found = traces(path)
        if found != traces_at_open:
            return _in_its_place(path, traces_at_open, found)
        room = os.statvfs(_folder(path))
    except OSError as fault:
        return str(fault.strerror)
    free = room.f_bavail * room.f_frsize
    return "" if free >= min_free else f"only {free // 2**20} MB free on the disk"


def traces(path: Path) -> list[Trace]:
    """Return device and inode of each of the journal's files. Errors: OSError."""
    result = []
    for file in _files(path):
        try:
            status = os.stat(file)  # noqa: PTH116 - asked at each key: a path would take longer
            result.append((status.st_dev, status.st_ino))
        except FileNotFoundError:
            result.append(GONE)
    return result


def _in_its_place(path: Path, traces_at_open: list[Trace], found: list[Trace]) -> str:
    """Return which of the files is gone, or is another one now."""
    for end, was, now in zip(ENDS, traces_at_open, found, strict=True):
        if now != was:
            title = path.name + end if end else "file"
            return f"the {title} is gone" if now == GONE else f"another {title} lies in its place"
    return ""


@lru_cache(maxsize=8)
def _files(path: Path) -> tuple[str, ...]:
    return tuple(f"{path}{end}" for end in ENDS)


@lru_cache(maxsize=8)
def _folder(path: Path) -> str:
    return str(path.parent)


def _place(path: Path) -> str:
    """Return what is wrong with a file's place; empty if nothing is."""
    try:
        if path.is_dir():
            return "a directory lies in its place"
        places = [place for place in (path, path.parent) if place.exists()]
        free = shutil.disk_usage(path.parent).free
        read_only = os.statvfs(path.parent).f_flag & os.ST_RDONLY
    except OSError as fault:
        return f"its folder: {fault.strerror}"
    if read_only:
        return "the disk is read-only"
    if free < FULL_BYTES:
        return "the disk is full"
    is_closed = not all(os.access(place, os.R_OK | os.W_OK) for place in places)
    return "this account may not read and write it" if is_closed else ""
