"""The table of the session: each step can be reached and left, and other events change nothing."""

from collections.abc import Iterator

import pytest

from taptill.checkout.session import NEXT, OVER, UNDER_WAY, Event, Step, next_step


def reachable(start: Step) -> set[Step]:
    """Return the steps that can be reached from a step."""
    reachable_steps, waiting = {start}, [start]
    while waiting:
        new = set(NEXT[waiting.pop()].values()) - reachable_steps
        reachable_steps |= new
        waiting += new
    return reachable_steps


@pytest.mark.parametrize("step", list(Step))
def test_from_every_step_every_other_one_can_be_reached(step: Step) -> None:
    """No step is a dead end, and a closed till opens again."""
    assert reachable(step) == set(Step)


def strange() -> Iterator[tuple[Step, Event]]:
    """Return each pair of step and event without a row in the table."""
    return ((step, event) for step in Step for event in Event if event not in NEXT[step])


@pytest.mark.parametrize(("step", "event"), list(strange()))
def test_an_event_that_means_nothing_here_changes_nothing(step: Step, event: Event) -> None:
    assert next_step(step, event) is step


@pytest.mark.parametrize("event", list(Event), ids=lambda event: event.name)
def test_every_event_means_something_somewhere(event: Event) -> None:
    assert any(event in row for row in NEXT.values())


def test_paid_is_reached_by_a_commit_only() -> None:
    ways = {event for row in NEXT.values() for event, step in row.items() if step is Step.PAID}
    assert ways == {Event.SAVED}


def test_a_charge_is_asked_about_before_it_is_saved() -> None:
    ways = {
        (step, event)
        for step, row in NEXT.items()
        for event, after in row.items()
        if after is Step.SAVING
    }
    assert ways == {(Step.ASKING, Event.ALLOWED), (Step.VOIDING, Event.VOID_CHOSEN)}


@pytest.mark.parametrize("step", sorted(UNDER_WAY))
def test_what_is_under_way_cannot_be_cancelled_or_changed(step: Step) -> None:
    changes = {Event.CANCELLED, Event.KEYED_IN, Event.EMPTIED, Event.PASSED, Event.DECLINED}
    assert not changes & set(NEXT[step])


@pytest.mark.parametrize("step", sorted(OVER))
def test_what_is_over_is_left_for_a_new_sale_or_a_broken_disk_only(step: Step) -> None:
    assert set(NEXT[step]) == {Event.CANCELLED, Event.FAILED}
