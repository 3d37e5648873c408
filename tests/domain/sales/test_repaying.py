"""Laws of repayments: who may pay in, who gets cash back, and what an entry says of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.samples import ADA, known

from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.money import ZERO, Currency, Money
from taptill.domain.sales.repaying import (
    Direction,
    Repayment,
    RepaymentQuestion,
    RepaymentRefusal,
    debt_after,
    direction_of,
    refusal,
    repayment_draft,
    repayment_id,
    takes_back,
    taking_back_draft,
)

EUR = Currency("EUR")
SOUND = RepaymentQuestion(
    cardholder=known(ADA, -1000),
    direction=Direction.IN,
    amount=Money(500),
    debt_now=Money(-1000),
    is_fresh=True,
    journal_open=True,
    max_repayment=Money(2000),
)
QUESTIONS = st.builds(
    RepaymentQuestion,
    cardholder=st.builds(
        lambda blocked, system, gone: replace(
            known(replace(ADA, blocked=blocked, is_default=system)), gone=gone
        ),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    direction=st.sampled_from(Direction),
    amount=st.integers(-100, 3000).map(Money),
    debt_now=st.integers(-3000, 3000).map(Money),
    is_fresh=st.booleans(),
    journal_open=st.booleans(),
    max_repayment=st.integers(0, 3000).map(Money),
    in_question=st.booleans(),
)


def entry_of(draft: Draft, seq: int = 7) -> Entry:
    return Entry(
        seq=seq,
        kind=draft.kind,
        charge_id=draft.charge_id,
        customer_id=draft.customer_id,
        amount_minor=draft.amount_minor,
        body=draft.body,
        at="2026-03-02T12:00:00.000Z",
        boot_id="",
        uptime_ms=0,
        clock_trusted=True,
        staff=None,
        prev_hash="",
        hash="",
    )


def repayment(direction: Direction, amount: int = 500) -> Repayment:
    return Repayment(
        customer=ADA,
        direction=direction,
        amount=Money(amount),
        currency=EUR,
        charge_id="0011",
        offline=False,
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"amount": ZERO}, RepaymentRefusal.NO_AMOUNT),
        ({"amount": Money(2000)}, None),
        ({"amount": Money(2001)}, RepaymentRefusal.TOO_MUCH),
        ({"journal_open": False}, RepaymentRefusal.TILL_CLOSED),
        ({"is_fresh": False}, None),
        ({"in_question": True}, None),
        ({"cardholder": known(replace(ADA, blocked=True))}, None),
        ({"cardholder": known(replace(ADA, is_default=True))}, RepaymentRefusal.SYSTEM),
        ({"cardholder": replace(known(ADA), gone=True)}, RepaymentRefusal.GONE),
        ({"direction": Direction.OUT}, None),
        ({"direction": Direction.OUT, "amount": Money(1000)}, None),
        ({"direction": Direction.OUT, "amount": Money(1001)}, RepaymentRefusal.NOT_THERE),
        ({"direction": Direction.OUT, "is_fresh": False}, RepaymentRefusal.NOT_FRESH),
        ({"direction": Direction.OUT, "in_question": True}, RepaymentRefusal.IN_QUESTION),
        (
            {"direction": Direction.OUT, "cardholder": known(replace(ADA, blocked=True))},
            RepaymentRefusal.BLOCKED,
        ),
    ],
)
def test_who_may_pay_in_and_who_gets_cash_back(
    changes: dict[str, object], expected: RepaymentRefusal | None
) -> None:
    assert refusal(replace(SOUND, **changes)) is expected  # type: ignore[arg-type]


@given(question=QUESTIONS)
def test_cash_never_makes_a_debt_and_never_exceeds_the_limit(question: RepaymentQuestion) -> None:
    if refusal(question) is not None:
        return
    assert ZERO < question.amount <= question.max_repayment
    assert question.journal_open
    assert not question.cardholder.gone
    if question.direction is Direction.OUT:
        assert debt_after(question) <= ZERO
        assert question.is_fresh
        assert not question.in_question
        assert not question.cardholder.snapshot.customer.blocked
    else:
        assert debt_after(question) < question.debt_now


@given(question=QUESTIONS)
def test_what_may_be_paid_in_does_not_depend_on_block_age_or_debt(
    question: RepaymentQuestion,
) -> None:
    paying_in = replace(question, direction=Direction.IN)
    customer = replace(question.cardholder.snapshot.customer, blocked=False)
    unblocked = replace(
        question.cardholder, snapshot=replace(question.cardholder.snapshot, customer=customer)
    )
    as_well = replace(paying_in, cardholder=unblocked, is_fresh=True, debt_now=ZERO)
    assert refusal(paying_in) == refusal(as_well)


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("approved_by", ["", "Sam"])
def test_an_entry_is_taken_back_by_its_opposite(direction: Direction, approved_by: str) -> None:
    booked = entry_of(repayment_draft(repayment(direction)))
    taken = entry_of(taking_back_draft(booked, reason="not paid", approved_by=approved_by), seq=8)
    assert (booked.kind, taken.kind) == (EntryKind.REPAYMENT, EntryKind.REPAYMENT)
    assert (booked.amount_minor or 0) + (taken.amount_minor or 0) == 0
    assert (takes_back(booked), takes_back(taken)) == (False, True)
    assert repayment_id(booked) == repayment_id(taken) == "0011"
    assert direction_of(booked) is direction_of(taken) is direction
    assert taken.charge_id != booked.charge_id
    assert taken.body.get("approved_by", "") == approved_by


def test_a_repayment_of_an_older_journal_was_paid_in() -> None:
    older = entry_of(Draft(EntryKind.REPAYMENT, 1, -500))
    assert (direction_of(older), takes_back(older), repayment_id(older)) == (
        Direction.IN,
        False,
        "",
    )
