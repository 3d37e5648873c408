"""Closing a year: the journal becomes an archive, and a new journal follows it.

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
from typing import Any

from taptill.domain.clock import Clock
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.errors import JournalError, UsageError
from taptill.durable_files import sync_to_disk
from taptill.journal import projection
from taptill.journal.back_office.conflicts import charge_before
from taptill.journal.back_office.export_files import last_number
from taptill.journal.back_office.shift_entries import CARRIED_SHIFT, last_closed
from taptill.journal.faults import to_journal_error
from taptill.journal.file import JournalFile, entries, positions
from taptill.journal.identity import currency, last_opened, refuse_late, refuse_while_open
from taptill.journal.lock import NEXT, LoneJournal, alone, drop_unfinished
from taptill.journal.queries import JournalQueries, archive_at
from taptill.journal.verify import verify

CARRIED_OVER = ("external_id", "currency")
"""Keys of a customer's last charge that the office identifies him by."""

ROOM_MB = 64
"""Megabytes that must stay free beside the archive: more than a till needs to sell."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The archive, its first and last entry, and how many customers were carried over."""

    archive: Path
    first_seq: int
    last_seq: int
    customers: int


def close_year(path: Path, clock: Clock, late_max_s: float) -> Closed:
    """Copy the journal into an archive beside it, and put the one that follows in its place.

    At any power cut the journal's name stands for a complete journal: the old one, or the one
    that follows with its archive. Errors: JournalOpenError while money is open, UsageError,
    JournalError.
    """
    with alone(path, clock) as journal:
        end, first_seq = _ready(journal, clock, late_max_s)
        archive = archive_at(path, first_seq)
        if archive.exists() and not _earlier_try(archive, journal.queries):
            raise JournalError(path=archive, detail="this file is in the way: put it elsewhere")
        _refuse_narrow(path)
        drafts = _carried(journal, archive, end.seq)
        journal.queries.close()
        journal.file.leave_whole()
        with _put_at(archive, path, clock, is_copy=True) as file:  # no till opens it ever again
            file.follow((end.seq, end.hash), [Draft(EntryKind.RETIRED)])
        with _put_at(path, path, clock) as file:
            file.follow((end.seq, end.hash), drafts)
    return Closed(archive, first_seq, end.seq, len(drafts) - 2)


def _ready(journal: LoneJournal, clock: Clock, late_max_s: float) -> tuple[Entry, int]:
    """Return the last entry of a journal that may be closed, and its first entry's number."""
    queries = journal.queries
    if last_opened(journal)["strategy"] != "debt":
        raise UsageError(problem="only a journal of the strategy 'debt' can be closed")
    if queries.halted():
        raise UsageError(problem="settlement has halted: see taptill conflicts list")
    refuse_while_open(queries, "the year is to be closed")
    refuse_late(queries, clock, late_max_s)
    result, end = verify(queries.connection, queries.path), queries.newest()
    if not result.sound or end is None:
        raise JournalError(path=queries.path, detail="its chain is broken: taptill journal verify")
    return end, result.first_seq


def _refuse_narrow(path: Path) -> None:
    """Raise JournalError where the disk has no room for a second copy of the journal."""
    needed_mb = path.stat().st_size // 2**20 + 1 + ROOM_MB
    free_mb = shutil.disk_usage(path.parent).free // 2**20
    if free_mb < needed_mb:
        detail = f"closing it takes {needed_mb} MB of room on its disk, {free_mb} MB are free"
        raise JournalError(path=path, detail=detail)


def _earlier_try(archive: Path, queries: JournalQueries) -> bool:
    """Return whether the archive is an interrupted try: all but its end is in the journal too."""
    try:
        with closing(JournalQueries(archive)) as archive_queries:
            end = archive_queries.newest()
    except JournalError:
        return False
    if end is None or end.kind is not EntryKind.RETIRED:
        return False
    before = (end.seq - 1, end.prev_hash)
    return any(entries(queries.connection, "seq = ? AND hash = ?", before))


def _carried(journal: LoneJournal, archive: Path, end_seq: int) -> list[Draft]:
    """Return the first entries of the journal that follows: each customer's position."""
    connection = journal.queries.connection
    head: dict[str, Any] = {
        "archive": archive.name,
        "currency": currency(journal.queries).code,
        "files": last_number(journal.queries),  # of another journal id, but the office counts on
    }
    number, to_seq = last_closed(journal.queries)
    if number:
        head[CARRIED_SHIFT] = [number, to_seq]
    drafts = [Draft(EntryKind.CARRIED, body=head)]
    for position in positions(connection):
        about = charge_before(connection, position.customer_id, end_seq)
        body = {"position": list(projection.to_row(position))}
        body |= {key: about[key] for key in CARRIED_OVER if key in about}
        drafts.append(Draft(EntryKind.CARRIED, position.customer_id, body=body))
    return [*drafts, Draft(EntryKind.OPENED, body=last_opened(journal))]


@contextmanager
def _put_at(
    target: Path, journal: Path, clock: Clock, *, is_copy: bool = False
) -> Iterator[JournalFile]:
    """Yield a new file, or a copy of the journal, and move it to `target` once it is complete.

    It gets the journal's owner, whoever runs this. A failure leaves nothing behind.
    """
    new_file = journal.with_name(journal.name + NEXT)
    try:
        new_file.touch(0o600, exist_ok=False)
        if is_copy:
            with journal.open("rb") as old, new_file.open("ab") as new:
                shutil.copyfileobj(old, new, 2**20)
        with closing(JournalFile(new_file, clock)) as file:
            yield file
            file.leave_whole()
        _give_to_owner(new_file, journal.stat())
        new_file.replace(target)
        sync_to_disk(target.parent)
    except PermissionError as fault:
        detail = "run this as the account that it belongs to, or as root"
        raise JournalError(path=journal, detail=detail) from fault
    except OSError as fault:
        raise to_journal_error(journal, fault) from fault
    finally:
        drop_unfinished(journal)


def _give_to_owner(new_file: Path, owner: os.stat_result) -> None:
    with new_file.open("ab") as file:
        os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        os.fchmod(file.fileno(), stat.S_IMODE(owner.st_mode))
        os.fsync(file.fileno())
