"""A question in, a decision out: the only place where a rule about charging lives."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from taptill.domain.customer import Snapshot
from taptill.domain.money import ZERO, Money
from taptill.domain.tap import CardProblem


class Reason(StrEnum):
    """Why a charge is declined; each is a key of the screen texts and of docs/errors.md."""

    UNREADABLE_CARD = "unreadable-card"
    AMBIGUOUS_CARD = "ambiguous-card"
    UNKNOWN_CARD = "unknown-card"
    UNKNOWN_OFFLINE = "unknown-offline"
    SYSTEM_CUSTOMER = "system-customer"
    BLOCKED = "blocked"
    AMOUNT = "amount"
    TILL_CLOSED = "till-closed"
    STALE = "stale"
    NO_CREDIT = "no-credit"
    OFFLINE_CAP = "offline-cap"


OVERRIDABLE = frozenset({Reason.STALE, Reason.NO_CREDIT, Reason.OFFLINE_CAP})
"""What a supervisor may pass; of money, by at most `override_max`."""


@dataclass(frozen=True, slots=True)
class Override:
    """A supervisor passes this one reason, and says why; any other reason still counts."""

    reason: Reason
    staff: str
    why: str


@dataclass(frozen=True, slots=True)
class Known:
    """The one customer of the card; `age_s` is None where the age cannot be known.

    `gone` marks a cached customer that a full sync did not see any more.
    """

    snapshot: Snapshot
    age_s: float | None
    gone: bool = False

    def is_fresh(self, fresh_s: float) -> bool:
        """Tell whether this was seen at most `fresh_s` ago."""
        return self.age_s is not None and self.age_s <= fresh_s


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Two customers share the card id: the till refuses to choose."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A live answer that no customer has this card."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No customer in the cache, and no live answer."""


Finding = Known | Ambiguous | Absent | Unreachable | CardProblem


@dataclass(frozen=True, slots=True)
class Policy:
    """The site's limits; offline caps count while the sight is older than `fresh_s`."""

    max_charge: Money
    credit_ceiling: Money | None
    fresh_s: float
    max_age_s: float
    per_charge: Money
    per_customer: Money
    per_terminal: Money
    override_max: Money = ZERO


@dataclass(frozen=True, slots=True)
class OfflineExposure:
    """Offline charges that the newest snapshot does not hold yet, less their voids."""

    customer: Money = ZERO
    terminal: Money = ZERO


@dataclass(frozen=True, slots=True)
class Question:
    """All that a decision may depend on.

    `amount` is None for the verdict on tap with an empty basket, and `AMOUNT` is left out then;
    `pending` is what this journal holds of the customer beyond the snapshot. Each override passes
    its own reason, so that two reasons need two.
    """

    finding: Finding
    amount: Money | None
    pending: Money
    spent: OfflineExposure
    journal_open: bool
    policy: Policy
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Approved:
    """The charge may be journaled; `headroom` is what may be charged now, None = no limit.

    `overrides` are those without which it would have been declined.
    """

    debt_now: Money
    headroom: Money | None
    offline: bool
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Declined:
    """The charge may not be; `headroom` is what would pass, `missing` how far it is beyond that.

    Both count overrides in: what an insufficient one left over is what is missing.
    Without credit and in debt, `missing` counts from zero debt: so much has to be paid in first.
    """

    reason: Reason
    debt_now: Money | None = None
    headroom: Money | None = None
    missing: Money | None = None


Decision = Approved | Declined


