"""A case of the conflict desk in words and figures, and what each answer would do."""

from dataclasses import dataclass
from enum import StrEnum

from taptill.domain.money import Money


class CaseAnswer(StrEnum):
    """What a person may say about a case; each is a key of the screen texts."""

    SEND = "send"  # what the row's mark does not cover is sent again
    SEND_SINCE = "send-since"  # the row holds what it did when it was last seen: send the rest
    SEND_ALL = "send-all"  # the row holds none of it: send all of it
    ALL_IN = "all-in"  # the row holds all of it: write the mark alone
    WRITE_OFF = "write-off"  # nobody will pay it


class CaseOutcome(StrEnum):
    """What came of an answer; each is a key of the screen texts."""

    DONE = "done"
    LATER = "later"  # the backend did not answer, or a request may still be under way
    STILL_OPEN = "still-open"
    CHANGED = "changed"  # another amount is in question now: nothing was decided
    NO_CASE = "no-case"  # somebody else decided meanwhile, or the row told by itself
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Consequence:
    """An answer that is possible for a case, and the customer's total after it, None: not known."""

    answer: CaseAnswer
    total_after: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskCase:
    """A customer whose money waits for a person's decision.

    `name` and `card`, whose end alone is shown, are from the cache and may be empty; `reason` is a
    value of `reconcile.ConflictReason`, `detail` what the backend said, `since` UTC, `goods` what
    was sold. `amount` is in question, `total` the row's as last seen.
    """

    customer_id: int
    name: str
    card: str
    initials: str
    external_id: str
    goods: str
    reason: str
    detail: str
    since: str
    amount: Money
    total: Money | None
    consequences: tuple[Consequence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDecision:
    """What a person decided, with a reason in their words.

    `amount` is what was in question when they did: another one by then is not decided.
    """

    customer_id: int
    answer: CaseAnswer
    amount: Money
    staff: str
    reason: str
