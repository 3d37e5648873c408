"""The journal of a running till: who may open it, and what its writer thread promises."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.until import until
from tests.journal.conftest import JournalHarness
from tests.journal.drafts import ADA, BEN, charge, conflict, declined, void

from taptill.domain.decision import OfflineExposure
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.errors import (
    EntryRefusedError,
    JournalBrokenError,
    JournalError,
    JournalInUseError,
)
from taptill.journal import journal as module
from taptill.journal.file import connect, entries
from taptill.journal.journal import Journal
from taptill.journal.verify import verify

HERE = {"backend": "https://here", "strategy": "debt", "machine": "board 1"}


@pytest.fixture
def journal(path: Path, clock: FakeClock) -> Iterator[Journal]:
    new_journal = opened(path, clock)
    yield new_journal
    new_journal.close()


def opened(path: Path, clock: FakeClock, **identity: str) -> Journal:
    journal = Journal(path, clock, min_free_mb=0)
    journal.open({**HERE, **identity})
    return journal


def kinds(path: Path) -> list[EntryKind]:
    reading = connect(path, read_only=True)
    result = [entry.kind for entry in entries(reading)]
    reading.close()
    return result


async def test_an_append_is_in_the_file_before_it_returns(journal: Journal, path: Path) -> None:
    (entry,) = await journal.append([charge(ADA, 320)])
    beside = connect(path, read_only=True)
    assert list(entries(beside))[-1] == entry
    beside.close()


async def test_charges_rung_up_at_once_share_commits(journal: Journal) -> None:
    answers = await asyncio.gather(*(journal.append([charge(ADA, 1)]) for _ in range(200)))
    assert sorted(entry.seq for (entry,) in answers) == list(range(2, 202))
    assert verify(journal.queries.connection).sound


async def test_a_second_void_is_refused_and_the_journal_stays_open(journal: Journal) -> None:
    await journal.append([charge(ADA, 320, "c1")])
    await journal.append([void(ADA, 320, "c1")])
    with pytest.raises(EntryRefusedError):
        await journal.append([void(ADA, 320, "c1")])
    assert journal.closed_by() == ""
    await journal.append([charge(ADA, 1)])
    assert journal.alive()


async def test_one_refused_entry_harms_nobody_else_of_the_commit(journal: Journal) -> None:
    answers = await asyncio.gather(
        *(journal.append([charge(customer, 1, "same")]) for customer in (ADA, BEN)),
        journal.append([charge(ADA, 1, "other")]),
        return_exceptions=True,
    )
    assert [isinstance(answer, EntryRefusedError) for answer in answers] == [False, True, False]


async def test_a_draft_that_nobody_foresaw_is_answered_too(journal: Journal) -> None:
    """The writer thread lives on, and no sale waits for an answer that never comes."""
    with pytest.raises(JournalError, match="KeyError"):
        await journal.append([Draft(EntryKind.RECEIPT, ADA, body={})])
    (entry,) = await journal.append([charge(ADA, 1)])
    assert entry.seq == 2


async def test_it_answers_the_till_and_settlement_as_its_reads_do(journal: Journal) -> None:
    (entry,) = await journal.append([charge(ADA, 320, offline=True)])
    queries = journal.queries
    assert journal.position(ADA) == queries.position(ADA) is not None
    assert journal.query(ADA, entry.seq) == queries.query(ADA, entry.seq) is not None
    assert journal.open_customers(9) == queries.open_customers(9) == [ADA]
    assert journal.offline_exposure(ADA, 0) == queries.offline_exposure(ADA, 0) != OfflineExposure()
    assert journal.halted() == bool(queries.halted())


async def test_a_caller_who_goes_away_takes_nobody_along(journal: Journal) -> None:
    lost_append = asyncio.ensure_future(journal.append([charge(ADA, 1)]))
    await asyncio.sleep(0)
    lost_append.cancel()
    (entry,) = await journal.append([charge(ADA, 2)])
    assert entry.seq in {2, 3}


def test_a_loop_that_has_gone_wants_no_answer(journal: Journal) -> None:
    async def leave() -> None:
        asyncio.ensure_future(journal.append([charge(ADA, 1)]))  # noqa: RUF006 - left alone
        await asyncio.sleep(0)

    asyncio.run(leave())
    assert asyncio.run(journal.append([charge(ADA, 2)]))[0].seq in {2, 3}


async def test_too_many_waiting_entries_are_an_error_and_no_wait(
    journal: Journal, path: Path
) -> None:
    blocker = connect(path)
    blocker.execute("BEGIN IMMEDIATE")  # the disk is busy: the writer waits
    waiting = [asyncio.ensure_future(journal.append([charge(ADA, 1)]))]
    while not any(append_task.done() for append_task in waiting):
        waiting.append(asyncio.ensure_future(journal.append([charge(ADA, 1)])))
        await asyncio.sleep(0)
        assert len(waiting) < 3 * module.QUEUE_MAX
    assert not journal.alive()
    blocker.execute("ROLLBACK")
    blocker.close()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    refusals = [answer for answer in answers if isinstance(answer, JournalError)]
    assert ["too many" in str(refusal) for refusal in refusals] == [True]
    assert journal.alive()


async def test_a_closed_journal_takes_nothing(path: Path, clock: FakeClock) -> None:
    journal = opened(path, clock)
    await journal.append([charge(ADA, 1)])
    journal.close()
    with pytest.raises(JournalError, match="not open"):
        await journal.append([charge(ADA, 2)])
    assert not journal.alive()
    assert not path.with_name("journal.db-wal").exists()


async def test_what_waits_when_the_till_closes_is_written(path: Path, clock: FakeClock) -> None:
    journal = opened(path, clock)
    waiting = [asyncio.ensure_future(journal.append([charge(ADA, amount)])) for amount in (1, 2, 3)]
    await asyncio.sleep(0)
    journal.close()
    assert [entry.amount_minor for (entry,) in await asyncio.gather(*waiting)] == [1, 2, 3]
    assert kinds(path) == [EntryKind.OPENED] + [EntryKind.CHARGE] * 3


def test_a_nearly_full_disk_closes_the_till(path: Path, clock: FakeClock) -> None:
    journal = Journal(path, clock, min_free_mb=10**9)
    journal.open(HERE)
    assert "MB free" in journal.closed_by()
    journal.close()


def test_a_folder_that_went_away_closes_the_till(tmp_path: Path, clock: FakeClock) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    journal = opened(folder / "journal.db", clock)
    folder.rename(tmp_path / "elsewhere")
    assert journal.closed_by() == "the file is gone"
    journal.close()


def test_a_file_that_was_removed_or_exchanged_closes_the_till(path: Path, clock: FakeClock) -> None:
    """What is written then has no name, and the next start would not know of it."""
    journal = opened(path, clock)
    asyncio.run(journal.append([charge(ADA, 320)]))  # else the writer may try a file that was moved
    moved_path = path.rename(path.with_name("moved.db"))
    assert journal.closed_by() == "the file is gone"
    path.touch()
    assert journal.closed_by() == "another file lies in its place"
    moved_path.rename(path)
    assert journal.closed_by() == ""
    journal.close()


def test_reopening_keeps_the_id_and_says_nothing_twice(path: Path, clock: FakeClock) -> None:
    ids = set()
    for _ in range(3):
        journal = opened(path, clock)
        ids.add(journal.journal_id)
        journal.close()
    assert len(ids) == 1
    assert len(ids.pop()) == 8
    assert kinds(path) == [EntryKind.OPENED]


def test_a_changed_identity_is_said_once(path: Path, clock: FakeClock) -> None:
    opened(path, clock).close()
    for _ in range(2):
        opened(path, clock, backend="https://there").close()
    assert kinds(path) == [EntryKind.OPENED] * 2


@pytest.mark.parametrize("key", ["backend", "strategy"])
@pytest.mark.parametrize(
    "drafts",
    [[charge(ADA, 320)], [charge(ADA, 320), conflict(ADA)]],
    ids=["on its way", "on the conflict desk"],
)
async def test_no_move_while_money_is_not_settled(
    path: Path, clock: FakeClock, key: str, drafts: list[Draft]
) -> None:
    journal = opened(path, clock)
    await journal.append(drafts)
    journal.close()
    with pytest.raises(JournalError, match=f"{key} changed while 1 customer's entries .net 3.20. "):
        opened(path, clock, **{key: "other"})
    opened(path, clock).close()  # changed back: all is well
    assert EntryKind.OPENED not in kinds(path)[1:]


async def test_a_journal_with_a_broken_end_does_not_open(path: Path, clock: FakeClock) -> None:
    journal = opened(path, clock)
    await journal.append([charge(ADA, 320), declined()])
    journal.close()
    book = JournalHarness(path, clock)
    book.tamper("UPDATE entries SET amount_minor = 1 WHERE seq = 2")
    book.close()
    with pytest.raises(JournalBrokenError, match="entry 2"):
        opened(path, clock)
    with pytest.raises(JournalBrokenError):  # the refusal gave the lock back
        opened(path, clock)


@pytest.mark.usefixtures("journal")
def test_a_journal_in_use_names_its_holder(path: Path, clock: FakeClock) -> None:
    with pytest.raises(JournalInUseError, match=r"journal\.db is in use by process \d+, running"):
        opened(path, clock)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(JournalError, match="No such file"):
        opened(tmp_path / "none" / "journal.db", clock)


@pytest.mark.slow
async def test_the_log_is_brought_back_into_the_file_when_nobody_waits(
    journal: Journal, path: Path
) -> None:
    def size() -> int:
        return path.stat().st_size

    before = size()
    for _ in range(module.CHECKPOINT_COMMITS):
        await journal.append([charge(ADA, 1)])
    await until(lambda: size() > before)
    assert journal.closed_by() == ""
