"""A year that is closed: an archive, and a journal that goes on as if nothing had happened."""

import os
import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.journal.drafts import ADA, BEN, attempt, charge, conflict, receipt
from tests.settlement.harness import row, table

from taptill.domain.entry import Draft, EntryKind, MarkedEntry
from taptill.domain.errors import (
    JournalArchiveError,
    JournalError,
    JournalInUseError,
    JournalOpenError,
    JournalRetiredError,
    UsageError,
)
from taptill.domain.mark import HASH_DIGITS, Mark
from taptill.domain.money import Money
from taptill.domain.pending import FromMarks
from taptill.journal.back_office.close_year import close_year
from taptill.journal.background.chain_verifier import ChainVerifier
from taptill.journal.background.mirror import Mirror
from taptill.journal.file import JournalFile, connect, entries, positions
from taptill.journal.identity import fork
from taptill.journal.journal import Journal
from taptill.journal.lock import LoneJournal, alone
from taptill.journal.queries import JournalQueries, archive_of, follows
from taptill.journal.verify import verify, verify_copy
from taptill.settlement.reconcile import Behind, Halt, HaltReason, InSync, compare_mark

HERE = {"backend": "https://here", "strategy": "debt", "machine": "board 1", "till": "bar"}
LATE_S = 120
Marks = dict[int, list[Mark]]  # those that each customer's row held, one by one


def till_opens(path: Path, clock: FakeClock, **changes: str) -> str:
    journal = Journal(path, clock, min_free_mb=0)
    journal.open({**HERE, **changes})
    journal.close()
    return journal.journal_id


def files_of(path: Path) -> set[str]:
    return {file.name for file in path.parent.iterdir()}


def fit(path: Path, archive: Path) -> bool:
    with closing(JournalQueries(path)) as later, closing(JournalQueries(archive)) as earlier:
        return follows(later, earlier)


def sell(
    journal: LoneJournal,
    amount: int,
    customer: int = ADA,
    before: int = 0,
    *,
    offline: bool = False,
) -> Mark:
    """Charge and settle; return the mark that the row holds then."""
    (entry,) = journal.append(charge(customer, amount, offline=offline))
    mark = Mark(entry.seq, before + amount, entry.hash[:HASH_DIGITS])
    journal.append(attempt(customer, mark), receipt(customer, mark))
    return mark


@pytest.fixture
def marks(path: Path, clock: FakeClock) -> Marks:
    """Sell for a year: Ada twice, Ben once; return the marks that their rows held one by one."""
    till_opens(path, clock)
    with alone(path, clock) as journal:
        first = sell(journal, 320)
        ben = sell(journal, 55, BEN)
        second = sell(journal, 80, before=320)
    clock.pass_time(LATE_S + 1)
    return {ADA: [first, second], BEN: [ben]}


def test_the_journal_goes_on_at_the_archive_end(path: Path, clock: FakeClock, marks: Marks) -> None:
    journal_id = till_opens(path, clock)
    with closing(JournalQueries(path)) as queries:
        before, end = list(positions(queries.connection)), queries.newest()
    closed_year = close_year(path, clock, LATE_S)
    assert end is not None
    assert (closed_year.first_seq, closed_year.last_seq, closed_year.customers) == (1, end.seq, 2)
    assert closed_year.archive == path.with_name("journal-from-1.db")
    with closing(JournalQueries(closed_year.archive)) as archive:
        assert verify(archive.connection).sound
        assert list(entries(archive.connection))[-2] == end
    with closing(JournalQueries(path)) as queries:
        result = verify(queries.connection)
        assert (result.sound, result.first_seq, result.entries) == (True, end.seq + 1, 4)
        assert list(positions(queries.connection)) == before
        assert queries.end_break() is None
        assert archive_of(queries) == closed_year.archive
    assert fit(path, closed_year.archive)
    assert marks
    assert till_opens(path, clock) == journal_id
    assert files_of(path) == {path.name, f"{path.name}.lock", closed_year.archive.name}


