"""Drafts in, entries in order, whole groups only, and nothing that breaks a rule."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.journal.conftest import JournalHarness
from tests.journal.drafts import (
    ADA,
    BEN,
    attempt,
    charge,
    declined,
    part_void,
    receipt,
    repayment,
    void,
)

from taptill.domain.entry import Draft, EntryKind
from taptill.domain.errors import (
    EntryRefusedError,
    JournalBrokenError,
    JournalError,
    JournalTooNewError,
)
from taptill.journal.chain import FIRST_PREV_HASH
from taptill.journal.file import LOG_ROOM, JournalFile, connect, entries
from taptill.journal.queries import JournalQueries
from taptill.journal.schema import VERSION
from taptill.journal.verify import verify


def test_an_entry_carries_what_was_drafted_and_when(book: JournalHarness, clock: FakeClock) -> None:
    draft = Draft(
        EntryKind.CHARGE,
        ADA,
        amount_minor=320,
        body={"lines": [["Tea", 320, 1]]},
        charge_id="c1",
        staff="eva",
    )
    (entry,) = book.write(draft)
    assert (entry.kind, entry.customer_id, entry.amount_minor) == (EntryKind.CHARGE, ADA, 320)
    assert (entry.body, entry.charge_id, entry.staff) == (draft.body, "c1", "eva")
    assert (entry.boot_id, entry.uptime_ms) == clock.boot()
    assert (entry.at, entry.clock_trusted) == (clock.now(), True)
    assert list(entries(book.queries.connection)) == [entry]


def test_each_entry_follows_the_one_before_it(book: JournalHarness) -> None:
    first, second = book.write(charge(ADA, 1), charge(ADA, 2))
    (third,) = book.write(charge(BEN, 3))
    assert [first.seq, second.seq, third.seq] == [1, 2, 3]
    assert first.prev_hash == FIRST_PREV_HASH
    assert (second.prev_hash, third.prev_hash) == (first.hash, second.hash)


def test_many_groups_share_one_commit(book: JournalHarness) -> None:
    statements: list[str] = []
    book.file.connection.set_trace_callback(statements.append)
    book.file.append([[charge(ADA, amount)] for amount in range(1, 51)])
    book.file.connection.set_trace_callback(None)
    assert [statement for statement in statements if statement.startswith(("BEGIN", "COMMIT"))] == [
        "BEGIN IMMEDIATE",
        "COMMIT",
    ]
    assert book.queries.open_sum()[1].minor == sum(range(1, 51))


def test_a_group_that_breaks_a_rule_leaves_nothing_and_harms_no_other(book: JournalHarness) -> None:
    first, broken, last = book.file.append(
        [
            [charge(ADA, 1, "c1")],
            [charge(ADA, 2, "c2"), charge(BEN, 3, "c1"), charge(BEN, 4, "c4")],
            [charge(BEN, 5, "c5")],
        ]
    )
    assert isinstance(broken, EntryRefusedError)
    assert isinstance(first, list)
    assert isinstance(last, list)
    assert [(entry.seq, entry.charge_id) for entry in entries(book.queries.connection)] == [
        (1, "c1"),
        (2, "c5"),
    ]
    assert verify(book.queries.connection).sound


REFUSED = {
    "a second void of one charge": void(ADA, 320, "voided"),
    "a void of a charge that there is not": void(ADA, 320, "unheard of"),
    "a void of another customer's charge": void(BEN, 320, "c1"),
    "a void of another amount": void(ADA, 100, "c1"),
    "a void of a repayment": void(ADA, -100, "back"),
    "more than the whole charge in lines": part_void(ADA, 321, "c1"),
    "a part that takes nothing back": part_void(ADA, 0, "c1"),
    "a part that charges more": part_void(ADA, -20, "c1"),
    "a part of another customer's charge": part_void(BEN, 20, "c1"),
    "a first void that says it is the second": part_void(ADA, 20, "c1", 2),
    "a part of what is voided already": part_void(ADA, 20, "voided", 2),
    "a part that was appended twice": part_void(ADA, 100, "in parts"),
    "the second part that was appended twice": part_void(ADA, 150, "in parts", 2),
    "a part beyond what is left": part_void(ADA, 71, "in parts", 3),
    "all of what is left in part only": void(ADA, 70, "in parts"),
    "the whole of what is left in part only": void(ADA, 320, "in parts"),
    "a second charge of one id": charge(BEN, 1, "c1"),
    "a charge without a customer": Draft(EntryKind.CHARGE, None, 320),
    "a charge without an amount": Draft(EntryKind.CHARGE, ADA),
    "an amount where no money moves": Draft(EntryKind.DECLINED, ADA, 320),
    "an amount beyond 64 bits": charge(ADA, 2**63),
    "a body that is no JSON": Draft(EntryKind.DECLINED, body={"reason": object()}),
}


@pytest.mark.parametrize("draft", REFUSED.values(), ids=REFUSED)
def test_the_journal_refuses(book: JournalHarness, draft: Draft) -> None:
    book.write(charge(ADA, 320, "c1"), charge(ADA, 320, "voided"), charge(ADA, 320, "in parts"))
    book.write(void(ADA, 320, "voided"), repayment(ADA, 100))
    book.write(part_void(ADA, 100, "in parts"), part_void(ADA, 150, "in parts", 2))
    with pytest.raises(EntryRefusedError):
        book.write(draft)
    (entry,) = book.write(void(ADA, 320, "c1"))
    assert entry.seq == 8
    (last_part,) = book.write(part_void(ADA, 70, "in parts", 3))
    assert last_part.seq == 9
    assert verify(book.queries.connection).sound


def test_a_name_with_half_a_character_does_not_hinder_a_charge(book: JournalHarness) -> None:
    (entry,) = book.write(Draft(EntryKind.CHARGE, ADA, 1, {"initials": "\ud83d."}))
    assert entry.body == {"initials": "\ud83d."}
    assert verify(book.queries.connection).sound


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET amount_minor = 1",
        "DELETE FROM entries",
        "INSERT OR REPLACE INTO entries SELECT * FROM entries",
    ],
)
def test_no_entry_is_ever_changed_or_deleted(book: JournalHarness, statement: str) -> None:
    before = book.write(charge(ADA, 320, "c1"))
    with pytest.raises(sqlite3.IntegrityError):
        book.file.connection.execute(statement)
    assert list(entries(book.queries.connection)) == before


def test_each_commit_is_synced_and_no_replace_passes_by_the_triggers(book: JournalHarness) -> None:
    settings = {"journal_mode": "wal", "synchronous": 2, "recursive_triggers": 1, "foreign_keys": 1}
    connection = book.file.connection
    assert settings == {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in settings
    }


def test_after_another_connection_wrote_the_chain_goes_on_from_its_end(
    book: JournalHarness, clock: FakeClock
) -> None:
    book.write(charge(ADA, 1))
    other_file = JournalFile(book.path, clock)
    other_file.append([[declined()]])
    other_file.close()
    (entry,) = book.write(charge(ADA, 2))
    assert entry.seq == 3
    assert verify(book.queries.connection).sound


def test_a_commit_into_the_room_made_for_it_changes_no_length(
    book: JournalHarness, tmp_path: Path
) -> None:
    """And a machine that goes down then finds all that was committed, before and after."""
    log = tmp_path / "journal.db-wal"
    new_entries = book.write(charge(ADA, 1))
    book.file.make_room()
    assert log.stat().st_size == LOG_ROOM
    new_entries += book.write(charge(ADA, 2), charge(BEN, 3))
    assert log.stat().st_size == LOG_ROOM
    book.file.make_room()
    assert log.stat().st_size == LOG_ROOM
    (tmp_path / "after").mkdir()
    for name in ("journal.db", "journal.db-wal"):
        shutil.copy(tmp_path / name, tmp_path / "after")
    with closing(connect(tmp_path / "after" / "journal.db")) as reading:
        assert list(entries(reading)) == new_entries
        assert verify(reading).sound


def test_what_was_written_off_is_not_voided_too(book: JournalHarness) -> None:
    """The row would get the same money back twice; what is sold afterwards is another matter."""
    book.write(
        charge(ADA, 80, "off"), Draft(EntryKind.WRITE_OFF, ADA, -80), charge(ADA, 320, "later")
    )
    for draft in (void(ADA, 80, "off"), part_void(ADA, 20, "off")):
        with pytest.raises(EntryRefusedError, match="not written off"):
            book.write(draft)
    book.write(Draft(EntryKind.WRITE_OFF, BEN, -500), void(ADA, 320, "later"))
    assert verify(book.queries.connection).sound


_POSITIONS_1 = """
CREATE TABLE positions (
    customer_id INTEGER PRIMARY KEY,
    last_seq INTEGER, total INTEGER, last_hash TEXT,
    seen_seq INTEGER, seen_total INTEGER, seen_hash TEXT,
    receipted_seq INTEGER NOT NULL, updated_at TEXT NOT NULL, base TEXT, conflict TEXT,
    attempt_epoch TEXT, attempt_seq INTEGER, attempt_total INTEGER, attempt_hash TEXT,
    attempt_read TEXT, attempt_sent TEXT, attempt_others INTEGER, attempt_open INTEGER NOT NULL,
    open INTEGER AS (last_seq IS NOT NULL AND (seen_seq IS NOT last_seq OR attempt_open))
) STRICT
"""


def as_format_1(path: Path) -> None:
    """Put a journal's sums back into the tables of the first format; the entries stay."""
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("ALTER TABLE positions RENAME TO newer")
        old.execute(_POSITIONS_1)
        columns = old.execute("SELECT name FROM pragma_table_info('positions')")
        column_names = ", ".join(name for (name,) in columns)
        old.execute(f"INSERT INTO positions ({column_names}) SELECT {column_names} FROM newer")
        old.execute("DROP TABLE newer")
        old.execute("DROP INDEX entries_rare")
        old.execute("CREATE INDEX entries_rare ON entries (seq) WHERE kind IN ('opened')")
        old.execute("PRAGMA user_version = 1")


