"""Customers, snapshots and questions as the tests of the rules need them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from taptill.domain.card_id import CardId
from taptill.domain.customer import Customer, Snapshot
from taptill.domain.decision import (
    Found,
    LookupResult,
    OfflineExposure,
    Override,
    Policy,
    Question,
    Reason,
)
from taptill.domain.mark import Marks, Place
from taptill.domain.money import ZERO, Money

STAMP = "2026-03-02T08:00:00.000Z"

ADA = Customer(
    id=1,
    name="Ada Byron",
    company="Analytical Society",
    card_id=CardId("62E3086CED"),
    blocked=False,
    credit_allowed=False,
    is_default=False,
)
DORA = replace(
    ADA, id=4, name="Dorothea Näherin", card_id=CardId("7F20914E83"), credit_allowed=True
)
UNTOUCHED = Marks(Place.EMPTY)
POLICY = Policy(
    max_charge=Money(10_000),
    credit_ceiling=Money(5_000),
    fresh_s=30.0,
    max_age_s=72 * 3600.0,
    floor_limit=Money(2_000),
    offline_per_customer=Money(5_000),
    offline_per_terminal=Money(50_000),
    override_max=Money(1_000),
)


def snapshot(
    customer: Customer = ADA,
    total: int | str = -1230,
    marks: Marks = UNTOUCHED,
    updated_at: str = STAMP,
) -> Snapshot:
    """Return a picture of a customer; `total` in minor units."""
    return Snapshot(customer, Decimal(total), updated_at=updated_at, version=None, marks=marks)


def known(
    customer: Customer = ADA, total: int | str = -1230, age_s: float | None = 0.0, **fields: Any
) -> Found:
    """Return a customer as found, fresh unless said otherwise."""
    return Found(snapshot(customer, total), age_s, **fields)


def passing(*reasons: Reason) -> tuple[Override, ...]:
    """Return a supervisor's override for each reason."""
    return tuple(Override(reason, "Grace", "long known") for reason in reasons)


def question(finding: LookupResult, amount: int | None = 100, **changes: Any) -> Question:
    """Ask about a finding, with nothing pending, nothing spent and an open journal."""
    money = None if amount is None else Money(amount)
    plain = Question(
        lookup_result=finding,
        amount=money,
        pending=ZERO,
        exposure=OfflineExposure(),
        journal_open=True,
        policy=POLICY,
    )
    return replace(plain, **changes)