def test_marks_mean_what_they_meant(path: Path, clock: FakeClock, marks: Marks) -> None:
    journal_id = till_opens(path, clock)
    close_year(path, clock, LATE_S)
    held_mark = marks[ADA][-1]
    with alone(path, clock) as journal:
        assert journal.queries.entry_at_mark(held_mark.seq) == MarkedEntry(ADA, held_mark)
        assert journal.queries.entry_at_mark(marks[BEN][-1].seq) == MarkedEntry(BEN, marks[BEN][-1])
        assert judged(journal, journal_id, held_mark) == InSync(held_mark)
        (entry,) = journal.append(charge(ADA, 200))
        assert judged(journal, journal_id, held_mark) == Behind(held_mark, is_reverted=False)
        last = Mark(entry.seq, 600, entry.hash[:HASH_DIGITS])
        position = journal.queries.position(ADA)
        assert position is not None
        assert (position.last, position.in_question) == (last, 200)
        assert journal.queries.entry_at_mark(entry.seq) == MarkedEntry(ADA, last)


def judged(journal: LoneJournal, journal_id: str, mark: Mark, customer: int = ADA) -> object:
    look = journal.queries.query(customer, mark.seq)
    assert look is not None
    snapshot = row(debt_data=table({journal_id: mark}), customer=customer)
    return compare_mark(snapshot, look, journal_id)


def test_a_mark_that_only_the_archive_knows_is_what_it_was(
    path: Path, clock: FakeClock, marks: Marks
) -> None:
    """The backend was restored, or the row was copied from another one before the close."""
    journal_id = till_opens(path, clock)
    stranger, old, ben = 99, marks[ADA][0], marks[BEN][0]
    looks = [(old, ADA), (ben, ADA), (old, stranger), (replace(old, total=1), ADA)]
    with alone(path, clock) as journal:
        before = [judged(journal, journal_id, *look) for look in looks]
        assert before[0] == Behind(old, is_reverted=True)
    close_year(path, clock, LATE_S)
    with alone(path, clock) as journal:
        assert [judged(journal, journal_id, *look) for look in looks] == before


def test_a_mark_that_this_journal_never_made_still_halts(
    path: Path, clock: FakeClock, marks: Marks
) -> None:
    """A clone's: from before the close, on a row without money here, of entries to come."""
    journal_id = till_opens(path, clock)
    close_year(path, clock, LATE_S)
    with alone(path, clock) as journal:
        (entry,) = journal.append(charge(ADA, 200))
        for seq in (marks[ADA][0].seq, marks[ADA][0].seq + 1, entry.seq, entry.seq + 5):
            for customer in (ADA, 99):
                strange = Mark(seq, 600, "00000000")
                assert judged(journal, journal_id, strange, customer) == Halt(HaltReason.CLONED)


def test_an_archive_that_is_gone_or_another_one_is_missed_where_it_is_needed(
    path: Path, clock: FakeClock, marks: Marks
) -> None:
    journal_id = till_opens(path, clock)
    archive = close_year(path, clock, LATE_S).archive
    elsewhere = archive.rename(path.parent / "elsewhere.db")
    running = Journal(path, clock, min_free_mb=0)
    running.open(HERE)
    assert tuple(map(str, running.warnings())) == (
        f"{archive.name} is gone: put it back beside the journal",
    )
    old = marks[ADA][0]
    cached_row = row(debt_data=table({journal_id: Mark(old.seq, 320, old.hash)}))
    balance, position = FromMarks(journal_id, running.queries.entry_at_mark), running.position(ADA)
    with pytest.raises(JournalArchiveError, match=r"journal-from-1\.db is gone"):
        running.query(ADA, old.seq)
    assert balance.pending(cached_row, position) == (Money(80), True)  # sales go on
    shutil.copy(path, archive)
    with pytest.raises(JournalArchiveError, match=r"does not follow the end of journal-from-1\.db"):
        running.query(ADA, old.seq)
    elsewhere.replace(archive)
    assert running.query(ADA, old.seq)
    assert balance.pending(cached_row, position) == (Money(80), False)
    assert running.warnings() == ()
    running.close()
    assert till_opens(path, clock) == journal_id


