"""Seeds, and a small world whole, in; the promise holds on every day and in every state."""

import click
import pytest
from tests.project.sources import ROOT
from tests.simulation.acts import Fate, Verb
from tests.simulation.plan import KINS, MIXES, DayCounts, DayPlan, live
from tests.simulation.small.explorer import explore
from tests.simulation.small.values import BOUNDS, PLAIN, Bound

from taptill.domain.entry import EntryKind

PAGE = ROOT / "docs" / "charging.md"
SEEDS = 2000
SEEDS_AT_ONCE = len(KINS) * len(MIXES)  # each kind of backend with each mix of faults, once


def days(first: int, end: int) -> DayCounts:
    tally = DayCounts()
    for seed in range(first, end):
        tally.add(live(DayPlan.of(seed)))
    return tally


@pytest.mark.slow
def test_each_kind_of_backend_with_each_mix_of_faults_leaves_the_books_right() -> None:
    assert days(0, SEEDS_AT_ONCE).days == SEEDS_AT_ONCE


@pytest.mark.parametrize("seed", [6009387])
def test_a_day_that_broke_the_promise_once_keeps_it(seed: int) -> None:
    """6009387: an empty answer counted on after a settling that had found the customer."""
    live(DayPlan.of(seed))


@pytest.mark.slow
def test_thousands_of_days_leave_the_books_right(capsys: pytest.CaptureFixture[str]) -> None:
    """Payments are lost on the plain API alone; and the days were bad enough to show something."""
    tally = days(0, SEEDS)
    with capsys.disabled():
        click.echo("\n" + "\n".join(tally.lines()))
    assert (tally.lost_payments[True], tally.payments[True] > SEEDS / 2) == (0, True)
    for is_guarded in (True, False):
        figures = f"{tally.lost_payments[is_guarded]:,} of {tally.payments[is_guarded]:,}"
        assert figures in PAGE.read_text("utf-8")
    assert 0 < tally.lost_payments[False] < tally.payments[False] / 2
    assert tally.act_counts[Verb.RESUME] > 2
    seldom = {Verb.CLONE, Verb.RESTORE, Verb.RETIRE, Verb.COPY, Verb.EMPTY, Verb.FORK}
    seldom |= {Verb.RULE_ALL, Verb.CASH_BACK}
    for act_kind in {*Verb, *Fate} - {Verb.GO_ON, Verb.RESUME, Fate.WELL}:
        assert tally.act_counts[act_kind] > (20 if act_kind in seldom else 200), act_kind
    often = (
        EntryKind.TAKEN_BACK,
        EntryKind.CONFLICT,
        EntryKind.RESOLVED,
        EntryKind.OFFICE_MOVED,
        EntryKind.HALTED,
    )
    for kind in (*often, EntryKind.REFUSAL, EntryKind.WRITE_OFF):
        assert tally.entries[kind] > 50, kind


@pytest.mark.slow
@pytest.mark.parametrize("name", BOUNDS)
def test_every_state_of_a_small_world_keeps_the_promise(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No screen is wrong, the books are right at each end, and from everywhere there is an end."""
    report = explore(BOUNDS[name])
    with capsys.disabled():
        click.echo(f"\n{name}: {report}")
    assert report.states > 4000
    assert report.ends > 50
    assert f"| {name} | {report} |" in PAGE.read_text("utf-8")


def test_a_small_world_without_a_fault_keeps_the_promise() -> None:
    report = explore(Bound(PLAIN, 2, 0))
    assert (report.states, report.ends) == (1294, 58)
