"""How settlement stands as a whole, as a table: state and event in, next state out."""

from enum import StrEnum


class State(StrEnum):
    """How settlement stands; all but running is a loud sign on the screen."""

    RUNNING = "running"
    DENIED = "denied"
    HALTED = "halted"
    CLONED = "cloned"


class Event(StrEnum):
    """What changes that."""

    REFUSED_TOKEN = "401 or 403"  # noqa: S105 - what happened, no secret
    TOOK_CUSTOMER = "a customer is settled, or is a case for the desk"
    HALF_KEPT = "a row keeps one half of money and mark"
    NOT_KEPT = "five updates left no trace"
    FOREIGN_MARK = "a mark of this journal that it never made"


_STOPS = {
    Event.HALF_KEPT: State.HALTED,
    Event.NOT_KEPT: State.HALTED,
    Event.FOREIGN_MARK: State.CLONED,
}

NEXT: dict[State, dict[Event, State]] = {
    State.RUNNING: {**_STOPS, Event.REFUSED_TOKEN: State.DENIED},
    State.DENIED: {**_STOPS, Event.TOOK_CUSTOMER: State.RUNNING},
    State.HALTED: {},  # until a person says `taptill settle --resume`
    State.CLONED: {},  # until a person says `taptill journal fork`
}

STOPPED = frozenset({State.HALTED, State.CLONED})
"""Nothing is sent, and no request is tried."""


def next_state(state: State, event: Event) -> State:
    """Give the state after an event; the same state where the event means nothing."""
    return NEXT[state].get(event, state)