def test_an_archive_is_no_journal_that_a_till_could_go_on_with(
    path: Path, clock: FakeClock, marks: Marks
) -> None:
    archive = close_year(path, clock, LATE_S).archive
    assert marks
    with pytest.raises(JournalRetiredError):
        till_opens(archive, clock)


def test_what_follows_belongs_to_whom_the_journal_belonged(
    path: Path, clock: FakeClock, marks: Marks
) -> None:
    assert marks
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 4321, 4322)
    was = path.stat()
    archive = close_year(path, clock, LATE_S).archive
    for file_stat in (path.stat(), archive.stat()):
        assert (file_stat.st_uid, file_stat.st_gid, file_stat.st_mode) == (
            was.st_uid,
            was.st_gid,
            was.st_mode,
        )


def test_sums_counted_anew_are_the_same(path: Path, clock: FakeClock, marks: Marks) -> None:
    close_year(path, clock, LATE_S)
    with alone(path, clock) as journal:
        sell(journal, 200, before=marks[ADA][-1].total)
        positions_before = list(positions(journal.queries.connection))
        journal.file.rebuild_projection()
        assert list(positions(journal.queries.connection)) == positions_before
        assert verify(journal.queries.connection).sound


def test_a_year_follows_a_year(path: Path, clock: FakeClock, marks: Marks) -> None:
    first = close_year(path, clock, LATE_S)
    with alone(path, clock) as journal:
        mark = sell(journal, 200, before=marks[ADA][-1].total)
    clock.pass_time(LATE_S + 1)
    second = close_year(path, clock, LATE_S)
    assert second.first_seq == first.last_seq + 1
    assert fit(second.archive, first.archive)
    assert fit(path, second.archive)
    assert not fit(path, first.archive)
    with closing(JournalQueries(path)) as queries:
        assert queries.entry_at_mark(mark.seq) == MarkedEntry(ADA, mark)
        assert queries.entry_at_mark(marks[ADA][-1].seq) == MarkedEntry(ADA, marks[ADA][-1])
        assert queries.entry_at_mark(marks[ADA][0].seq) == MarkedEntry(ADA, marks[ADA][0])


def test_a_fork_leaves_what_was_carried_over(path: Path, clock: FakeClock, marks: Marks) -> None:
    close_year(path, clock, LATE_S)
    with alone(path, clock) as journal:
        assert fork(journal, clock, LATE_S)[1] == 0
        assert journal.queries.entry_at_mark(marks[ADA][-1].seq) is None
        assert journal.queries.entry_at_mark(marks[ADA][0].seq) is None
        (entry,) = journal.append(charge(ADA, 200))
        expected_mark = Mark(entry.seq, 200, entry.hash[:HASH_DIGITS])
        assert journal.queries.entry_at_mark(entry.seq) == MarkedEntry(ADA, expected_mark)
        assert verify(journal.queries.connection).sound


def open_money(journal: LoneJournal) -> None:
    journal.append(charge(ADA, 10))


def a_case(journal: LoneJournal) -> None:
    journal.append(conflict(ADA))


def a_halt(journal: LoneJournal) -> None:
    journal.append(Draft(EntryKind.HALTED, ADA, body={"reason": "half-kept"}))


def a_late_request(journal: LoneJournal) -> None:
    sell(journal, 10)


def the_end(journal: LoneJournal) -> None:
    journal.retire()


Act = Callable[[LoneJournal], None]
REFUSED: dict[str, tuple[Act, type[Exception], str]] = {
    "money is open": (open_money, JournalOpenError, "the year is to be closed"),
    "a case waits": (a_case, JournalOpenError, "the year is to be closed"),
    "settlement has halted": (a_halt, UsageError, "halted"),
    "a request may land": (a_late_request, UsageError, "wait 1[12][0-9] s"),
    "it is retired": (the_end, JournalRetiredError, "retired"),
}


