"""The state of settlement as a whole, as a transition table."""

from enum import StrEnum


class SettlementState(StrEnum):
    """The state of settlement; all but running is an alarm on the screen."""

    RUNNING = "running"
    DENIED = "denied"
    HALTED = "halted"
    CLONED = "cloned"


class SettlementEvent(StrEnum):
    """What changes the state; the values are printed in the state diagram."""

    REFUSED_TOKEN = "401 or 403"  # noqa: S105 - what happened, no secret
    TOOK_CUSTOMER = "a customer is settled, or is a case for the desk"
    PARTIAL_WRITE = "a row keeps one half of money and mark"
    NOT_APPLIED = "five updates left no trace"
    FOREIGN_MARK = "a mark of this journal that it never made"


_STOPS = {
    SettlementEvent.PARTIAL_WRITE: SettlementState.HALTED,
    SettlementEvent.NOT_APPLIED: SettlementState.HALTED,
    SettlementEvent.FOREIGN_MARK: SettlementState.CLONED,
}

NEXT: dict[SettlementState, dict[SettlementEvent, SettlementState]] = {
    SettlementState.RUNNING: {**_STOPS, SettlementEvent.REFUSED_TOKEN: SettlementState.DENIED},
    SettlementState.DENIED: {**_STOPS, SettlementEvent.TOOK_CUSTOMER: SettlementState.RUNNING},
    SettlementState.HALTED: {},  # until a person says `taptill settle --resume`
    SettlementState.CLONED: {},  # until a person says `taptill journal fork`
}

STOPPED = frozenset({SettlementState.HALTED, SettlementState.CLONED})
"""Nothing is sent, and no request is tried."""


def next_state(state: SettlementState, event: SettlementEvent) -> SettlementState:
    """Return the state after an event; unchanged where the event has no row."""
    return NEXT[state].get(event, state)
