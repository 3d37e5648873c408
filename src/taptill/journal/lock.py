"""One process a journal: a lock file held from open to close."""

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
"""Ends the name of a file that is to take the journal's place, see `office.year`."""

ROLLBACK = "-journal"
"""SQLite would put what it finds there back into a file that has nothing to do with it."""

_SIGNED = re.compile(r", journal ([0-9a-f]{8})$", re.MULTILINE)


class JournalLock:
    """Holds `PATH.lock`; its text says who, for the one who comes second.

    It also says which journal is kept here: `journal_id`, empty while there never was one. So a
    journal that was taken away is missed.
    """

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(journal.name + ".lock")
        self._file: IO[str] | None = None
        self._since = ""
        self.journal_id = ""

    def take(self, since: str) -> None:
        """Take the lock or raise JournalInUseError that names the holder."""
        try:
            held = open(self._path, "a+", encoding="utf-8", opener=_follow_no_link)  # noqa: SIM115
        except OSError as fault:
            raise to_journal_error(self._path, fault) from fault
        held.seek(0)
        text = held.read(200).strip()
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.close()
            holder = text or "another process"
            raise JournalInUseError(path=self._path.with_suffix(""), holder=holder) from None
        self._give_to_owner(held.fileno())
        drop_unfinished(self._path.with_suffix(""))
        signed = _SIGNED.search(text)
        self._file, self._since = held, since
        self.sign(signed[1] if signed else "")

    def sign(self, journal_id: str) -> None:
        """Write who holds the lock, and on which journal once that is on the disk."""
        assert self._file
        self.journal_id = journal_id
        kept = f", journal {journal_id}" if journal_id else ""
        with suppress(OSError):  # a full disk: the lock holds without a name on it
            os.ftruncate(self._file.fileno(), 0)
            words = f"process {os.getpid()}, running since {self._since}{kept}\n"
            os.write(self._file.fileno(), words.encode())

    def release(self) -> None:
        """Give the lock back; the file stays, its lock does not."""
        if self._file:
            self._file.close()
            self._file = None

    def _give_to_owner(self, lock: int) -> None:
        """Leave a file to the till that it can use, where root runs a command."""
        if os.geteuid() == 0:
            journal = self._path.with_suffix("")
            owner = (journal if journal.exists() else journal.parent).stat()
            with suppress(OSError):  # a disk that knows no owners
                os.fchown(lock, owner.st_uid, owner.st_gid)


def _follow_no_link(path: str, flags: int) -> int:
    """Open as `open` does, but never a file elsewhere, of which the till's account says where."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


class LoneJournal:
    """A journal that no till runs on: read and append, one call after the other."""

    def __init__(
        self, file: JournalFile, reads: JournalQueries, lock: JournalLock | None = None
    ) -> None:
        self.file = file
        self.reads = reads
        self._lock = lock

    def append(self, *drafts: Draft) -> list[Entry]:
        """Make these entries durable together; JournalError means: none of them is."""
        (answer,) = self.file.append([drafts])
        if isinstance(answer, JournalError):
            raise answer
        return answer

    def retire(self) -> None:
        """Close the journal for good; then its folder is free for a new one."""
        self.append(Draft(EntryKind.RETIRED))
        if self._lock:
            self._lock.sign("")


def drop_unfinished(journal: Path) -> None:
    """Remove what a closing of the year that was cut short has left: a copy, as large as all."""
    for end in (*ENDS, ROLLBACK):
        with suppress(OSError):
            journal.with_name(f"{journal.name}{NEXT}{end}").unlink(missing_ok=True)


@contextmanager
def alone(path: Path, clock: Clock) -> Iterator[LoneJournal]:
    """Hold the journal as a till would; JournalInUseError while one runs."""
    lock = JournalLock(path)
    lock.take(clock.now())
    try:
        refuse_loss(path, lock.journal_id)
        with closing(JournalFile(path, clock)) as file, closing(JournalQueries(path)) as reads:
            yield LoneJournal(file, reads, lock)
    finally:
        lock.release()