@pytest.mark.parametrize(("act", "error", "words"), REFUSED.values(), ids=REFUSED)
def test_a_journal_is_not_closed_while(
    act: Act,
    error: type[Exception],
    words: str,
    path: Path,
    clock: FakeClock,
    marks: Marks,
) -> None:
    assert marks
    with alone(path, clock) as journal:
        act(journal)
    with pytest.raises(error, match=words):
        close_year(path, clock, LATE_S)
    with closing(JournalQueries(path)) as queries:
        assert archive_of(queries) is None


def test_a_journal_of_files_for_the_office_is_not_closed(path: Path, clock: FakeClock) -> None:
    till_opens(path, clock, strategy="export")
    with pytest.raises(UsageError, match="'debt'"):
        close_year(path, clock, LATE_S)


def test_a_journal_is_not_closed_beside_a_running_till(path: Path, clock: FakeClock) -> None:
    running = Journal(path, clock, min_free_mb=0)
    running.open(HERE)
    with pytest.raises(JournalInUseError):
        close_year(path, clock, LATE_S)
    running.close()


def test_a_journal_that_somebody_reads_stays_as_it_is(
    path: Path, clock: FakeClock, marks: Marks
) -> None:
    """Else what is in the log would be lost to the one, or the other would read it as its own."""
    with closing(connect(path, read_only=True)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        with pytest.raises(JournalError):
            close_year(path, clock, LATE_S)
    with alone(path, clock) as journal:
        assert journal.queries.entry_at_mark(marks[ADA][0].seq) is not None
        assert verify(journal.queries.connection).first_seq == 1
    assert close_year(path, clock, LATE_S).first_seq == 1


def test_a_file_in_the_way_of_the_archive_is_left_alone(
    path: Path, clock: FakeClock, marks: Marks
) -> None:
    stranger = path.with_name("journal-from-1.db")
    for content in (b"somebody's", path.read_bytes()):
        stranger.write_bytes(content)
        with pytest.raises(JournalError, match="in the way"):
            close_year(path, clock, LATE_S)
        assert stranger.read_bytes() == content
    with alone(path, clock) as journal:
        assert journal.queries.entry_at_mark(marks[ADA][0].seq) is not None


def test_an_archive_of_entries_that_a_journal_lacks_is_left_alone(
    path: Path, clock: FakeClock, marks: Marks
) -> None:
    """A backup from before the close was put back."""
    backup = path.read_bytes()
    with alone(path, clock) as journal:
        sell(journal, 200, before=marks[ADA][-1].total)
    clock.pass_time(LATE_S + 1)
    archive = close_year(path, clock, LATE_S).archive
    whole_bytes = archive.read_bytes()
    path.write_bytes(backup)
    with pytest.raises(JournalError, match="in the way"):
        close_year(path, clock, LATE_S)
    assert archive.read_bytes() == whole_bytes


def test_what_a_power_cut_left_of_an_earlier_try_is_no_obstacle(
    path: Path, clock: FakeClock, marks: Marks
) -> None:
    """The half-made file that follows, and the archive of a journal that then went on."""
    before = path.read_bytes()
    archive = close_year(path, clock, LATE_S).archive
    path.write_bytes(before)
    with alone(path, clock) as journal:
        sell(journal, 200, before=marks[ADA][-1].total)
    clock.pass_time(LATE_S + 1)
    path.with_name("journal.db.next").write_bytes(b"half")
    path.with_name("journal.db.next-wal").write_bytes(b"half")
    assert close_year(path, clock, LATE_S).archive == archive
    assert fit(path, archive)
    assert files_of(path) == {path.name, f"{path.name}.lock", archive.name}


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Let no file grow beyond this: the kernel answers as a full disk does."""
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, was[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)


def test_a_till_that_starts_frees_the_room_that_an_earlier_try_has_taken(
    path: Path, clock: FakeClock
) -> None:
    ends = ("", "-wal", "-shm", "-journal")
    for opens in (till_opens, lambda *by: alone(*by).__enter__()):
        for end in ends:
            path.with_name(f"journal.db.next{end}").write_bytes(b"half")
        opens(path, clock)
        assert not list(path.parent.glob("journal.db.next*"))


def test_a_disk_without_room_for_the_archive_is_said_before_anything_is_written(
    path: Path, clock: FakeClock, marks: Marks
) -> None:
    assert marks
    size = path.stat().st_size
    os.truncate(path, shutil.disk_usage(path.parent).free)  # a hole, which SQLite does not mind
    words = r"takes [0-9]+ MB of room on its disk, [0-9]+ MB are"
    with files_end_at(2**20), pytest.raises(JournalError, match=words):  # never a whole copy of it
        close_year(path, clock, LATE_S)
    os.truncate(path, size)
    assert not path.with_name("journal-from-1.db").exists()
    with alone(path, clock) as journal:
        assert verify(journal.queries.connection).sound


def test_a_disk_that_fills_leaves_the_journal_and_nothing_else(
    path: Path, clock: FakeClock, marks: Marks
) -> None:
    assert marks
    with files_end_at(path.stat().st_size - 1), pytest.raises(JournalError):
        close_year(path, clock, LATE_S)
    with closing(connect(path, read_only=True)) as journal:
        assert (verify(journal).sound, verify(journal).first_seq) == (True, 1)
    assert {file.name for file in path.parent.iterdir()} == {
        path.name,
        f"{path.name}.lock",
    }


def test_the_mirror_goes_on_in_its_file(
    path: Path, clock: FakeClock, marks: Marks, tmp_path: Path
) -> None:
    copy = tmp_path / "stick" / "taptill.jsonl"
    copy.parent.mkdir()
    assert marks
    for _ in range(2):
        mirror = Mirror(path, copy, elsewhere=lambda *_: True)
        mirror.close()
        assert mirror.warning is None
        if not path.with_name("journal-from-1.db").exists():
            close_year(path, clock, LATE_S)
    with copy.open("rb") as file:
        result = verify_copy(file)
    with closing(JournalQueries(path)) as queries:
        end = queries.newest()
    assert end is not None
    assert (result.sound, result.first_seq, result.entries) == (True, 1, end.seq)


def test_a_mirror_that_had_not_caught_up_begins_a_file_of_its_own(
    path: Path, clock: FakeClock, marks: Marks, tmp_path: Path
) -> None:
    copy = tmp_path / "stick" / "taptill.jsonl"
    copy.parent.mkdir()
    archive = close_year(path, clock, LATE_S)
    assert marks
    copy.write_bytes(b'{"seq":1,"kind":"opened"')
    mirror = Mirror(path, copy, elsewhere=lambda *_: True)
    mirror.close()
    assert "taptill.jsonl.2" in str(mirror.warning)
    with copy.with_name("taptill.jsonl.2").open("rb") as file:
        assert verify_copy(file).first_seq == archive.last_seq + 1


def test_the_patrol_walks_the_journal_that_follows(
    path: Path, clock: FakeClock, marks: Marks
) -> None:
    close_year(path, clock, LATE_S)
    assert marks
    patrol = ChainVerifier(path)
    while patrol.step() is not None:
        pass
    assert patrol.fault == ""
    patrol.close()
    with closing(sqlite3.connect(path)) as careless:
        careless.execute("DROP TRIGGER entries_never_change")
        careless.execute(
            "UPDATE entries SET staff = 'x' WHERE seq = (SELECT max(seq) FROM entries)"
        )
        careless.commit()
    patrol = ChainVerifier(path)
    while patrol.step() is not None:
        pass
    assert "does not fit the chain" in patrol.fault
    patrol.close()


def test_a_journal_of_the_format_before_is_brought_up_to_date(
    path: Path, clock: FakeClock, marks: Marks
) -> None:
    with closing(sqlite3.connect(path)) as older:
        older.execute("DROP INDEX entries_carried")
        older.execute("DROP INDEX entries_carried_seq")
        older.execute("PRAGMA user_version = 2")
    with closing(JournalFile(path, clock)) as file:
        assert verify(file.connection).sound
        names = {row[0] for row in file.connection.execute("SELECT name FROM sqlite_master")}
    assert {"entries_carried", "entries_carried_seq"} <= names
    assert marks