def test_a_journal_of_the_first_format_is_brought_up_to_date(path: Path, clock: FakeClock) -> None:
    first = JournalHarness(path, clock)
    mark = first.write_one(charge(ADA, 320))
    first.write(attempt(ADA, mark), receipt(ADA, mark), charge(ADA, 80), charge(BEN, 500))
    before = [first.queries.position(customer) for customer in (ADA, BEN)]
    first.close()
    as_format_1(path)
    with pytest.raises(JournalError, match="start the till once"):
        JournalQueries(path)
    now = JournalHarness(path, clock)
    assert [now.queries.position(customer) for customer in (ADA, BEN)] == before
    assert verify(now.file.connection).sound
    now.close()


_ONE_VOID_EACH = """
DROP INDEX entries_charge;
DROP TRIGGER entries_void;
CREATE UNIQUE INDEX entries_charge ON entries (kind, charge_id) WHERE charge_id IS NOT NULL;
CREATE TRIGGER entries_void BEFORE INSERT ON entries
    WHEN new.kind = 'void' AND NOT EXISTS (
        SELECT 1 FROM entries c WHERE c.kind = 'charge' AND c.charge_id = new.charge_id
        AND c.customer_id = new.customer_id AND c.amount_minor = -new.amount_minor)
    BEGIN SELECT RAISE(ABORT, 'a void takes back one whole charge'); END;
PRAGMA user_version = 4;
"""


