"""A repayment in: whether it may be booked, and the entries that book it and take it back.

A customer pays cash in at the till, and owes less or has more in advance; or gets cash back that is
there in advance. Both are entries of the kind `repayment`, whose amount is the change of
`totalDebt`: below zero for what is paid in. One is taken back as a whole by its opposite, which
is a repayment as well and names it; so sums of entries need not know the two apart.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from taptill.domain.customer import Customer, initials
from taptill.domain.decision import Found
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.money import ZERO, Currency, Money
from taptill.domain.sales.past import WITHOUT_CARD

TAKEN_BACK_END = "-void"
"""End of the id of an entry that takes a repayment back, behind that one's id: so the journal,
which has no id of a kind twice, takes none back twice."""

VOIDS = "voids"
"""Key of the number of the entry that is taken back."""


NOT_PAID = "not paid"
"""Why a repayment is taken back of which no cash was given, as the journal has it."""


class Direction(StrEnum):
    """Which way the cash goes; each is a key of the screen texts."""

    IN = "in"
    OUT = "out"


class RepaymentRefusal(StrEnum):
    """Why a repayment cannot be booked; each is a key of the screen texts."""

    GONE = "gone"  # the backend does not show the customer any more
    SYSTEM = "system"
    TILL_CLOSED = "till-closed"
    NO_AMOUNT = "no-amount"
    TOO_MUCH = "too-much"  # beyond the limit of the till
    BLOCKED = "blocked"  # nothing is paid out to a customer who is blocked
    NOT_FRESH = "not-fresh"  # nothing is paid out by what the cache says
    IN_QUESTION = "in-question"  # nobody can tell what is there in advance
    NOT_THERE = "not-there"  # more than is there in advance


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentQuestion:
    """All that it depends on whether a repayment may be booked.

    `amount` is the cash. `debt_now` is what the customer owes with all that this journal holds.
    `in_question`: the row does not tell how much of that it has. `is_fresh`: the backend has just
    answered.
    """

    cardholder: Found
    direction: Direction
    amount: Money
    debt_now: Money
    is_fresh: bool
    journal_open: bool
    max_repayment: Money
    in_question: bool = False


def refusal(question: RepaymentQuestion) -> RepaymentRefusal | None:
    """Return why a repayment cannot be booked; None: it can.

    Who is blocked may pay in, and so may a customer of whom only the cache knows.
    """
    customer = question.cardholder.snapshot.customer
    if question.cardholder.gone:
        return RepaymentRefusal.GONE
    if customer.is_default:
        return RepaymentRefusal.SYSTEM
    if not question.journal_open:
        return RepaymentRefusal.TILL_CLOSED
    if question.direction is Direction.OUT and customer.blocked:
        return RepaymentRefusal.BLOCKED
    if question.amount <= ZERO:
        return RepaymentRefusal.NO_AMOUNT
    if question.amount > question.max_repayment:
        return RepaymentRefusal.TOO_MUCH
    return _refusal_to_pay_out(question) if question.direction is Direction.OUT else None


def _refusal_to_pay_out(question: RepaymentQuestion) -> RepaymentRefusal | None:
    if not question.is_fresh:
        return RepaymentRefusal.NOT_FRESH
    if question.in_question:
        return RepaymentRefusal.IN_QUESTION
    return RepaymentRefusal.NOT_THERE if debt_after(question) > ZERO else None


def debt_after(question: RepaymentQuestion) -> Money:
    """Return what the customer owes after the repayment."""
    return question.debt_now + change(question.direction, question.amount)


def change(direction: Direction, amount: Money) -> Money:
    """Return by how much a repayment changes the debt: below zero for what is paid in."""
    return -amount if direction is Direction.IN else amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Repayment:
    """A repayment that is to be booked; `amount` is the cash, `charge_id` the entry's own id.

    `offline`: it rests on the cache. `approved_by` let whoever pays out, where they may not alone.
    """

    customer: Customer
    direction: Direction
    amount: Money
    currency: Currency
    charge_id: str
    offline: bool
    without_card: bool = False
    approved_by: str = ""


def repayment_draft(repayment: Repayment) -> Draft:
    """Return the entry of a repayment."""
    customer = repayment.customer
    body: dict[str, Any] = {
        "currency": repayment.currency.code,
        "initials": initials(customer.name),
        "external_id": customer.external_id,
        "offline": repayment.offline,
    }
    if repayment.without_card:
        body[WITHOUT_CARD] = True
    if repayment.approved_by:
        body["approved_by"] = repayment.approved_by
    return Draft(
        EntryKind.REPAYMENT,
        customer.id,
        amount_minor=change(repayment.direction, repayment.amount).minor,
        body=body,
        charge_id=repayment.charge_id,
    )


def taking_back_draft(repayment: Entry, *, reason: str, approved_by: str = "") -> Draft:
    """Return the entry that takes a repayment back as a whole."""
    kept = ("currency", "initials", "external_id")
    body: dict[str, Any] = {"reason": reason, VOIDS: repayment.seq}
    body |= {key: repayment.body[key] for key in kept if key in repayment.body}
    if approved_by:
        body["approved_by"] = approved_by
    return Draft(
        EntryKind.REPAYMENT,
        repayment.customer_id,
        amount_minor=-(repayment.amount_minor or 0),
        body=body,
        charge_id=f"{repayment.charge_id}{TAKEN_BACK_END}",
    )


def cash_at(taking_back: Draft) -> Direction | None:
    """Return which way cash goes over the counter now; None where it never went, and for a sale."""
    if taking_back.kind is not EntryKind.REPAYMENT or taking_back.body.get("reason") == NOT_PAID:
        return None
    return Direction.OUT if (taking_back.amount_minor or 0) > 0 else Direction.IN


def takes_back(entry: Entry) -> bool:
    """Return whether an entry takes a repayment back."""
    return entry.kind is EntryKind.REPAYMENT and VOIDS in entry.body


def repayment_id(entry: Entry) -> str:
    """Return the id of a repayment; of an entry that takes one back, the id of that one."""
    charge_id = entry.charge_id or ""
    return charge_id.removesuffix(TAKEN_BACK_END) if takes_back(entry) else charge_id


def direction_of(entry: Entry) -> Direction:
    """Return which way the cash of a repayment went; of one that is taken back, at first."""
    is_debt_lowered = (entry.amount_minor or 0) < 0
    return Direction.IN if is_debt_lowered != takes_back(entry) else Direction.OUT
