"""Archives that are gone, damaged, exchanged or old: who needs them says so, all else goes on."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.journal.back_office.test_year import HERE, LATE_S, judged, sell, till_opens
from tests.journal.drafts import ADA, BEN, attempt, charge, declined, receipt, taken_back
from tests.settlement.harness import row, table

from taptill.domain.decision import OfflineExposure
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.errors import JournalArchiveError, JournalError
from taptill.domain.mark import HASH_DIGITS, Mark
from taptill.domain.money import Money
from taptill.domain.pending import FromMarks
from taptill.journal import schema
from taptill.journal.back_office.close_year import close_year
from taptill.journal.back_office.conflicts import charge_before
from taptill.journal.back_office.export_files import book, next_file
from taptill.journal.background.mirror import Mirror
from taptill.journal.file import JournalFile, connect
from taptill.journal.identity import currency
from taptill.journal.journal import Journal
from taptill.journal.lock import alone
from taptill.journal.queries import JournalQueries, check_archives
from taptill.journal.verify import VerifyResult, verify, verify_copy
from taptill.settlement.reconcile import Behind


@pytest.fixture
def old(path: Path, clock: FakeClock) -> Mark:
    """Sell twice; return the mark that Ada's row held after the first sale."""
    till_opens(path, clock)
    with alone(path, clock) as journal:
        first = sell(journal, 320)
        sell(journal, 80, before=320)
    clock.pass_time(LATE_S + 1)
    return first


def a_folder(archive: Path, _: Path) -> None:
    archive.unlink()
    archive.mkdir()


def a_newer_format(archive: Path, _: Path) -> None:
    with closing(JournalFile(archive, FakeClock())) as file:
        file.connection.execute("PRAGMA user_version = 99")
        file.leave_whole()


def a_foreign_database(archive: Path, _: Path) -> None:
    with closing(JournalFile(archive, FakeClock())) as file:
        file.connection.execute("DROP TABLE entries")
        file.leave_whole()


Harm = Callable[[Path, Path], object]
HARMS: dict[str, tuple[Harm, str]] = {
    "gone": (lambda archive, _: archive.unlink(), "journal-from-1.db is gone"),
    "zeros": (
        lambda archive, _: archive.write_bytes(bytes(8192)),
        "journal-from-1.db: this file is no database",
    ),
    "empty": (
        lambda archive, _: archive.write_bytes(b""),
        "journal-from-1.db: this file is no journal",
    ),
    "cut short": (
        lambda archive, _: os.truncate(archive, 3 * 4096),
        "journal-from-1.db: a part of the file is damaged",
    ),
    "a folder": (a_folder, "journal-from-1.db: a directory lies in its place"),
    "exchanged": (
        lambda archive, journal: shutil.copy(journal, archive),
        "journal.db does not follow the end of journal-from-1.db",
    ),
    "of a newer version": (a_newer_format, "journal-from-1.db: a newer version wrote it"),
    "another database": (
        a_foreign_database,
        "journal-from-1.db: its tables are not a journal's",
    ),
}


@pytest.mark.parametrize(("harm", "words"), HARMS.values(), ids=HARMS)
def test_an_archive_that_cannot_be_asked_is_named_and_stops_no_sale(
    harm: Harm, words: str, path: Path, clock: FakeClock, old: Mark
) -> None:
    archive = close_year(path, clock, LATE_S).archive
    archive_bytes = archive.read_bytes()
    running = Journal(path, clock, min_free_mb=0)
    running.open(HERE)
    with closing(running):
        assert running.warnings() == ()
        harm(archive, path)
        assert tuple(map(str, running.warnings())) == (f"{words}: put it back beside the journal",)
        cached_row, position = (
            row(debt_data=table({running.journal_id: old})),
            running.position(ADA),
        )
        balance = FromMarks(running.journal_id, running.queries.entry_at_mark)
        assert balance.pending(cached_row, position) == (Money(80), True)
        with pytest.raises(JournalArchiveError) as error:
            running.query(ADA, old.seq)
        assert error.value.fields["detail"] == words
        assert running.closed_by() == ""
        if archive.is_dir():
            archive.rmdir()
        archive.write_bytes(archive_bytes)
        assert running.warnings() == ()
        assert balance.pending(cached_row, position) == (Money(80), False)


