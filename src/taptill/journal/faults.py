"""A failure of the disk or of SQLite in, the error with words that a person understands out."""

import os
import shutil
from contextlib import suppress
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
"""With less room SQLite cannot make its log's index, and says so in many words but this one."""

UNREADABLE = (ValueError, TypeError, ArithmeticError)
"""What reading a row raises whose bytes have changed: not UTF-8, no number, no figure."""

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
"""A refused commit lies in the log and cannot be written over: the next opening takes it in."""

_COMMIT_LEFT = {"SQLITE_IOERR_FSYNC", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_SHMMAP"}
"""What fails after the commit's last frame is in the log: its sync, and its place in the index."""


def to_journal_error(path: Path | str, fault: Exception) -> JournalError:
    """Give the error that says what has happened, as far as the disk lets it be known."""
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
    """Tell whether a commit that failed may lie in the log whole."""
    return getattr(fault.__cause__, "sqlite_errorname", "") in _COMMIT_LEFT


def refuse_loss(path: Path, kept: str) -> None:
    """Refuse to begin anew where entries were kept; `kept` is the id of the journal that was here.

    An empty file is nothing: it may be all that a power cut has left of the first start.
    """
    with suppress(FileNotFoundError):
        if path.stat().st_size:
            return
    log = path.with_name(path.name + LOG)
    if log.exists() and log.stat().st_size:
        raise JournalGoneError(path=path, detail=f"only its log {log.name} is left")
    if kept:
        state = "is empty" if path.exists() else "is gone"
        raise JournalGoneError(path=path, detail=f"journal {kept} was kept here and {state}")


def trouble(path: Path, opened: list[Trace], min_free: int) -> str:
    """Say what keeps an open journal from being written; empty while nothing does.

    `opened` is `traces` as of its opening: what is written to a file that was taken away has no
    name, and the next start would not know of it. `min_free` is the room to be left, in bytes.
    """
    names = [one.name for one in _files(path)]
    try:
        for name, was, now in zip(names, opened, traces(path), strict=True):
            if now != was:
                what = "file" if name == path.name else name
                return f"the {what} is gone" if now == GONE else f"another {what} lies in its place"
        free = shutil.disk_usage(path.parent).free
    except OSError as fault:
        return str(fault.strerror)
    return "" if free >= min_free else f"only {free // 2**20} MB free on the disk"


def traces(path: Path) -> list[Trace]:
    """Give what tells the journal's files from others of the same names. Errors: OSError."""
    found = []
    for one in _files(path):
        try:
            there = one.stat()
            found.append((there.st_dev, there.st_ino))
        except FileNotFoundError:
            found.append(GONE)
    return found


def _files(path: Path) -> list[Path]:
    return [path.with_name(path.name + end) for end in ENDS]


def _place(path: Path) -> str:
    """Say what is wrong with the place of a file; empty where it looks well."""
    if path.is_dir():
        return "a directory lies in its place"
    try:
        free = shutil.disk_usage(path.parent).free
        read_only = os.statvfs(path.parent).f_flag & os.ST_RDONLY
    except OSError as fault:
        return f"its folder: {fault.strerror}"
    if read_only:
        return "the disk is read-only"
    if free < FULL_BYTES:
        return "the disk is full"
    asked = [one for one in (path, path.parent) if one.exists()]
    closed = not all(os.access(one, os.R_OK | os.W_OK) for one in asked)
    return "this account may not read and write it" if closed else ""
