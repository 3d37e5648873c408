"""Seeds in, days with every fault of 3.8 out: after each of them the books are right."""

import click
import pytest
from tests.simulation.acts import Fate, Verb
from tests.simulation.plan import KINS, MIXES, Plan, Tally, live

from taptill.domain.entry import Kind

SEEDS = 2000
SEEDS_AT_ONCE = len(KINS) * len(MIXES)  # each kind of backend with each mix of faults, once


def days(first: int, end: int) -> Tally:
    tally = Tally()
    for seed in range(first, end):
        tally.add(live(Plan.of(seed)))
    return tally


def test_each_kind_of_backend_with_each_mix_of_faults_leaves_the_books_right() -> None:
    assert days(0, SEEDS_AT_ONCE).days == SEEDS_AT_ONCE


@pytest.mark.slow
def test_thousands_of_days_leave_the_books_right(capsys: pytest.CaptureFixture[str]) -> None:
    """Payments are lost on the plain API alone; and the days were bad enough to show something."""
    tally = days(0, SEEDS)
    with capsys.disabled():
        click.echo("\n" + "\n".join(tally.lines()))
    assert (tally.lost[True], tally.payments[True] > SEEDS / 2) == (0, True)
    assert 0 < tally.lost[False] < tally.payments[False] / 2
    seldom = {Verb.CLONE, Verb.RESTORE, Verb.RETIRE, Verb.RESUME, Verb.COPY, Verb.EMPTY}
    for what in {*Verb, *Fate} - {Verb.GO_ON, Fate.WELL}:
        assert tally.happened[what] > (20 if what in seldom else 200), what
    for kind in (Kind.TAKEN_BACK, Kind.CONFLICT, Kind.RESOLVED, Kind.OFFICE_MOVED, Kind.HALTED):
        assert tally.entries[kind] > 50, kind
