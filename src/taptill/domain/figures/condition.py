"""How a till is, in one word: the rules by which its figures say that somebody should look."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from taptill.domain.figures.reader import Care
from taptill.domain.figures.till import TillFigures
from taptill.domain.slips.printer import is_well
from taptill.domain.tap import ReaderState

CERTIFICATE_DAYS_MIN = 14
_STARTS_OR_WORKS = frozenset({ReaderState.OK, ReaderState.OPENING})


class Condition(StrEnum):
    """How a till is; the worst finding decides."""

    WELL = "well"
    CARE = "care"  # it sells, and somebody should look
    STOPPED = "stopped"  # it cannot sell, or what it sells cannot be sent without a person


@dataclass(frozen=True, slots=True)
class ConditionRule:
    """One thing to find in the figures, by a stable word."""

    word: str
    condition: Condition
    holds: Callable[[TillFigures], bool]


def _no_card_reader(figures: TillFigures) -> bool:
    """Return whether none of the readers for cards works."""
    states = [reader.state for reader in figures.readers if not reader.for_goods]
    return not any(state in _STARTS_OR_WORKS for state in states)


def _reader_broken(figures: TillFigures) -> bool:
    return any(reader.state not in _STARTS_OR_WORKS for reader in figures.readers)


def _reader_care(figures: TillFigures) -> bool:
    return any(reader.care is not Care.NONE for reader in figures.readers)


def _certificate_ends(figures: TillFigures) -> bool:
    days = figures.backend.certificate_days
    return days is not None and days < CERTIFICATE_DAYS_MIN


CONDITION_RULES = (
    ConditionRule("journal-closed", Condition.STOPPED, lambda f: bool(f.journal.closed_by)),
    ConditionRule("no-card-reader", Condition.STOPPED, _no_card_reader),
    ConditionRule("sending-stopped", Condition.STOPPED, lambda f: f.sending.state != "running"),
    ConditionRule("offline", Condition.CARE, lambda f: f.backend.online is False),
    ConditionRule("slow-backend", Condition.CARE, lambda f: f.backend.slow),
    ConditionRule("updates-fail", Condition.CARE, lambda f: bool(f.backend.update_error)),
    ConditionRule("reader-broken", Condition.CARE, _reader_broken),
    ConditionRule("reader-care", Condition.CARE, _reader_care),
    ConditionRule("printer", Condition.CARE, lambda f: bool(f.printer and not is_well(f.printer))),
    ConditionRule("to-clarify", Condition.CARE, lambda f: f.sending.conflicts > 0),
    ConditionRule("clock", Condition.CARE, lambda f: f.program.clock_doubtful),
    ConditionRule("certificate", Condition.CARE, _certificate_ends),
    ConditionRule("crashed", Condition.CARE, lambda f: f.program.crashes > 0),
    ConditionRule("warnings", Condition.CARE, lambda f: f.warnings > 0),
)
"""All that is looked for, the worst first."""


def findings(figures: TillFigures) -> Iterator[ConditionRule]:
    """Yield the rules that hold, the worst first."""
    return (rule for rule in CONDITION_RULES if rule.holds(figures))


def condition_of(figures: TillFigures) -> Condition:
    """Return how the till is."""
    return next((rule.condition for rule in findings(figures)), Condition.WELL)
