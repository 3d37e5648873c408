"""What a journal belongs to: another board, another backend, a twin, and its end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.journal.drafts import ADA, BEN, attempt, charge, conflict, receipt, resolved
from tests.settlement.harness import row

from taptill.domain.decision import OfflineExposure
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.errors import (
    JournalClonedError,
    JournalInUseError,
    JournalOpenError,
    JournalRetiredError,
    UsageError,
)
from taptill.domain.mark import HASH_DIGITS, Mark
from taptill.domain.money import ZERO, Money
from taptill.domain.pending import FromMarks
from taptill.journal.back_office.conflicts import open_cases
from taptill.journal.back_office.export_files import book, next_file
from taptill.journal.identity import adopt, fork, refuse_moved
from taptill.journal.journal import Journal
from taptill.journal.lock import LoneJournal, alone
from taptill.journal.verify import verify

HERE = {"backend": "https://here", "strategy": "debt", "machine": "board 1", "till": "bar"}


@pytest.fixture
def journal_id(path: Path, clock: FakeClock) -> str:
    """Return the id of a journal that a till has opened here once."""
    return till_opens(path, clock)


@pytest.fixture
def lone_journal(path: Path, clock: FakeClock, journal_id: str) -> Iterator[LoneJournal]:
    """Return that journal with the till stopped."""
    assert journal_id
    with alone(path, clock) as journal:
        yield journal


def till_opens(path: Path, clock: FakeClock, **changes: str) -> str:
    journal = Journal(path, clock, min_free_mb=0)
    journal.open({**HERE, **changes})
    journal.close()
    return journal.journal_id


def sell(journal: LoneJournal, amount: int, customer: int = ADA) -> Mark:
    (entry,) = journal.append(charge(customer, amount))
    return Mark(entry.seq, amount, entry.hash[:HASH_DIGITS])


def test_another_board_does_not_open_the_journal_until_it_is_adopted(
    path: Path, clock: FakeClock, journal_id: str
) -> None:
    with pytest.raises(JournalClonedError, match="taptill journal adopt"):
        till_opens(path, clock, machine="board 2")
    with alone(path, clock) as journal:
        assert adopt(journal, "board 2") == "board 1"
        assert journal.queries.rare(EntryKind.OPENED)[-1].body["backend"] == "https://here"
    assert till_opens(path, clock, machine="board 2") == journal_id
    with pytest.raises(JournalClonedError):
        till_opens(path, clock)


@pytest.mark.parametrize("nameless", ["unknown", ""])
def test_a_board_that_cannot_name_itself_is_let_in(
    path: Path, clock: FakeClock, journal_id: str, nameless: str
) -> None:
    assert till_opens(path, clock, machine=nameless) == journal_id
    assert till_opens(path, clock) == journal_id


def test_a_journal_is_not_adopted_by_its_own_board(lone_journal: LoneJournal) -> None:
    with pytest.raises(UsageError, match="already"):
        adopt(lone_journal, "board 1")


def test_no_command_appends_beside_a_running_till(path: Path, clock: FakeClock) -> None:
    running = Journal(path, clock, min_free_mb=0)
    running.open(HERE)
    with pytest.raises(JournalInUseError), alone(path, clock):
        pass
    running.close()


def test_a_fork_takes_a_new_id_and_leaves_what_is_settled_behind(
    path: Path, clock: FakeClock, journal_id: str
) -> None:
    with alone(path, clock) as journal:
        mark = sell(journal, 320)
        journal.append(attempt(ADA, mark), receipt(ADA, mark))
        clock.pass_time(121)
        forked_id, open_cases = fork(journal, clock, 120)
        assert (forked_id != journal_id, open_cases) == (True, 0)
        position = journal.queries.position(ADA)
        assert position is not None
        assert (position.last, position.open, position.start_seq) == (None, False, mark.seq)
        assert journal.queries.entry_at_mark(mark.seq) is None
        later = sell(journal, 55)
        assert journal.queries.entry_at_mark(later.seq) is not None
        assert journal.queries.position(ADA) != position
        assert verify(journal.file.connection).sound
    assert till_opens(path, clock) == forked_id


def test_what_was_open_at_a_fork_is_a_case(lone_journal: LoneJournal, clock: FakeClock) -> None:
    mark = sell(lone_journal, 320)
    lone_journal.append(attempt(ADA, mark), receipt(ADA, mark))
    sell(lone_journal, 80)
    sell(lone_journal, 500, BEN)
    lone_journal.append(conflict(BEN))
    clock.pass_time(121)
    assert fork(lone_journal, clock, 120)[1] == 2
    ada, ben = lone_journal.queries.position(ADA), lone_journal.queries.position(BEN)
    assert ada is not None
    assert ben is not None
    assert (ada.conflict, ada.in_question) == ("forked", 80)
    assert (ben.conflict, ben.in_question) == ("forked", 500)
    assert verify(lone_journal.file.connection).sound


def test_a_case_of_a_fork_tells_nothing_of_a_case_before_that_was_ended(
    lone_journal: LoneJournal, clock: FakeClock
) -> None:
    sell(lone_journal, 320)
    body = {"reason": "refused", "status": 400, "detail": "limit"}
    lone_journal.append(Draft(EntryKind.REFUSAL, ADA, body=body), resolved(ADA))
    clock.pass_time(121)
    fork(lone_journal, clock, 120)
    (case,) = open_cases(lone_journal.queries.connection)
    assert (case.reason, case.detail) == ("forked", "")
    assert case.since is not None
    assert case.since.kind is EntryKind.FORKED


def test_no_fork_while_a_request_of_the_old_id_may_land(
    lone_journal: LoneJournal, clock: FakeClock
) -> None:
    """Counted from the boot where the machine was started anew: its clock may be wrong."""
    lone_journal.append(attempt(ADA, sell(lone_journal, 320)))
    clock.pass_time(119)
    with pytest.raises(UsageError, match="wait 2 s"):
        fork(lone_journal, clock, 120)
    clock.reboot()
    clock.pass_time(100)
    with pytest.raises(UsageError, match="wait 21 s"):
        fork(lone_journal, clock, 120)
    clock.pass_time(20)
    assert fork(lone_journal, clock, 120)[1] == 1


def test_what_was_sent_is_in_no_file_once_the_strategy_changed(
    path: Path, clock: FakeClock, journal_id: str
) -> None:
    with alone(path, clock) as journal:
        for customer in (ADA, BEN):
            mark = sell(journal, 320, customer)
            journal.append(attempt(customer, mark), receipt(customer, mark))
    assert till_opens(path, clock, strategy="export") != journal_id
    with alone(path, clock) as journal:
        with pytest.raises(UsageError, match="no money entry"):
            next_file(journal)
        sell(journal, 80)
        assert next_file(journal).sum_minor == 80
        book(journal, 1, "Jo")
        assert not journal.queries.open_sum()[0]
        assert verify(journal.file.connection).sound


def test_what_the_office_booked_from_a_file_is_not_sent_once_the_strategy_changed(
    path: Path, clock: FakeClock
) -> None:
    """No mark in the row covers it: settling from zero would send it again."""
    first_id = till_opens(path, clock, strategy="export")
    with alone(path, clock) as journal:
        sell(journal, 320)
    with pytest.raises(JournalOpenError, match="strategy changed while 1 "):
        till_opens(path, clock)
    with alone(path, clock) as journal:
        book(journal, next_file(journal).number, "Jo")
    second_id = till_opens(path, clock)
    with alone(path, clock) as journal:
        mark = sell(journal, 80)
        position = journal.queries.position(ADA)
        assert second_id != first_id
        assert position is not None
        assert (position.last, position.row_mark, position.in_question) == (mark, None, 80)
        assert verify(journal.file.connection).sound
    assert till_opens(path, clock) == second_id


def test_a_retired_journal_is_not_opened_again(
    path: Path, clock: FakeClock, journal_id: str
) -> None:
    assert journal_id
    with alone(path, clock) as journal:
        journal.append(Draft(EntryKind.RETIRED))
    with pytest.raises(JournalRetiredError, match="archive"):
        till_opens(path, clock)


def test_a_case_keeps_the_journal_where_it_is(
    path: Path, clock: FakeClock, journal_id: str
) -> None:
    """All of it was once seen in the row; whether it is still in, nobody knows."""
    assert journal_id
    with alone(path, clock) as journal:
        mark = sell(journal, 320)
        journal.append(attempt(ADA, mark), receipt(ADA, mark), conflict(ADA))
        assert journal.queries.open_sum() == (0, ZERO)
    for changes in ({"backend": "https://there"}, {"strategy": "export"}):
        with pytest.raises(JournalOpenError, match=r"while 1 .*net 3\.20"):
            till_opens(path, clock, **changes)


def test_after_a_fork_old_offline_charges_are_not_spent_any_more(
    path: Path, clock: FakeClock, journal_id: str
) -> None:
    assert journal_id
    with alone(path, clock) as journal:
        (entry,) = journal.append(charge(ADA, 320, offline=True))
        mark = Mark(entry.seq, 320, entry.hash[:HASH_DIGITS])
        journal.append(attempt(ADA, mark), receipt(ADA, mark))
        clock.pass_time(121)
        forked_id, _ = fork(journal, clock, 120)
        journal.append(charge(ADA, 80, offline=True))
        above = FromMarks(forked_id).held_seq(row(), journal.queries.position(ADA))
        assert above == mark.seq
        assert journal.queries.offline_exposure(ADA, above) == OfflineExposure(Money(80), Money(80))
        assert journal.queries.offline_exposure(BEN, 0).terminal == Money(80)


def test_a_till_does_not_move_away_from_what_it_has_not_sent(
    path: Path, clock: FakeClock, journal_id: str
) -> None:
    assert journal_id
    refuse_moved([path], "bar")
    with alone(path, clock) as journal:
        sell(journal, 320)
    with pytest.raises(JournalOpenError, match=r"state directory changed while 1 .*net 3\.20"):
        refuse_moved([path.with_name("none.db"), path], "bar")
    refuse_moved([path], "another till")
    path.with_name("torn.db").write_bytes(b"no journal")
    refuse_moved([path.with_name("torn.db")], "bar")
    unseen = path.with_name("n" * 300)  # as in a folder that is closed to this account
    refuse_moved([unseen], "bar")


def test_another_currency_or_scale_is_refused_while_anything_is_open(
    path: Path, clock: FakeClock, journal_id: str
) -> None:
    """What was opened before the journal kept that says nothing of it."""
    till_opens(path, clock, money="EUR, major, positive")
    with alone(path, clock) as journal:
        sell(journal, 320)
    with pytest.raises(JournalOpenError, match="money changed while 1"):
        till_opens(path, clock, money="EUR, minor, positive")
    assert till_opens(path, clock, money="EUR, major, positive") == journal_id


def test_a_retired_journal_is_neither_adopted_nor_forked(
    lone_journal: LoneJournal, clock: FakeClock
) -> None:
    lone_journal.append(Draft(EntryKind.RETIRED))
    with pytest.raises(JournalRetiredError):
        adopt(lone_journal, "board 2")
    with pytest.raises(JournalRetiredError):
        fork(lone_journal, clock, 120)
