"""The rules for charging as laws: they hold for every question that can be asked."""

from collections import Counter
from dataclasses import fields, replace
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.domain.samples import ADA, DORA, known, passing
from tests.examples import about

from taptill.domain.decision import (
    OVERRIDABLE,
    Approved,
    Declined,
    Found,
    OfflineExposure,
    Policy,
    Question,
    Reason,
    decide,
)
from taptill.domain.money import ZERO, Money

T = TypeVar("T")
many = about(300)
OLDEST_S = 72 * 3600.0

# Narrow figures and few faults: each rule is met about as often as the others.
rarely = st.sampled_from((False,) * 15 + (True,))
seldom_not = rarely.map(lambda one: not one)
money = st.integers(-1_000, 1_000).map(Money)
limits = st.integers(0, 6_000).map(Money)
policies = st.builds(
    Policy,
    max_charge=st.integers(3_000, 6_000).map(Money),
    credit_ceiling=st.none() | limits,
    fresh_s=st.just(30.0),
    max_age_s=st.just(OLDEST_S),
    floor_limit=limits,
    offline_per_customer=limits,
    offline_per_terminal=limits,
    override_max=st.integers(0, 2_000).map(Money),
)
spends = st.builds(OfflineExposure, money.map(abs), money.map(abs))
people = st.builds(
    replace, st.just(ADA), blocked=rarely, credit_allowed=st.booleans(), is_default=rarely
)
ages = st.sampled_from((0.0, 30.0, 30.1, 31.0, OLDEST_S, OLDEST_S + 1, None))
totals = st.integers(-6_000, 2_000)
overrides = st.lists(
    st.sampled_from((*OVERRIDABLE, *OVERRIDABLE, Reason.BLOCKED, Reason.AMOUNT)), max_size=4
).map(lambda some: passing(*some))
asked_for = st.integers(1, 6_500).map(Money)
anything = st.builds(
    Question,
    lookup_result=st.builds(known, people, totals, ages, gone=rarely),
    amount=st.integers(-100, 4_000).map(Money),
    pending=money,
    exposure=spends,
    journal_open=seldom_not,
    policy=policies,
    overrides=overrides,
)
about_money = st.builds(
    Question,
    lookup_result=st.builds(
        known, st.sampled_from((ADA, DORA)), totals, st.sampled_from((0.0, 30.1))
    ),
    amount=st.none(),
    pending=money,
    exposure=spends,
    journal_open=st.just(value=True),
    policy=policies,
    overrides=overrides,
)


@many
@given(anything)
def test_what_is_approved_keeps_every_limit(case: Question) -> None:
    """No way charges a blocked customer, lends without credit, or passes ceiling or cap.

    What overrides passed is named, and is at most `override_max` beyond.
    """
    answer = decide(case)
    if isinstance(answer, Declined):
        return
    assert isinstance(case.lookup_result, Found)
    customer, policy, amount = (
        case.lookup_result.snapshot.customer,
        case.policy,
        case.amount,
    )
    assert amount is not None
    assert ZERO < amount <= policy.max_charge
    assert case.journal_open
    assert not customer.blocked
    assert not customer.is_default
    assert not case.lookup_result.gone
    passed_reasons = {override.reason for override in answer.overrides}
    assert Reason.STALE in passed_reasons or case.lookup_result.is_fresh(policy.max_age_s)
    lent_money = policy.override_max if Reason.NO_CREDIT in passed_reasons else ZERO
    after = answer.debt_now + amount - lent_money
    assert customer.credit_allowed or after <= ZERO
    assert policy.credit_ceiling is None or after <= max(ZERO, policy.credit_ceiling)
    assert answer.offline == (not case.lookup_result.is_fresh(policy.fresh_s))
    if answer.offline:
        counted_offline = amount - (
            policy.override_max if Reason.OFFLINE_CAP in passed_reasons else ZERO
        )
        assert counted_offline <= policy.floor_limit
        assert case.exposure.customer + counted_offline <= policy.offline_per_customer
        assert case.exposure.terminal + counted_offline <= policy.offline_per_terminal


@given(about_money)
def test_what_would_pass_passes_and_a_cent_more_does_not(case: Question) -> None:
    """The headroom that a screen names is the exact limit, where only money is in the way."""
    headroom, limit = decide(case).headroom, case.policy.max_charge
    if headroom is None or headroom > limit:
        headroom = limit
    cent_more = decide(replace(case, amount=headroom + Money(1)))
    assert isinstance(cent_more, Declined)
    assert cent_more.headroom == headroom
    if headroom > ZERO:
        assert isinstance(decide(replace(case, amount=headroom)), Approved)


