"""The rules about charging: whether this basket may be charged to this customer now."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
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


class Cap(StrEnum):
    """What limits a charge while the backend does not answer; each is a key of the screen texts."""

    CREDIT = "credit"
    SALE = "sale"  # the most that one charge may be
    CUSTOMER = "customer"  # what this customer may spend offline
    TILL = "till"  # what all customers of this till may


OVERRIDABLE = frozenset({Reason.STALE, Reason.NO_CREDIT, Reason.OFFLINE_CAP})
"""Reasons that a supervisor may override; limits of money by at most `override_max`."""


@dataclass(frozen=True, slots=True)
class Override:
    """A supervisor overrides this one reason, and says why; every other reason still counts."""

    reason: Reason
    staff: str
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """The one customer of the card; `age_s` is None where the row's age is not known.

    `gone`: a cached customer that the last full sync did not find any more.
    """

    snapshot: Snapshot
    age_s: float | None
    gone: bool = False

    def is_fresh(self, fresh_s: float) -> bool:
        """Return whether the row was read at most `fresh_s` ago."""
        return self.age_s is not None and self.age_s <= fresh_s


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Two customers share the card id; the till does not choose."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """The backend answered that no customer has this card."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No customer in the cache, and no answer of the backend."""


LookupResult = Found | Ambiguous | NotFound | Unreachable | CardProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The site's limits; the offline limits count for a row that is older than `fresh_s`.

    `floor_limit` is the most that one charge may be then.
    """

    max_charge: Money
    credit_ceiling: Money | None
    fresh_s: float
    max_age_s: float
    floor_limit: Money
    offline_per_customer: Money
    offline_per_terminal: Money
    override_max: Money = ZERO


@dataclass(frozen=True, slots=True)
class OfflineExposure:
    """Offline charges that the newest row does not hold yet, less their voids.

    `customer` is the sum of this customer, `terminal` that of all customers of this till.
    """

    customer: Money = ZERO
    terminal: Money = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All that a decision depends on.

    `amount` is None for the decision on tap with an empty basket; then `AMOUNT` is not checked.
    `pending` is what this journal holds of the customer beyond the snapshot. An override is for
    one reason; two reasons need two.
    """

    lookup_result: LookupResult
    amount: Money | None
    pending: Money
    exposure: OfflineExposure
    journal_open: bool
    policy: Policy
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Approved:
    """The charge may be journaled; `headroom` is what may be charged now, None: no limit.

    `overrides` are those without which it would have been declined. `cap` is what that limit is,
    None while the backend answers; it only names the headroom, so it is not compared.
    """

    debt_now: Money
    headroom: Money | None
    offline: bool
    overrides: tuple[Override, ...] = ()
    cap: Cap | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Declined:
    """The charge is not allowed; `headroom` would pass, `missing` is the amount beyond that.

    `headroom` and `missing` already include overrides. For a customer in debt who has no credit,
    `missing` counts from zero debt: that much has to be paid in first. It is None where the amount
    is not too large.
    """

    reason: Reason
    debt_now: Money | None = None
    headroom: Money | None = None
    missing: Money | None = None


Decision = Approved | Declined


