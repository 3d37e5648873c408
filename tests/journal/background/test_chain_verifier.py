"""A long chain with a break far from its end in, a till that closes itself out."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.until import until
from tests.journal.conftest import JournalHarness
from tests.journal.drafts import ADA, charge

from taptill.journal.background.chain_verifier import RETRY_S, ROWS, ChainVerifier
from taptill.journal.background.thread import BackgroundThread
from taptill.journal.journal import Journal
from taptill.journal.queries import END_CHECKED

BROKEN = "entry 2 does not fit the chain (its content does not fit its hash): call help"
NAME = "journal patrol"


@pytest.fixture
def long(path: Path, clock: FakeClock) -> Path:
    """Return a journal whose second entry the check at start does not reach."""
    book = JournalHarness(path, clock)
    book.write(*[charge(ADA, 1) for _ in range(END_CHECKED + 2 * ROWS)])
    book.close()
    return path


@pytest.fixture
def broken(long: Path, clock: FakeClock) -> Path:
    book = JournalHarness(long, clock)
    book.tamper("UPDATE entries SET amount_minor = 9 WHERE seq = 2")
    book.close()
    return long


def opened(path: Path, clock: FakeClock) -> Journal:
    journal = Journal(path, clock, min_free_mb=0)
    journal.open({"backend": "here"})
    return journal


def at_work() -> bool:
    return any(thread.name == NAME for thread in threading.enumerate())


async def test_a_break_that_the_start_did_not_see_closes_the_till_while_it_runs(
    broken: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    journal = opened(broken, clock)
    await until(journal.closed_by)
    assert journal.closed_by() == BROKEN
    assert [(record.message, record.levelno) for record in caplog.records] == [
        ("journal.broken", logging.ERROR)
    ]
    await until(lambda: not at_work())
    await journal.append([charge(ADA, 1)])  # what settlement hears is still kept
    assert journal.closed_by() == BROKEN
    journal.close()


async def test_a_sound_chain_is_walked_once_and_the_till_stays_open(
    long: Path, clock: FakeClock
) -> None:
    journal = opened(long, clock)
    await until(lambda: not at_work())
    assert journal.closed_by() == ""
    journal.close()


async def test_closing_does_not_wait_for_the_end_of_the_walk(long: Path, clock: FakeClock) -> None:
    journal = opened(long, clock)
    assert at_work()
    journal.close()
    assert not at_work()
    assert not long.with_name("journal.db-wal").exists()


def walk(patrol: ChainVerifier) -> Iterator[float]:
    while (rest_s := patrol.step()) is not None:
        yield rest_s


def test_entries_of_after_the_start_are_not_its_concern(book: JournalHarness) -> None:
    """They were written by this process; else a busy till would be walked for ever."""
    patrol = ChainVerifier(book.path)
    book.write(*[charge(ADA, 1) for _ in range(2 * ROWS)])
    assert patrol.step() is not None
    book.write(*[charge(ADA, 1) for _ in range(3 * ROWS)])
    assert len(list(walk(patrol))) == 0
    assert patrol.fault == ""
    patrol.close()


def test_between_two_steps_nothing_keeps_the_log_from_being_shortened(book: JournalHarness) -> None:
    patrol = ChainVerifier(book.path)
    book.write(*[charge(ADA, 1) for _ in range(3 * ROWS)])
    for _ in walk(patrol):
        book.write(charge(ADA, 1))
        busy, _, _ = book.file.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert busy == 0
    patrol.close()


def test_an_empty_journal_is_walked_at_once(book: JournalHarness) -> None:
    patrol = ChainVerifier(book.path)
    assert patrol.step() is None
    assert patrol.fault == ""
    patrol.close()


def test_an_entry_taken_out_is_missed(book: JournalHarness) -> None:
    book.write(*[charge(ADA, 1) for _ in range(3 * ROWS)])
    book.tamper("DELETE FROM entries WHERE seq BETWEEN ? AND ?", ROWS + 1, 2 * ROWS + 1)
    patrol = ChainVerifier(book.path)
    assert len(list(walk(patrol))) == 1
    assert f"entry {ROWS + 1} does not fit the chain (it is missing)" in patrol.fault
    patrol.close()


def test_a_file_that_cannot_be_read_closes_the_till_until_it_can(
    path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    book = JournalHarness(path, clock)
    book.write(*[charge(ADA, 1) for _ in range(50 * ROWS)])
    book.close()
    whole_bytes = path.read_bytes()
    middle = len(whole_bytes) // 2
    path.write_bytes(whole_bytes[:middle] + b"\xff" * 4096 * 9 + whole_bytes[middle + 4096 * 9 :])
    patrol = ChainVerifier(path)
    rests_s = walk(patrol)
    assert RETRY_S in rests_s  # up to the first read that fails
    assert patrol.fault == ""
    assert next(rests_s) == RETRY_S
    assert "damaged" in patrol.fault
    path.write_bytes(whole_bytes)
    patrol.close()
    patrol._connection = None
    assert RETRY_S not in list(walk(patrol))
    assert patrol.fault == ""
    assert {record.message for record in caplog.records} == {"journal.broken"}
    patrol.close()


class Stumbling:
    """A worker that does what nobody foresaw."""

    def step(self) -> float | None:
        raise KeyError("unforeseen")

    def close(self) -> None:
        """Have nothing to close."""


async def test_a_worker_that_stumbles_ends_alone_and_is_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    beside = BackgroundThread("test", Stumbling())
    beside.start()
    await until(lambda: beside.fault)
    assert beside.fault == "KeyError"
    assert [record.message for record in caplog.records] == ["journal.fault"]
    beside.stop(1)