@given(about_money, asked_for)
def test_what_is_missing_is_exactly_what_is_too_much(case: Question, amount: Money) -> None:
    answer = decide(replace(case, amount=amount))
    if isinstance(answer, Approved):
        return
    assert answer.missing
    less_money = amount - answer.missing
    left = decide(replace(case, amount=less_money))
    assert less_money <= ZERO or isinstance(left, Approved) or left.reason is not answer.reason


@many
@given(anything)
def test_a_blocked_customer_is_never_charged(case: Question) -> None:
    """Whatever else is so, however the amount is put, whatever a supervisor passes."""
    assert isinstance(case.lookup_result, Found)
    snapshot = case.lookup_result.snapshot
    blocked_row = replace(snapshot, customer=replace(snapshot.customer, blocked=True))
    for amount in (None, case.amount):
        finding = replace(case.lookup_result, snapshot=blocked_row)
        answer = decide(replace(case, lookup_result=finding, amount=amount))
        assert isinstance(answer, Declined)
        if not finding.gone and not snapshot.customer.is_default:
            assert answer.reason is Reason.BLOCKED


@many
@given(anything)
def test_an_override_never_passes_another_reason(case: Question) -> None:
    plain = decide(replace(case, overrides=()))
    decision = decide(case)
    if isinstance(plain, Declined) and plain.reason not in {
        override.reason for override in case.overrides
    }:
        assert isinstance(decision, Declined)
        assert decision.reason is plain.reason
    if isinstance(plain, Approved):
        assert isinstance(decision, Approved)
        assert decision.overrides == ()


@many
@given(anything)
def test_an_override_that_is_named_was_needed(case: Question) -> None:
    answer = decide(case)
    used = answer.overrides if isinstance(answer, Approved) else ()
    assert {override.reason for override in used} <= OVERRIDABLE
    for reason in {override.reason for override in used}:
        other_overrides = tuple(
            override for override in case.overrides if override.reason is not reason
        )
        without = decide(replace(case, overrides=other_overrides))
        assert isinstance(without, Declined)
        assert without.reason is reason


@many
@given(anything, asked_for)
def test_raising_the_amount_never_turns_a_decline_into_an_approval(
    case: Question, amount: Money
) -> None:
    lower, higher = sorted((amount, case.amount or amount))
    if lower > ZERO and isinstance(decide(replace(case, amount=lower)), Declined):
        assert isinstance(decide(replace(case, amount=higher)), Declined)


@many
@given(anything, st.sampled_from(("pending", "exposure")), st.integers(0, 9_999).map(Money))
def test_more_debt_or_more_spent_offline_never_approves(
    case: Question, figure_name: str, more_money: Money
) -> None:
    more_exposure = OfflineExposure(
        case.exposure.customer + more_money, case.exposure.terminal + more_money
    )
    change = (
        {"pending": case.pending + more_money}
        if figure_name == "pending"
        else {"exposure": more_exposure}
    )
    if isinstance(decide(case), Declined):
        assert isinstance(decide(replace(case, **change)), Declined)


@many
@given(anything, st.sampled_from((10, 1_000)))
def test_a_currency_changes_nothing_but_the_figures(case: Question, times: int) -> None:
    """The same amounts in finer coins: the same answer, in finer coins."""
    assert isinstance(case.lookup_result, Found)
    snapshot = case.lookup_result.snapshot
    finer = replace(
        case,
        lookup_result=replace(
            case.lookup_result, snapshot=replace(snapshot, total=snapshot.total * times)
        ),
        amount=case.amount and case.amount * times,
        pending=case.pending * times,
        exposure=scaled(case.exposure, times),
        policy=scaled(case.policy, times),
    )
    assert decide(finer) == scaled(decide(case), times)


def scaled(facts: T, times: int) -> T:
    """Multiply each amount of these facts."""
    every = {figure.name: getattr(facts, figure.name) for figure in fields(facts)}  # type: ignore[arg-type]
    amounts = {name: figure * times for name, figure in every.items() if isinstance(figure, Money)}
    return replace(facts, **amounts)  # type: ignore[type-var]


@pytest.mark.slow
def test_the_laws_are_asked_about_every_rule() -> None:
    """A generator that met only declines, or only plain approvals, would prove nothing."""
    met_cases: Counter[str] = Counter()

    @given(anything)
    def ask(case: Question) -> None:
        answer = decide(case)
        if isinstance(answer, Declined):
            met_cases[answer.reason] += 1
        else:
            met_cases.update(
                {"approved": 1, **{f"passed {reason.reason}": 1 for reason in answer.overrides}}
            )

    settings(max_examples=3_000, derandomize=True)(ask)()
    expected_reasons = {str(reason) for reason in Reason} - {
        "unreadable-card",
        "ambiguous-card",
        "unknown-offline",
    }
    expected_reasons |= {"approved"} | {f"passed {reason}" for reason in OVERRIDABLE}
    assert {name for name, count in met_cases.items() if count} == expected_reasons
