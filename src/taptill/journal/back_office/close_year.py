"""A journal in which nothing is open in, an archive and a journal that follows it out.

The one that follows goes on with id, numbers and chain, and with each customer where the closed
one left him. A row's mark that is older than that is looked up in the archive
(`JournalQueries.entry_at_mark`).
"""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from taptill.domain.clock import Clock
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.errors import JournalError, UsageError
from taptill.journal import projection
from taptill.journal.back_office.conflicts import charge_before
from taptill.journal.back_office.export_files import last_number
from taptill.journal.faults import to_journal_error
from taptill.journal.file import JournalFile, entries, positions, sync_folder
from taptill.journal.identity import currency, last_opened, refuse_late, refuse_while_open
from taptill.journal.lock import NEXT, LoneJournal, alone, drop_unfinished
from taptill.journal.queries import JournalQueries, archive_at
from taptill.journal.verify import verify

CARRIED_OVER = ("external_id", "currency")
"""What the office knows a customer by, of his last charge."""

ROOM_MB = 64
"""What is to be left on the disk beside the archive: the least that a till sells with, and more."""


@dataclass(frozen=True, slots=True)
class Closed:
    """What was put into the archive, the first and the last entry, and who is carried over."""

    archive: Path
    first_seq: int
    last_seq: int
    customers: int


def close_year(path: Path, clock: Clock, late_max_s: float) -> Closed:
    """Copy the journal into an archive beside it, and put the one that follows in its place.

    Whenever the power goes, the journal's name stands for a whole journal: the old one, or the
    one that follows with its archive. Errors: JournalOpenError while money is open, UsageError,
    JournalError.
    """
    with alone(path, clock) as journal:
        end, first_seq = _ready(journal, clock, late_max_s)
        archive = archive_at(path, first_seq)
        if archive.exists() and not _earlier_try(archive, journal.reads):
            raise JournalError(path=archive, detail="this file is in the way: put it elsewhere")
        _refuse_narrow(path)
        drafts = _carried(journal, archive, end.seq)
        journal.reads.close()
        journal.file.leave_whole()
        with _put_at(archive, path, clock, copied=True) as file:  # no till opens it ever again
            file.follow((end.seq, end.hash), [Draft(EntryKind.RETIRED)])
        with _put_at(path, path, clock) as file:
            file.follow((end.seq, end.hash), drafts)
    return Closed(archive, first_seq, end.seq, len(drafts) - 2)


def _ready(journal: LoneJournal, clock: Clock, late_max_s: float) -> tuple[Entry, int]:
    """Give the end of a journal that may be closed, and the number of its first entry."""
    reads = journal.reads
    if last_opened(journal)["strategy"] != "debt":
        raise UsageError(problem="only a journal of the strategy 'debt' can be closed")
    if reads.halted():
        raise UsageError(problem="settlement has halted: see taptill conflicts list")
    refuse_while_open(reads, "the year is to be closed")
    refuse_late(reads, clock, late_max_s)
    found, end = verify(reads.connection, reads.path), reads.newest()
    if not found.sound or end is None:
        raise JournalError(path=reads.path, detail="its chain is broken: taptill journal verify")
    return end, found.first_seq


def _refuse_narrow(path: Path) -> None:
    """Raise JournalError where the disk has no room for a second copy of the journal."""
    needed = path.stat().st_size // 2**20 + 1 + ROOM_MB
    free = shutil.disk_usage(path.parent).free // 2**20
    if free < needed:
        detail = f"closing it takes {needed} MB of room on its disk, {free} MB are free"
        raise JournalError(path=path, detail=detail)


def _earlier_try(archive: Path, reads: JournalQueries) -> bool:
    """Tell whether all that an archive holds, but its end, is still in the journal, too."""
    try:
        with closing(JournalQueries(archive)) as closed:
            end = closed.newest()
    except JournalError:
        return False
    if end is None or end.kind is not EntryKind.RETIRED:
        return False
    before = (end.seq - 1, end.prev_hash)
    return any(entries(reads.connection, "seq = ? AND hash = ?", before))


def _carried(journal: LoneJournal, archive: Path, end_seq: int) -> list[Draft]:
    """Give what the journal that follows begins with: each customer, and who that is."""
    connection = journal.reads.connection
    head = {
        "archive": archive.name,
        "currency": currency(journal.reads).code,
        "files": last_number(journal.reads),  # of another journal id, but the office counts on
    }
    drafts = [Draft(EntryKind.CARRIED, body=head)]
    for one in positions(connection):
        about = charge_before(connection, one.customer_id, end_seq)
        body = {"position": list(projection.to_row(one))}
        body |= {key: about[key] for key in CARRIED_OVER if key in about}
        drafts.append(Draft(EntryKind.CARRIED, one.customer_id, body=body))
    return [*drafts, Draft(EntryKind.OPENED, body=last_opened(journal))]


@contextmanager
def _put_at(
    target: Path, journal: Path, clock: Clock, *, copied: bool = False
) -> Iterator[JournalFile]:
    """Give a new file, or a copy of the journal, that is put in a place once it is whole.

    It belongs to whom the journal belongs, whoever runs this. Whatever fails leaves nothing behind.
    """
    begun = journal.with_name(journal.name + NEXT)
    try:
        begun.touch(0o600, exist_ok=False)
        if copied:
            with journal.open("rb") as old, begun.open("ab") as new:
                shutil.copyfileobj(old, new, 2**20)
        with closing(JournalFile(begun, clock)) as file:
            yield file
            file.leave_whole()
        _give_to_owner(begun, journal.stat())
        begun.replace(target)
        sync_folder(target.parent)
    except PermissionError as fault:
        detail = "run this as the account that it belongs to, or as root"
        raise JournalError(path=journal, detail=detail) from fault
    except OSError as fault:
        raise to_journal_error(journal, fault) from fault
    finally:
        drop_unfinished(journal)


def _give_to_owner(begun: Path, was: os.stat_result) -> None:
    with begun.open("ab") as file:
        os.fchown(file.fileno(), was.st_uid, was.st_gid)
        os.fchmod(file.fileno(), stat.S_IMODE(was.st_mode))
        os.fsync(file.fileno())