@dataclass(frozen=True, slots=True)
class _Case:
    """A question about one known customer, with the figures that the rules compare."""

    question: Question
    known: Known
    amount: Money

    @property
    def debt_now(self) -> Money:
        return self.known.snapshot.debt + self.question.pending

    @property
    def offline(self) -> bool:
        return not self.known.is_fresh(self.question.policy.fresh_s)

    @property
    def credit_headroom(self) -> Money | None:
        ceiling = self.question.policy.credit_ceiling
        if not self.known.snapshot.customer.credit_allowed:
            ceiling = ZERO
        if ceiling is None:
            return None
        return ceiling - self.debt_now + self._extra(Reason.NO_CREDIT)

    @property
    def offline_headroom(self) -> Money | None:
        if not self.offline:
            return None
        policy, spent = self.question.policy, self.question.spent
        least = min(
            policy.per_charge,
            policy.per_customer - spent.customer,
            policy.per_terminal - spent.terminal,
        )
        return least + self._extra(Reason.OFFLINE_CAP)

    @property
    def headroom(self) -> Money | None:
        limits = [
            limit for limit in (self.credit_headroom, self.offline_headroom) if limit is not None
        ]
        return max(ZERO, min(limits)) if limits else None

    @property
    def needed_overrides(self) -> tuple[Override, ...]:
        plain = replace(self, question=replace(self.question, overrides=()))
        overridable = (one for one in self.question.overrides if one.reason in OVERRIDABLE)
        return tuple(one for one in overridable if _RULES[one.reason](plain))

    def passes(self, reason: Reason) -> bool:
        return any(one.reason is reason for one in self.question.overrides)

    def _extra(self, reason: Reason) -> Money:
        return self.question.policy.override_max if self.passes(reason) else ZERO


def decide(question: Question) -> Decision:
    """Answer whether this basket may be charged to this customer now."""
    match question.finding:
        case CardProblem():
            return Declined(Reason.UNREADABLE_CARD)
        case Ambiguous():
            return Declined(Reason.AMBIGUOUS_CARD)
        case Absent():
            return Declined(Reason.UNKNOWN_CARD)
        case Unreachable():
            return Declined(Reason.UNKNOWN_OFFLINE)
        case Known() as known:
            return _about(_Case(question, known, question.amount or ZERO))
        case _:
            assert_never(question.finding)


def _about(case: _Case) -> Decision:
    for reason, breaks in _RULES.items():
        if breaks(case):
            return _declined(case, reason)
    return Approved(case.debt_now, case.headroom, case.offline, case.needed_overrides)


def _declined(case: _Case, reason: Reason) -> Declined:
    limit = _limit(case, reason)
    if limit is None:
        return Declined(reason, case.debt_now, ZERO)
    would_pass = limit if case.headroom is None else min(limit, case.headroom)
    return Declined(reason, case.debt_now, max(ZERO, would_pass), case.amount - limit)


def _gone(case: _Case) -> bool:
    return case.known.gone


def _system(case: _Case) -> bool:
    return case.known.snapshot.customer.is_default


def _blocked(case: _Case) -> bool:
    return case.known.snapshot.customer.blocked


def _wrong_amount(case: _Case) -> bool:
    amount = case.question.amount
    return amount is not None and not ZERO < amount <= case.question.policy.max_charge


def _till_closed(case: _Case) -> bool:
    return not case.question.journal_open


def _stale(case: _Case) -> bool:
    fresh = case.known.is_fresh(case.question.policy.max_age_s)
    return not fresh and not case.passes(Reason.STALE)


def _beyond(limit: Money | None, amount: Money) -> bool:
    return limit is not None and amount > limit


def _no_credit(case: _Case) -> bool:
    return _beyond(case.credit_headroom, case.amount)


def _offline_cap(case: _Case) -> bool:
    return _beyond(case.offline_headroom, case.amount)


# The order is the rule: the first that matches is the reason.
_RULES: dict[Reason, Callable[[_Case], bool]] = {
    Reason.UNKNOWN_CARD: _gone,
    Reason.SYSTEM_CUSTOMER: _system,
    Reason.BLOCKED: _blocked,
    Reason.AMOUNT: _wrong_amount,
    Reason.TILL_CLOSED: _till_closed,
    Reason.STALE: _stale,
    Reason.NO_CREDIT: _no_credit,
    Reason.OFFLINE_CAP: _offline_cap,
}


def _limit(case: _Case, reason: Reason) -> Money | None:
    """Give the limit that the amount is beyond; None: no amount would pass."""
    match reason:
        case Reason.NO_CREDIT:
            return case.credit_headroom
        case Reason.OFFLINE_CAP:
            return case.offline_headroom
        case Reason.AMOUNT if case.amount > ZERO:
            return case.question.policy.max_charge
        case _:
            return None
