"""Broken protocols in, caught out: a simulation that finds nothing in them would show nothing."""

from functools import cache

import pytest
from tests.simulation.acts import Act, Fate, Verb
from tests.simulation.broken import TRIALS, Trial
from tests.simulation.checks import PromiseError
from tests.simulation.conflicts.broken import COUNTER_TRIALS, DESK_TRIALS
from tests.simulation.plan import DayPlan, live
from tests.simulation.small.explorer import explore
from tests.simulation.small.values import PLAIN, Bound
from tests.simulation.till import REAL
from tests.simulation.trace import BadDayError, DaySetup, replay, shrink, tell

ALL = {**TRIALS, **DESK_TRIALS, **COUNTER_TRIALS}
SEEDS_MAX = 400
CONTROL_SEEDS = 40

# Their first bad day comes late, after seconds.
LATE = {
    "a write-off that is voided again",
    "a write-off of what was charged meanwhile",
    "no hash, with a cloned card",
    "an accept that sends the money",
}
CAUGHT = [
    pytest.param(name, marks=[pytest.mark.slow] if name in LATE else [], id=name) for name in ALL
]


@cache
def first_bad_day(name: str) -> BadDayError:
    """Live day after day until the expected check finds something."""
    trial = ALL[name]
    for seed in range(SEEDS_MAX):
        try:
            live(trial.plan(seed), trial.protocol, screens=trial.screens)
        except BadDayError as found:
            if found.where == trial.found_by:
                return found
    raise AssertionError("nothing found")


@pytest.mark.parametrize("name", CAUGHT)
def test_a_broken_protocol_is_caught(name: str) -> None:
    assert first_bad_day(name).acts


@cache
def stands(plan: DayPlan) -> None:
    """Live a day with the real protocol, once, however many trials have that day in common."""
    live(plan, REAL)


@pytest.mark.slow
@pytest.mark.parametrize("trial", ALL.values(), ids=ALL)
def test_the_real_protocol_stands_the_same_days(trial: Trial) -> None:
    for seed in range(CONTROL_SEEDS):
        stands(trial.plan(seed))


SMALL = {
    "delta from the last confirmed mark": "screen",
    "mark from another snapshot than the total": "screen",
    "delta and mark from two looks at the journal": "screen",
    "no epoch, with debtData emptied": "screen",
    "settled by equal totals, with a till off for good": "books",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_small_world_has_the_shortest_way_into_what_is_broken(name: str) -> None:
    limits = Bound(PLAIN, entries=2, faults=1)
    with pytest.raises(PromiseError) as error:
        explore(limits, TRIALS[name].protocol)
    assert error.value.where == SMALL[name]
    assert " writes charge " in error.value.what.splitlines()[1]


def test_screens_that_count_by_marks_catch_a_mark_that_comes_later() -> None:
    trial = TRIALS["mark and money in two requests"]
    with pytest.raises(BadDayError) as error:
        live(trial.plan(0), trial.protocol)
    assert error.value.where == "screen"


@pytest.mark.parametrize("name", ["mark and money in two requests", "blind retry"])
def test_a_bad_day_is_told_in_as_few_acts_as_show_it(name: str) -> None:
    trial = TRIALS[name]
    bad = first_bad_day(name)
    acts = shrink(bad.case, bad.acts)
    assert len(acts) < len(bad.acts) / 4
    for place in range(len(acts)):
        without, _, _ = replay(bad.case, acts[:place] + acts[place + 1 :])
        assert without is None or without.where != trial.found_by


STORY = """\
till 1 charges Ada 3.20
till 1 begins to settle Ada
till 1 reads Ada's row: total 10.00, no mark
till 1 looks into its journal: Ada's last is mark of entry 1 (3.20)
till 1 journals: attempt of Ada
till 1 sends Ada's row, total 13.20, mark of entry 1 (3.20): the reply is lost
Ada's row is now: total 13.20, no mark
till 1 is through with Ada: later, no answer
night falls: all lands, then all look and settle without a fault
till 1 journals what it has seen of Ada: total 13.20, no mark
till 1 begins to settle Ada
till 1 reads Ada's row: total 13.20, no mark
till 1 looks into its journal: Ada's last is mark of entry 1 (3.20)
till 1 journals: attempt of Ada
till 1 sends Ada's row, total 16.40, mark of entry 1 (3.20): it lands
Ada's row is now: total 16.40, no mark
till 1 sends Ada's row, total 16.40, mark of entry 1 (3.20): it lands
Ada's row is now: total 16.40, mark of entry 1 (3.20) of journal aaaa0001
till 1 journals: receipt of Ada
till 1 is through with Ada: settled
=> books: Ada's total holds 6.40 of till 1, not 3.20, and no desk names it"""


def test_a_bad_day_is_told_in_plain_words() -> None:
    trial = TRIALS["mark and money in two requests"]
    needed_acts = [
        Act(Verb.SELL, 1, 1, 320),
        Act(Verb.BEGIN, 1, 1),
        *[Act(Verb.GO_ON, 1, 1)] * 3,
        Act(Verb.GO_ON, 1, 1, fate=Fate.REPLY_LOST),
    ]
    acts = [Act(Verb.LOOK, 2, 2), *needed_acts[:4], Act(Verb.CRASH, 2), *needed_acts[4:]]
    case = DaySetup(trial.kin, protocol=trial.protocol, screens=False)
    assert shrink(case, acts) == needed_acts
    assert tell(case, needed_acts) == STORY
    assert str(BadDayError(case, acts, "books", 7)) == (
        f"seed 7 breaks the promise, {trial.kin}\n{STORY}"
    )
