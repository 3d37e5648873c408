"""The lock file of a journal: one process at a time, from open to close."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO

from taptill.domain.clock import Clock
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.errors import JournalError, JournalInUseError
from taptill.journal.faults import ENDS, refuse_loss, to_journal_error
from taptill.journal.file import JournalFile
from taptill.journal.queries import JournalQueries

NEXT = ".next"
"""Ends the name of a file that is to take the journal's place, see `back_office.close_year`."""

ROLLBACK = "-journal"
"""A stale rollback journal of this name would be replayed by SQLite into the wrong file."""

_SIGNED = re.compile(r", journal ([0-9a-f]{8})$", re.MULTILINE)


class JournalLock:
    """Holds `PATH.lock`; its text names the holder, for a second process.

    It also says which journal is kept here: `journal_id`, empty while there never was one. So a
    journal that was removed is noticed.
    """

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(journal.name + ".lock")
        self._file: IO[str] | None = None
        self._since = ""
        self.journal_id = ""

    def take(self, since: str) -> None:
        """Take the lock. Errors: JournalInUseError, which names the holder."""
        try:
            lock_file = open(self._path, "a+", encoding="utf-8", opener=_follow_no_link)  # noqa: SIM115
        except OSError as fault:
            raise to_journal_error(self._path, fault) from fault
        lock_file.seek(0)
        text = lock_file.read(200).strip()
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock_file.close()
            holder = text or "another process"
            raise JournalInUseError(path=self._path.with_suffix(""), holder=holder) from None
        self._give_to_owner(lock_file.fileno())
        drop_unfinished(self._path.with_suffix(""))
        signature = _SIGNED.search(text)
        self._file, self._since = lock_file, since
        self.sign(signature[1] if signature else "")

    def sign(self, journal_id: str) -> None:
        """Write the holder into the lock file, and the journal's id once that is on the disk."""
        assert self._file
        self.journal_id = journal_id
        suffix = f", journal {journal_id}" if journal_id else ""
        with suppress(OSError):  # a full disk: the lock holds without a name on it
            os.ftruncate(self._file.fileno(), 0)
            words = f"process {os.getpid()}, running since {self._since}{suffix}\n"
            os.write(self._file.fileno(), words.encode())

    def release(self) -> None:
        """Release the lock; the file stays."""
        if self._file:
            self._file.close()
            self._file = None

    def _give_to_owner(self, lock: int) -> None:
        """Give the file to the journal's owner where root runs a command: the till uses it too."""
        if os.geteuid() == 0:
            journal = self._path.with_suffix("")
            owner = (journal if journal.exists() else journal.parent).stat()
            with suppress(OSError):  # a disk that knows no owners
                os.fchown(lock, owner.st_uid, owner.st_gid)


def _follow_no_link(path: str, flags: int) -> int:
    """Open without following a symbolic link, which the till's account could have made."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


class LoneJournal:
    """A journal without a running till: synchronous queries and appends."""

    def __init__(
        self, file: JournalFile, queries: JournalQueries, lock: JournalLock | None = None
    ) -> None:
        self.file = file
        self.queries = queries
        self._lock = lock

    def append(self, *drafts: Draft) -> list[Entry]:
        """Make these entries durable together; JournalError means: none of them is."""
        (answer,) = self.file.append([drafts])
        if isinstance(answer, JournalError):
            raise answer
        return answer

    def retire(self) -> None:
        """Close the journal for good; its folder is free for a new one then."""
        self.append(Draft(EntryKind.RETIRED))
        if self._lock:
            self._lock.sign("")


def drop_unfinished(journal: Path) -> None:
    """Remove the unfinished copy that an interrupted closing of the year left behind."""
    for end in (*ENDS, ROLLBACK):
        with suppress(OSError):
            journal.with_name(f"{journal.name}{NEXT}{end}").unlink(missing_ok=True)


@contextmanager
def alone(path: Path, clock: Clock) -> Iterator[LoneJournal]:
    """Lock and open the journal. Errors: JournalInUseError while a till runs, JournalError."""
    lock = JournalLock(path)
    lock.take(clock.now())
    try:
        refuse_loss(path, lock.journal_id)
        with closing(JournalFile(path, clock)) as file, closing(JournalQueries(path)) as queries:
            yield LoneJournal(file, queries, lock)
    finally:
        lock.release()


LOCKS = Path("/proc/locks")
_HOLDER = re.compile(r"process (\d+),")


def is_held(journal: Path, locks: Path = LOCKS) -> bool | None:
    """Return whether a till holds the lock, without touching it; None where nobody can tell.

    Trying to take it might refuse a till that starts at this moment. Source: proc_locks(5), which
    has inode and process; that of another namespace is nought.
    """
    lock = journal.with_name(journal.name + ".lock")
    try:
        inode = lock.stat().st_ino
        holder = _HOLDER.match(lock.read_text("utf-8", "replace"))
        lines = locks.read_text("ascii").splitlines()
    except FileNotFoundError as fault:
        return None if fault.filename == str(locks) else False
    except (OSError, UnicodeDecodeError):
        return None
    held = [line.split() for line in lines if " FLOCK " in line and f":{inode} " in line]
    return any(holder is None or fields[4] in ("0", holder[1]) for fields in held)
