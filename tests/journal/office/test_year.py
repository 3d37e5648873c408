"""A year that is closed: an archive, and a journal that goes on as if nothing had happened."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.journal.drafts import ADA, BEN, attempt, charge, conflict, receipt

from taptill.domain.entry import Draft, Footing, Kind
from taptill.domain.errors import (
    JournalError,
    JournalInUseError,
    JournalOpenError,
    JournalRetiredError,
    UsageError,
)
from taptill.domain.mark import HASH_DIGITS, KEY, Mark, read_marks
from taptill.journal.beside.mirror import Mirror
from taptill.journal.beside.patrol import Patrol
from taptill.journal.file import JournalFile, connect, entries, positions
from taptill.journal.identity import fork
from taptill.journal.journal import Journal
from taptill.journal.lock import LoneJournal, alone
from taptill.journal.office.year import archive_before, close_year, follows
from taptill.journal.reads import Reads
from taptill.journal.verify import verify, verify_copy
from taptill.settlement.judgement import Behind, Desk, Halt, Holds, Stop, Unclear, judge

HERE = {"backend": "https://here", "strategy": "debt", "machine": "board 1", "till": "bar"}
LATE_S = 120


def till_opens(path: Path, clock: FakeClock, **changed: str) -> str:
    journal = Journal(path, clock, min_free_mb=0)
    journal.open({**HERE, **changed})
    journal.close()
    return journal.journal_id


def sell(journal: LoneJournal, amount: int, customer: int = ADA, before: int = 0) -> Mark:
    """Charge and settle; give the mark that the row holds then."""
    (entry,) = journal.append(charge(customer, amount))
    mark = Mark(entry.seq, before + amount, entry.hash[:HASH_DIGITS])
    journal.append(attempt(customer, mark), receipt(customer, mark))
    return mark


@pytest.fixture
def marks(path: Path, clock: FakeClock) -> dict[int, list[Mark]]:
    """Sell for a year: Ada twice, Ben once; give the marks that their rows held one by one."""
    till_opens(path, clock)
    with alone(path, clock) as journal:
        first = sell(journal, 320)
        ben = sell(journal, 55, BEN)
        second = sell(journal, 80, before=320)
    clock.pass_time(LATE_S + 1)
    return {ADA: [first, second], BEN: [ben]}


def test_the_journal_goes_on_where_the_archive_ends(
    path: Path, clock: FakeClock, marks: dict[int, list[Mark]]
) -> None:
    journal_id = till_opens(path, clock)
    with closing(Reads(path)) as reads:
        before, end = list(positions(reads.connection)), reads.newest()
    closed = close_year(path, clock, LATE_S)
    assert end is not None
    assert (closed.first_seq, closed.last_seq, closed.customers) == (1, end.seq, 2)
    assert closed.archive == path.with_name(f"journal-1-{end.seq}.db")
    with closing(connect(closed.archive, read_only=True)) as archive:
        assert verify(archive).sound
        assert list(entries(archive))[-1] == end
    with closing(Reads(path)) as reads:
        found = verify(reads.connection)
        assert (found.sound, found.first_seq, found.entries) == (True, end.seq + 1, 4)
        assert list(positions(reads.connection)) == before
        assert reads.end_break() is None
    assert archive_before(path) == closed.archive
    assert follows(path, closed.archive)
    assert marks
    assert till_opens(path, clock) == journal_id
    assert sorted(one.name for one in path.parent.iterdir()) == sorted(
        [path.name, f"{path.name}.lock", closed.archive.name]
    )


def test_marks_mean_what_they_meant(
    path: Path, clock: FakeClock, marks: dict[int, list[Mark]]
) -> None:
    journal_id = till_opens(path, clock)
    close_year(path, clock, LATE_S)
    held = marks[ADA][-1]
    with alone(path, clock) as journal:
        assert journal.reads.footing(held.seq) == Footing(ADA, held)
        assert journal.reads.footing(marks[BEN][-1].seq) == Footing(BEN, marks[BEN][-1])
        assert judged(journal, journal_id, held) == Holds(held)
        (entry,) = journal.append(charge(ADA, 200))
        assert judged(journal, journal_id, held) == Behind(held, taken_back=False)
        last = Mark(entry.seq, 600, entry.hash[:HASH_DIGITS])
        position = journal.reads.position(ADA)
        assert position is not None
        assert (position.last, position.in_question) == (last, 200)
        assert journal.reads.footing(entry.seq) == Footing(ADA, last)


def judged(journal: LoneJournal, journal_id: str, mark: Mark) -> object:
    look = journal.reads.look(ADA, mark.seq)
    assert look is not None
    table = {KEY: {"e": "0000e90c", "t": {journal_id: [mark.seq, mark.total, mark.hash]}}}
    return judge(read_marks(table), look, journal_id)


def test_a_mark_that_only_the_archive_knows_is_a_case_and_a_strange_one_still_halts(
    path: Path, clock: FakeClock, marks: dict[int, list[Mark]]
) -> None:
    journal_id = till_opens(path, clock)
    close_year(path, clock, LATE_S)
    old, ben = marks[ADA][0], marks[BEN][0]
    with alone(path, clock) as journal:
        assert judged(journal, journal_id, old) == Unclear(Desk.UNKNOWN_MARK)
        assert judged(journal, journal_id, ben) == Unclear(Desk.COPIED_ROW)
        end = journal.reads.newest()
        assert end is not None
        assert judged(journal, journal_id, Mark(end.seq + 5, 1, "00000000")) == Halt(Stop.CLONED)
        (entry,) = journal.append(charge(ADA, 200))
        wrong = Mark(entry.seq, 600, "00000000")
        assert judged(journal, journal_id, wrong) == Halt(Stop.CLONED)


def test_sums_counted_anew_are_the_same(
    path: Path, clock: FakeClock, marks: dict[int, list[Mark]]
) -> None:
    close_year(path, clock, LATE_S)
    with alone(path, clock) as journal:
        sell(journal, 200, before=marks[ADA][-1].total)
        kept = list(positions(journal.reads.connection))
        journal.file.rebuild_projection()
        assert list(positions(journal.reads.connection)) == kept
        assert verify(journal.reads.connection).sound


def test_a_year_follows_a_year(path: Path, clock: FakeClock, marks: dict[int, list[Mark]]) -> None:
    first = close_year(path, clock, LATE_S)
    with alone(path, clock) as journal:
        mark = sell(journal, 200, before=marks[ADA][-1].total)
    clock.pass_time(LATE_S + 1)
    second = close_year(path, clock, LATE_S)
    assert second.first_seq == first.last_seq + 1
    assert follows(second.archive, first.archive)
    assert follows(path, second.archive)
    assert not follows(path, first.archive)
    with closing(Reads(path)) as reads:
        assert reads.footing(mark.seq) == Footing(ADA, mark)
        assert reads.footing(marks[ADA][-1].seq) is None


def test_a_fork_leaves_what_was_carried_over_behind(
    path: Path, clock: FakeClock, marks: dict[int, list[Mark]]
) -> None:
    close_year(path, clock, LATE_S)
    with alone(path, clock) as journal:
        assert fork(journal, clock, LATE_S)[1] == 0
        assert journal.reads.footing(marks[ADA][-1].seq) is None
        (entry,) = journal.append(charge(ADA, 200))
        expected = Mark(entry.seq, 200, entry.hash[:HASH_DIGITS])
        assert journal.reads.footing(entry.seq) == Footing(ADA, expected)
        assert verify(journal.reads.connection).sound


def open_money(journal: LoneJournal) -> None:
    journal.append(charge(ADA, 10))


def a_case(journal: LoneJournal) -> None:
    journal.append(conflict(ADA))


def a_halt(journal: LoneJournal) -> None:
    journal.append(Draft(Kind.HALTED, ADA, body={"reason": "half-kept"}))


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
    marks: dict[int, list[Mark]],
) -> None:
    assert marks
    with alone(path, clock) as journal:
        act(journal)
    with pytest.raises(error, match=words):
        close_year(path, clock, LATE_S)
    assert archive_before(path) is None


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
    path: Path, clock: FakeClock, marks: dict[int, list[Mark]]
) -> None:
    """Else what is in the log would be lost to the one, or the other would read it as its own."""
    with closing(connect(path, read_only=True)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        with pytest.raises(JournalError):
            close_year(path, clock, LATE_S)
    with alone(path, clock) as journal:
        assert journal.reads.footing(marks[ADA][0].seq) is not None
        assert verify(journal.reads.connection).first_seq == 1
    assert close_year(path, clock, LATE_S).first_seq == 1


def test_a_file_in_the_way_of_the_archive_is_left_alone(
    path: Path, clock: FakeClock, marks: dict[int, list[Mark]]
) -> None:
    with closing(Reads(path)) as reads:
        end = reads.newest()
    assert end is not None
    stranger = path.with_name(f"journal-1-{end.seq}.db")
    stranger.write_text("somebody's")
    with pytest.raises(JournalError, match="in the way"):
        close_year(path, clock, LATE_S)
    assert stranger.read_text() == "somebody's"
    with alone(path, clock) as journal:
        assert journal.reads.footing(marks[ADA][0].seq) is not None


def test_what_a_power_cut_left_of_an_earlier_try_is_no_obstacle(
    path: Path, clock: FakeClock, marks: dict[int, list[Mark]]
) -> None:
    """The half-made file that follows, and the journal under both of its names."""
    with closing(Reads(path)) as reads:
        end = reads.newest()
    assert end is not None
    path.with_name("journal.db.next").write_bytes(b"half")
    path.with_name("journal.db.next-wal").write_bytes(b"half")
    path.with_name(f"journal-1-{end.seq}.db").hardlink_to(path)
    closed = close_year(path, clock, LATE_S)
    assert follows(path, closed.archive)
    assert not path.samefile(closed.archive)
    assert marks
    assert not path.with_name("journal.db.next-wal").exists()


def test_the_mirror_goes_on_in_its_file(
    path: Path, clock: FakeClock, marks: dict[int, list[Mark]], tmp_path: Path
) -> None:
    copy = tmp_path / "stick" / "taptill.jsonl"
    copy.parent.mkdir()
    assert marks
    for _ in range(2):
        mirror = Mirror(path, copy, elsewhere=lambda *_: True)
        mirror.close()
        assert mirror.warning == ""
        if archive_before(path) is None:
            close_year(path, clock, LATE_S)
    with copy.open("rb") as file:
        found = verify_copy(file)
    with closing(Reads(path)) as reads:
        end = reads.newest()
    assert end is not None
    assert (found.sound, found.first_seq, found.entries) == (True, 1, end.seq)


def test_a_mirror_that_had_not_caught_up_begins_a_file_of_its_own(
    path: Path, clock: FakeClock, marks: dict[int, list[Mark]], tmp_path: Path
) -> None:
    copy = tmp_path / "stick" / "taptill.jsonl"
    copy.parent.mkdir()
    closed = close_year(path, clock, LATE_S)
    assert marks
    copy.write_bytes(b'{"seq":1,"kind":"opened"')
    mirror = Mirror(path, copy, elsewhere=lambda *_: True)
    mirror.close()
    assert "taptill.jsonl.2" in mirror.warning
    with copy.with_name("taptill.jsonl.2").open("rb") as file:
        assert verify_copy(file).first_seq == closed.last_seq + 1


def test_the_patrol_walks_the_journal_that_follows(
    path: Path, clock: FakeClock, marks: dict[int, list[Mark]]
) -> None:
    close_year(path, clock, LATE_S)
    assert marks
    patrol = Patrol(path)
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
    patrol = Patrol(path)
    while patrol.step() is not None:
        pass
    assert "does not fit the chain" in patrol.fault
    patrol.close()


def test_a_journal_of_the_format_before_is_brought_up_to_date(
    path: Path, clock: FakeClock, marks: dict[int, list[Mark]]
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
