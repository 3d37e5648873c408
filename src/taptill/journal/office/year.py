"""A journal in which nothing is open in, an archive and a journal that follows it out.

The one that follows goes on with id, numbers and chain, and with each customer where the closed
one left him: a row's mark means in it what it meant before. Everything older than that is in the
archive alone.
"""

from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from taptill.domain.clock import Clock
from taptill.domain.entry import Draft, Entry, Kind
from taptill.domain.errors import JournalError, UsageError
from taptill.journal import projection
from taptill.journal.faults import ENDS, in_words
from taptill.journal.file import (
    JournalFile,
    beginning,
    connect,
    entries,
    positions,
    sync_folder,
)
from taptill.journal.identity import last_opened, refuse_late, refuse_while_open
from taptill.journal.lock import LoneJournal, alone
from taptill.journal.reads import Reads
from taptill.journal.verify import verify

NEXT = ".next"


@dataclass(frozen=True, slots=True)
class Closed:
    """What was put into the archive, the first and the last entry, and who is carried over."""

    archive: Path
    first_seq: int
    last_seq: int
    customers: int


def close_year(path: Path, clock: Clock, late_max_s: float) -> Closed:
    """Make the journal an archive beside it, and begin the one that follows.

    Whenever the power goes, the journal's name stands for a whole journal: the old one, or the
    one that follows. Errors: JournalOpenError while money is open, UsageError, JournalError.
    """
    begun = path.with_name(path.name + NEXT)
    with alone(path, clock) as journal:
        end, first_seq = _ready(journal, clock, late_max_s)
        archive = path.with_name(f"{path.stem}-{first_seq}-{end.seq}{path.suffix}")
        _discard(begun)
        with closing(JournalFile(begun, clock)) as file:
            drafts = _carried(journal, archive)
            file.follow((end.seq, end.hash), drafts)
            file.leave_whole()
        journal.reads.close()
        journal.file.leave_whole()
        try:
            _rename(path, archive, begun)
        except OSError as fault:
            raise in_words(path, fault) from fault
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


def _carried(journal: LoneJournal, archive: Path) -> list[Draft]:
    rows = [projection.to_row(one) for one in positions(journal.reads.connection)]
    return [
        Draft(Kind.CARRIED, body={"archive": archive.name}),
        *(Draft(Kind.CARRIED, row[0], body={"position": list(row)}) for row in rows),
        Draft(Kind.OPENED, body=last_opened(journal)),
    ]


def _rename(path: Path, archive: Path, begun: Path) -> None:
    """Give the old file its second name, then the new one the first: never is there none."""
    if archive.exists() and not archive.samefile(path):
        raise JournalError(path=archive, detail="this file is in the way: put it elsewhere")
    with suppress(FileExistsError):
        archive.hardlink_to(path)
    sync_folder(path.parent)
    begun.replace(path)
    sync_folder(path.parent)


def archive_before(path: Path) -> Path | None:
    """Give the archive that a journal says it follows; None of one that follows none."""
    with closing(connect(path, read_only=True)) as connection:
        first = next(entries(connection, "seq = (SELECT min(seq) FROM entries)"), None)
    name = first.body.get("archive") if first and first.kind is Kind.CARRIED else None
    return path.with_name(Path(name).name) if name else None


def follows(path: Path, archive: Path) -> bool:
    """Tell whether a journal begins where the archive ends."""
    with (
        closing(connect(path, read_only=True)) as connection,
        closing(Reads(archive)) as closed,
    ):
        first_seq, prev_hash = beginning(connection)
        end = closed.newest()
    return end is not None and (end.seq + 1, end.hash) == (first_seq, prev_hash)


def _discard(begun: Path) -> None:
    """Remove what an earlier try has left."""
    for end in ENDS:
        Path(f"{begun}{end}").unlink(missing_ok=True)
