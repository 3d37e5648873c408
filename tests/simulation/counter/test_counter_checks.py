"""Journals that no till may ever have written in, what the checks of a day say of them out."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from tests.simulation.acts import DEPOSIT, Act, Verb, lines_of
from tests.simulation.backend import Kin
from tests.simulation.counter.checks import counter_faults
from tests.simulation.counter.staff import DAYS
from tests.simulation.till import ModelTill, Protocol
from tests.simulation.world import World

from taptill.domain.entry import Draft, EntryKind
from taptill.domain.reports.shift_report import Closing, closed
from taptill.journal.back_office.shifts import closing_draft, running_report

ADA = 1
COFFEE, CAKE = ["Coffee", 106, 1], ["Cake", 320 - 2 * 106 + DEPOSIT, 1]
CARELESS = Protocol(takes_any_void=True)


@pytest.fixture
def world() -> Iterator[World]:
    with closing(World(Kin(), protocol=CARELESS)) as world:
        yield world


@pytest.fixture
def till(world: World) -> ModelTill:
    world.perform(Act(Verb.SELL, 1, ADA, 320))
    return world.tills[0]


def void(amount: int, *lines: list[Any], number: int = 1, charge_id: str = "1") -> Draft:
    body = {"lines": list(lines), "number": number} if lines else {}
    return Draft(EntryKind.VOID, ADA, -amount, body, charge_id=charge_id)


def shift(till: ModelTill, **changes: Any) -> Draft:
    """Return the close of the running shift, with a figure or a number that is not so."""
    at = till.clock.now()
    report = running_report(till.harness.queries, DAYS, at)
    draft = closing_draft(closed(report, Closing(), at))
    return replace(draft, body={**draft.body, **changes})


def overridden(reason: str, staff: str, why: str = "known-person") -> Draft:
    body = {"lines": lines_of(80), "overrides": [[reason, staff, why]]}
    return Draft(EntryKind.CHARGE, ADA, 80, body, charge_id="2")


SOUND = {
    "nothing but a sale": [],
    "a part, and the rest": [
        void(106, COFFEE),
        void(214, COFFEE, CAKE, ["Bottle", -DEPOSIT, 1], number=2),
    ],
    "an override": [overridden("no-credit", "Sue")],
}
FAULTS = {
    "more than the charge": ([void(321, ["Cake", 321, 1])], "beyond itself"),
    "the whole charge twice": ([void(320), void(320, number=2)], "beyond itself"),
    "one line twice": (
        [void(106, COFFEE), void(106, COFFEE, number=2), void(106, COFFEE, number=3)],
        "not sold",
    ),
    "the first void twice": ([void(106, COFFEE), void(106, COFFEE)], r"numbered \[1, 1\]"),
    "a charge that there is not": ([void(1, charge_id="9")], "that there is not"),
    "an override by nobody who may": ([overridden("no-credit", "Bo")], "overridden by Bo"),
    "an override of what none may override": ([overridden("blocked", "Sue")], "blocked"),
    "an override without a reason": ([overridden("no-credit", "Sue", "")], "overridden by Sue"),
}


@pytest.mark.parametrize("drafts", SOUND.values(), ids=SOUND)
def test_a_sound_journal_has_no_fault(till: ModelTill, drafts: list[Draft]) -> None:
    for draft in drafts:
        till.write(draft)
    assert list(counter_faults(till)) == []


@pytest.mark.parametrize(("drafts", "words"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named(till: ModelTill, drafts: list[Draft], words: str) -> None:
    for draft in drafts:
        till.write(draft)
    with pytest.raises(AssertionError, match=words):
        assert [fault for fault in counter_faults(till) if fault] == []


SHIFT_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "a gap between two shifts": ({"from_seq": 4}, "begins with entry 4, the shift before ended"),
    "a number left out": ({"number": 3}, "its number is 3, that of the shift before 1"),
    "a shift that holds its own close": ({"to_seq": 4}, "ends with entry 4, and is entry 4"),
    "another last entry": ({"last_hash": "0" * 64}, "last_hash"),
}


@pytest.mark.parametrize(("changes", "words"), SHIFT_FAULTS.values(), ids=SHIFT_FAULTS)
def test_a_close_that_does_not_fit_the_journal_is_named(
    till: ModelTill, changes: dict[str, Any], words: str
) -> None:
    till.write(shift(till))
    till.write(void(106, COFFEE))
    assert list(counter_faults(till)) == []
    till.write(shift(till, **changes))
    assert any(words in fault for fault in counter_faults(till))


def test_what_is_offered_at_the_counter_is_done_and_journaled(world: World) -> None:
    """Parts of a sale by the cashier, then the rest; and one void that is written once more."""
    world.perform(Act(Verb.OPEN_SHIFT, 1, how=100))
    world.perform(Act(Verb.SELL, 1, ADA, 320))
    assert world.perform(Act(Verb.TAKE_BACK, 1, ADA, 1))
    assert world.perform(Act(Verb.TAKE_BACK, 1, ADA, 0))
    assert not world.perform(Act(Verb.TAKE_BACK, 1, ADA, 0))
    assert world.perform(Act(Verb.CLOSE_SHIFT, 1, ADA, 1))
    assert list(counter_faults(world.tills[0])) == []
    assert world.perform(Act(Verb.RETRY_VOID, 1))
    assert world.staff.wronged
