"""What is known of the printer: one word, and how many slips wait for it."""

from dataclasses import dataclass
from enum import StrEnum


class PrinterState(StrEnum):
    """How the printer was when it was last asked; each is a key of the screen texts."""

    STARTING = "starting"  # not asked yet
    OK = "ok"
    NO_PAPER = "no-paper"
    NOT_THERE = "not-there"  # nothing answers at its address, or this account may not open it
    SLOW = "slow"  # it took no more bytes in time, or does not come back at all


@dataclass(frozen=True, slots=True)
class PrinterHealth:
    """The printer's state and how many slips wait for it; `dropped` were asked for in vain."""

    state: PrinterState = PrinterState.STARTING
    waiting: int = 0
    dropped: int = 0


READY_STATES = frozenset({PrinterState.OK, PrinterState.STARTING})
"""In these a slip that is asked for is expected to be printed at once."""


def is_well(printer: PrinterHealth) -> bool:
    """Return whether nobody need look at the printer."""
    return printer.state in READY_STATES and not printer.waiting