@dataclass(frozen=True, slots=True)
class _Case:
    """A question about one customer, with the figures that the rules compare."""

    question: Question
    lookup: Found
    amount: Money

    @property
    def debt_now(self) -> Money:
        return self.lookup.snapshot.debt + self.question.pending

    @property
    def offline(self) -> bool:
        return not self.lookup.is_fresh(self.question.policy.fresh_s)

    @property
    def credit_headroom(self) -> Money | None:
        ceiling = self.question.policy.credit_ceiling
        if not self.lookup.snapshot.customer.credit_allowed:
            ceiling = ZERO
        if ceiling is None:
            return None
        return ceiling - self.debt_now + self._extra(Reason.NO_CREDIT)

    @property
    def offline_headroom(self) -> Money | None:
        if not self.offline:
            return None
        return min(self._offline_limits.values()) + self._extra(Reason.OFFLINE_CAP)

    @property
    def cap(self) -> Cap | None:
        """Return which limit is the least while offline; None online."""
        if self.offline_headroom is None:
            return None
        credit = self.credit_headroom
        if credit is not None and credit <= self.offline_headroom:
            return Cap.CREDIT
        limits = self._offline_limits
        return min(limits, key=lambda cap: limits[cap])

    @property
    def _offline_limits(self) -> dict[Cap, Money]:
        policy, exposure = self.question.policy, self.question.exposure
        return {
            Cap.SALE: policy.floor_limit,
            Cap.CUSTOMER: policy.offline_per_customer - exposure.customer,
            Cap.TILL: policy.offline_per_terminal - exposure.terminal,
        }

    @property
    def headroom(self) -> Money | None:
        limits = [
            limit for limit in (self.credit_headroom, self.offline_headroom) if limit is not None
        ]
        return max(ZERO, min(limits)) if limits else None

    @property
    def needed_overrides(self) -> tuple[Override, ...]:
        if not self.question.overrides:
            return ()
        plain = replace(self, question=replace(self.question, overrides=()))
        overridable = (
            override for override in self.question.overrides if override.reason in OVERRIDABLE
        )
        return tuple(override for override in overridable if _RULES[override.reason](plain))

    def passes(self, reason: Reason) -> bool:
        return any(override.reason is reason for override in self.question.overrides)

    def _extra(self, reason: Reason) -> Money:
        return self.question.policy.override_max if self.passes(reason) else ZERO


def decide(question: Question) -> Decision:
    """Return whether this basket may be charged to this customer now."""
    match question.lookup_result:
        case CardProblem():
            return Declined(Reason.UNREADABLE_CARD)
        case Ambiguous():
            return Declined(Reason.AMBIGUOUS_CARD)
        case NotFound():
            return Declined(Reason.UNKNOWN_CARD)
        case Unreachable():
            return Declined(Reason.UNKNOWN_OFFLINE)
        case Found() as known:
            return _apply_rules(_Case(question, known, question.amount or ZERO))
        case _:
            assert_never(question.lookup_result)


def _apply_rules(case: _Case) -> Decision:
    """Return the decline of the first rule that matches; an approval where none does."""
    for reason, matches in _RULES.items():
        if matches(case):
            return _declined(case, reason)
    overrides = case.needed_overrides
    return Approved(case.debt_now, case.headroom, case.offline, overrides, cap=case.cap)


def _declined(case: _Case, reason: Reason) -> Declined:
    limit = _limit(case, reason)
    if limit is None:
        return Declined(reason, case.debt_now, ZERO)
    would_pass = limit if case.headroom is None else min(limit, case.headroom)
    missing = case.amount - limit if case.amount > limit else None
    return Declined(reason, case.debt_now, max(ZERO, would_pass), missing)


def _gone(case: _Case) -> bool:
    return case.lookup.gone


def _system(case: _Case) -> bool:
    return case.lookup.snapshot.customer.is_default


def _blocked(case: _Case) -> bool:
    return case.lookup.snapshot.customer.blocked


def _wrong_amount(case: _Case) -> bool:
    amount = case.question.amount
    return amount is not None and not ZERO < amount <= case.question.policy.max_charge


def _till_closed(case: _Case) -> bool:
    return not case.question.journal_open


def _stale(case: _Case) -> bool:
    fresh = case.lookup.is_fresh(case.question.policy.max_age_s)
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
    """Return the limit of the amount; None: no amount would pass."""
    match reason:
        case Reason.NO_CREDIT:
            return case.credit_headroom
        case Reason.OFFLINE_CAP:
            return case.offline_headroom
        case Reason.AMOUNT:
            return case.question.policy.max_charge
        case _:
            return None