def test_the_older_of_two_archives_is_missed_too(path: Path, clock: FakeClock, old: Mark) -> None:
    first = close_year(path, clock, LATE_S).archive
    with alone(path, clock) as journal:
        newer = sell(journal, 50, before=400)
    clock.pass_time(LATE_S + 1)
    second = close_year(path, clock, LATE_S).archive
    first.unlink()
    running = Journal(path, clock, min_free_mb=0)
    running.open(HERE)
    with closing(running):
        assert tuple(map(str, running.warnings())) == (
            f"{first.name} is gone: put it back beside the journal",
        )
        assert running.query(ADA, newer.seq)
        with pytest.raises(JournalArchiveError, match=f"{second.name}.*{first.name} is gone"):
            running.query(ADA, old.seq)
        with pytest.raises(JournalArchiveError, match=f"{first.name} is gone"):
            check_archives(running.queries)


@contextmanager
def the_version_to_come() -> Iterator[None]:
    schema.VERSION += 1
    try:
        yield
    finally:
        schema.VERSION -= 1


def test_an_archive_keeps_its_format_and_is_read_by_the_versions_to_come(
    path: Path, clock: FakeClock, old: Mark
) -> None:
    journal_id = till_opens(path, clock)
    archive = close_year(path, clock, LATE_S).archive
    with the_version_to_come():
        read_by_it(path, archive, clock, journal_id, old)


def read_by_it(path: Path, archive: Path, clock: FakeClock, journal_id: str, old: Mark) -> None:
    with pytest.raises(JournalError, match="start the till once"):
        JournalQueries(path)
    with alone(path, clock) as journal:
        assert judged(journal, journal_id, old) == Behind(old, is_reverted=True)
        check_archives(journal.queries)
    with closing(JournalQueries(archive)) as archive_queries:
        assert archive_queries.connection.execute("PRAGMA user_version").fetchone() == (
            schema.VERSION - 1,
        )


ADDED_BY_4 = ("in_question", "held_seq", "held_total", "held_hash", "first_stamp", "enrolments")


def test_an_archive_of_format_3_is_read_and_verified_as_it_is(
    path: Path, clock: FakeClock, old: Mark
) -> None:
    journal_id = till_opens(path, clock)
    archive = close_year(path, clock, LATE_S).archive
    with closing(sqlite3.connect(archive)) as connection:
        for column in ADDED_BY_4:
            connection.execute(f"ALTER TABLE positions DROP COLUMN {column}")
        connection.execute("PRAGMA user_version = 3")
    with alone(path, clock) as journal:
        assert judged(journal, journal_id, old) == Behind(old, is_reverted=True)
    with closing(connect(archive, read_only=True)) as connection:
        assert verify(connection, archive).sound


def test_amounts_and_customers_are_named_after_a_close_as_before(
    path: Path, clock: FakeClock
) -> None:
    till_opens(path, clock)
    with alone(path, clock) as journal:
        body = {"currency": "JPY", "external_id": "C-17"}
        (entry,) = journal.append(Draft(EntryKind.CHARGE, ADA, 320, body))
        mark = Mark(entry.seq, 320, entry.hash[:HASH_DIGITS])
        journal.append(attempt(ADA, mark), receipt(ADA, mark))
    clock.pass_time(LATE_S + 1)
    for _ in range(3):  # what a year has carried over is carried over again
        with closing(JournalQueries(path)) as queries:
            assert currency(queries).text(Money(80)) == "80"
            about = charge_before(queries.connection, ADA, 2**62)
            assert {key: about[key] for key in body} == body
            assert charge_before(queries.connection, 99, 2**62) == {}
        close_year(path, clock, LATE_S)