def test_a_journal_of_format_4_takes_several_voids_of_a_charge_from_now_on(
    path: Path, clock: FakeClock
) -> None:
    """And those that it had stay the only ones of their charges."""
    with closing(JournalHarness(path, clock)) as first:
        first.write(charge(ADA, 320, "whole"), void(ADA, 320, "whole"), charge(ADA, 500, "c2"))
        first.file.connection.executescript(_ONE_VOID_EACH)
        with pytest.raises(EntryRefusedError):
            first.write(part_void(ADA, 100, "c2"))
    with closing(JournalHarness(path, clock)) as now:
        now.write(part_void(ADA, 100, "c2"), part_void(ADA, 400, "c2", 2))
        for number in (1, 2):
            with pytest.raises(EntryRefusedError):
                now.write(part_void(ADA, 320, "whole", number))
        assert verify(now.file.connection).sound
        assert now.file.connection.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_bringing_a_journal_up_to_date_does_not_hide_that_its_end_is_missing(
    path: Path, clock: FakeClock
) -> None:
    first = JournalHarness(path, clock)
    first.write(charge(ADA, 320), charge(BEN, 500))
    first.tamper("DELETE FROM entries WHERE seq = 2")
    first.close()
    as_format_1(path)
    for _ in range(2):
        with pytest.raises(JournalBrokenError, match=r"entry 2 .*it is missing"):
            JournalFile(path, clock)


def test_a_newer_format_is_left_alone(path: Path, clock: FakeClock) -> None:
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(JournalTooNewError, match=f"format {VERSION + 1}"):
        JournalFile(path, clock)


def test_a_file_of_another_program_is_no_journal(path: Path, clock: FakeClock) -> None:
    with closing(sqlite3.connect(path)) as foreign:
        foreign.execute("CREATE TABLE contacts (name TEXT)")
    with pytest.raises(JournalError, match="no journal"):
        JournalFile(path, clock)


def test_a_file_that_is_no_database_is_named(path: Path, clock: FakeClock) -> None:
    path.write_text("this is a letter to the office, long enough for a header" * 9)
    with pytest.raises(JournalError, match="no database"):
        JournalFile(path, clock)


@pytest.mark.parametrize("new_journal", [False, True], ids=["no file", "an empty file"])
def test_a_reader_makes_no_journal(path: Path, *, new_journal: bool) -> None:
    if new_journal:
        path.touch()
    with pytest.raises(JournalError):
        connect(path, read_only=True)
    assert path.exists() == new_journal


def test_an_empty_file_becomes_a_journal(path: Path, clock: FakeClock) -> None:
    """Power went between the making of the file and of its tables."""
    path.touch()
    file = JournalFile(path, clock)
    file.append([[charge(ADA, 1)]])
    file.close()
    with closing(connect(path, read_only=True)) as reading:
        assert verify(reading).entries == 1
