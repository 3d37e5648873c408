"""What a person may say of a customer's money: a sum that it had, before a year's close, too."""

from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.journal.drafts import ADA, attempt, charge, receipt

from taptill.domain.mark import HASH_DIGITS, Mark
from taptill.journal.back_office.close_year import close_year
from taptill.journal.back_office.conflicts import sums_of
from taptill.journal.journal import Journal
from taptill.journal.lock import LoneJournal, alone

HERE = {"backend": "https://here", "strategy": "debt", "machine": "board 1", "till": "bar"}
LATE_S = 120


def settle(journal: LoneJournal, amount: int, before: int) -> int:
    """Charge and settle; return the sum that the row holds then."""
    (entry,) = journal.append(charge(ADA, amount))
    mark = Mark(entry.seq, before + amount, entry.hash[:HASH_DIGITS])
    journal.append(attempt(ADA, mark), receipt(ADA, mark))
    return mark.total


@pytest.mark.parametrize(
    ("before_close", "after_close", "least", "most"),
    [
        ((), (), 0, 0),
        ((), (320, 80), 0, 400),
        ((), (320, -400), -80, 320),
        ((320, 80), (), 0, 400),
        ((320, 80), (200, -100), 0, 600),
        ((320, 80), (-500,), -100, 400),
        ((-500,), (200,), -500, 0),
    ],
)
def test_the_sums_that_may_be_booked_begin_with_what_a_closed_year_carried_over(
    path: Path,
    clock: FakeClock,
    before_close: tuple[int, ...],
    after_close: tuple[int, ...],
    least: int,
    most: int,
) -> None:
    journal = Journal(path, clock, min_free_mb=0)
    journal.open(HERE)
    journal.close()
    total = 0
    with alone(path, clock) as journal_alone:
        for amount in before_close:
            total = settle(journal_alone, amount, total)
    if before_close:
        clock.pass_time(LATE_S + 1)
        close_year(path, clock, LATE_S)
    with alone(path, clock) as going_on:
        for amount in after_close:
            total = settle(going_on, amount, total)
        position = going_on.queries.position(ADA)
        if position is None:
            assert not before_close + after_close
            return
        assert position.last is not None
        assert position.last.total == total
        assert sums_of(going_on.queries.connection, position) == (least, most)