def test_files_for_the_office_are_numbered_on_after_a_close(path: Path, clock: FakeClock) -> None:
    for number in (1, 2):
        till_opens(path, clock, strategy="export")
        with alone(path, clock) as journal:
            journal.append(charge(ADA, 100))
            assert next_file(journal).number == number
            book(journal, number, "Jo")
        till_opens(path, clock)
        for _ in range(2):
            close_year(path, clock, LATE_S)


def test_a_row_that_was_set_back_brings_back_what_was_sold_offline_before_the_close(
    path: Path, clock: FakeClock
) -> None:
    """Whoever asks, for the terminal's cap; without the archive nobody knows: it is used up."""
    till_opens(path, clock)
    with alone(path, clock) as journal:
        old = sell(journal, 320, offline=True)
        sell(journal, 80, before=320, offline=True)
        sell(journal, 40, BEN, offline=True)
    clock.pass_time(LATE_S + 1)
    archive = close_year(path, clock, LATE_S).archive
    with alone(path, clock) as journal:
        assert journal.queries.offline_exposure(BEN, 0) == OfflineExposure(Money(40), Money(40))
        journal.append(taken_back(ADA, old), charge(ADA, 5, offline=True))
        assert journal.queries.offline_exposure(ADA, old.seq) == OfflineExposure(
            Money(85), Money(85)
        )
        assert journal.queries.offline_exposure(BEN, 0) == OfflineExposure(Money(40), Money(125))
        assert journal.queries.offline_exposure(99, 0) == OfflineExposure(Money(0), Money(85))
        elsewhere = archive.rename(archive.with_name("elsewhere.db"))
        exposure = journal.queries.offline_exposure(BEN, 1)
        assert exposure.customer == exposure.terminal > Money(10**9)
        elsewhere.rename(archive)
        assert journal.queries.offline_exposure(BEN, 1) == OfflineExposure(Money(40), Money(125))


def test_a_mirror_that_was_behind_goes_on_from_the_archives(
    path: Path, clock: FakeClock, old: Mark, stick: Path
) -> None:
    """The stick was out at the close, of two years even; the end of an archive is no entry."""
    assert mirrored(path, stick).entries == 7
    for _ in range(2):
        with alone(path, clock) as journal:
            for amount in range(1, 40):
                journal.append(Draft(EntryKind.DECLINED, body={"amount": amount}))
        close_year(path, clock, LATE_S)
    with closing(JournalQueries(path)) as queries:
        end = queries.newest()
    result = mirrored(path, stick)
    assert end
    assert old.seq < end.seq
    assert (result.sound, result.first_seq, result.entries) == (True, 1, end.seq)
    assert [mirror_file.name for mirror_file in stick.iterdir()] == ["taptill.jsonl"]


def test_a_mirror_that_misses_an_archive_begins_a_file_of_its_own(
    path: Path, clock: FakeClock, old: Mark, stick: Path
) -> None:
    mirrored(path, stick)
    with alone(path, clock) as journal:
        journal.append(declined())
    archive = close_year(path, clock, LATE_S)
    assert old.seq < archive.last_seq
    archive.archive.unlink()
    mirrored(path, stick)
    with (stick / "taptill.jsonl.2").open("rb") as file:
        result = verify_copy(file)
    assert (result.sound, result.first_seq) == (True, archive.last_seq + 1)


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def mirrored(path: Path, stick: Path) -> VerifyResult:
    """Let a mirror do all that it has to do."""
    copy = stick / "taptill.jsonl"
    mirror = Mirror(path, copy, elsewhere=lambda *_: True)
    size = -1
    while copy.exists() is False or size != copy.stat().st_size:
        size = copy.stat().st_size if copy.exists() else -1
        mirror.step()
    mirror.close()
    with copy.open("rb") as file:
        return verify_copy(file)
