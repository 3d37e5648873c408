"""A journal that somebody changed in, the first entry that does not fit out."""

import os
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.journal.conftest import JournalHarness
from tests.journal.drafts import ADA, BEN, charge, declined, void

from taptill.domain.entry import Entry
from taptill.domain.errors import JournalBrokenError, JournalDiskError
from taptill.journal.chain import ENTRY_COLUMNS, canonical, chained_hash
from taptill.journal.file import MISSING_END, entries
from taptill.journal.queries import END_CHECKED, JournalQueries
from taptill.journal.verify import verify

FORGED = {
    "seq": 99,
    "kind": "repayment",
    "charge_id": "other",
    "customer_id": 99,
    "amount_minor": 1,
    "body": '{"offline":true}',
    "at": "2020-01-01T00:00:00.000+00:00",
    "boot_id": "boot-9",
    "uptime_ms": 9,
    "clock_trusted": 0,
    "staff": "somebody",
    "prev_hash": "f" * 64,
    "hash": "f" * 64,
}


@pytest.fixture
def written_book(book: JournalHarness) -> JournalHarness:
    book.write(charge(ADA, 320, "c1"), declined(), charge(BEN, 150, "c2"), void(ADA, 320, "c1"))
    return book


def test_a_journal_that_grows_while_it_is_verified_is_sound(written_book: JournalHarness) -> None:
    """The till sells meanwhile: entries, their end and the sums are those of one moment."""
    connection = written_book.queries.connection
    grown: list[Entry] = []

    def sell(statement: str) -> None:
        if "integrity_check" in statement or "max(" in statement:
            grown.extend(written_book.write(charge(ADA, 100, f"c{len(grown) + 3}")))

    connection.set_trace_callback(sell)
    result = verify(connection)
    connection.set_trace_callback(None)
    assert grown
    assert (result.sound, result.entries) == (True, 4)
    assert not connection.in_transaction
    assert verify(connection).entries == 4 + len(grown)


def test_a_disk_that_fails_while_a_journal_is_verified_is_told(book: JournalHarness) -> None:
    """SQLite ends the transaction by itself then: there is none that could be ended any more."""
    book.write(*(charge(ADA, 100, f"c{number}") for number in range(200)))
    path = book.path
    book.close()
    unreadable, other_end = os.pipe()

    def fail(statement: str) -> None:
        if "ORDER BY seq" in statement:
            opened = (place for place in Path("/proc/self/fd").iterdir() if place.is_symlink())
            for place in [place for place in opened if place.readlink() == path]:
                os.dup2(unreadable, int(place.name))

    with closing(JournalQueries(path)) as queries:
        queries.connection.set_trace_callback(fail)
        with pytest.raises(JournalDiskError, match="the disk fails"):
            verify(queries.connection, path)
    os.close(unreadable)
    os.close(other_end)


def test_a_changed_column_is_named_with_its_entry() -> None:
    assert set(FORGED) == set(ENTRY_COLUMNS.split(", "))


@pytest.mark.parametrize("column", FORGED)
def test_a_change_of_this_column_is_found_in_any_entry(
    written_book: JournalHarness, column: str
) -> None:
    connection = written_book.file.connection
    queries = JournalQueries(written_book.path, connection)
    for seq in (1, 2, 3, 4):
        connection.execute("BEGIN")
        written_book.tamper(f"UPDATE entries SET {column} = ? WHERE seq = ?", FORGED[column], seq)
        assert verify(connection).broken_seq == seq
        broken = queries.end_break()
        assert broken is not None
        assert broken[0] == seq
        connection.execute("ROLLBACK")
    assert verify(connection).sound


@pytest.mark.parametrize("seq", [1, 2, 3])
def test_an_entry_taken_out_is_missed(written_book: JournalHarness, seq: int) -> None:
    written_book.tamper("DELETE FROM entries WHERE seq = ?", seq)
    verdict = verify(written_book.queries.connection)
    assert (verdict.broken_seq, verdict.detail) == (seq, "it is missing")
    assert written_book.queries.end_break() == (seq, "it is missing")


def test_an_end_taken_out_is_missed_by_the_sums(written_book: JournalHarness) -> None:
    """A break, at start and by verify: a rebuild of the sums would hide it."""
    written_book.tamper("DELETE FROM entries WHERE seq = 4")
    verdict = verify(written_book.queries.connection)
    assert (verdict.broken_seq, verdict.detail) == (4, MISSING_END)
    assert written_book.queries.end_break() == (4, MISSING_END)


def test_a_changed_sum_is_found_and_mended_from_the_entries(written_book: JournalHarness) -> None:
    written_book.tamper("UPDATE positions SET total = 5 WHERE customer_id = ?", BEN)
    written_book.tamper("DELETE FROM positions WHERE customer_id = ?", ADA)
    assert verify(written_book.queries.connection).stale_positions == (ADA, BEN)
    written_book.file.rebuild_projection()
    assert verify(written_book.queries.connection).sound


def test_at_start_the_end_of_a_long_chain_is_checked_and_no_more(book: JournalHarness) -> None:
    book.write(*[charge(ADA, 1) for _ in range(END_CHECKED + 1)])
    book.tamper("UPDATE entries SET amount_minor = 2 WHERE seq = 1")
    assert book.queries.end_break() is None
    assert verify(book.queries.connection).broken_seq == 1
    book.tamper("UPDATE entries SET amount_minor = 2 WHERE seq = 2")
    assert book.queries.end_break() == (2, "its content does not fit its hash")


def test_an_empty_journal_is_sound(book: JournalHarness) -> None:
    assert verify(book.queries.connection).sound
    assert book.queries.end_break() is None


@given(st.dictionaries(st.text(), st.integers() | st.text(), max_size=5), st.randoms())
def test_the_order_of_keys_does_not_change_a_hash(
    columns: dict[str, int | str], luck: Random
) -> None:
    keys = list(columns)
    luck.shuffle(keys)
    assert chained_hash("0", {key: columns[key] for key in keys}) == chained_hash("0", columns)


def test_only_json_and_exact_figures_are_written() -> None:
    assert canonical({"b": Decimal("1.10"), "a": "é"}) == '{"a":"\\u00e9","b":"1.10"}'
    with pytest.raises(TypeError):
        canonical({"amount": {1, 2}})


def test_an_entry_is_not_replaced_by_the_back_door(written_book: JournalHarness) -> None:
    """INSERT OR REPLACE would get past the trigger on DELETE."""
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        written_book.file.connection.execute(
            "INSERT OR REPLACE INTO entries SELECT * FROM entries WHERE seq = 1"
        )


def test_a_body_that_is_no_json_is_a_broken_entry(written_book: JournalHarness) -> None:
    """Not a traceback: the entry is named."""
    written_book.tamper("UPDATE entries SET body = 'x' WHERE seq = 2")
    with pytest.raises(JournalBrokenError) as broken:
        list(entries(written_book.queries.connection))
    assert broken.value.fields["seq"] == 2
