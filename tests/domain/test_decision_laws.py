"""The rules for charging as laws: they hold for every question that can be asked."""

from collections import Counter
from dataclasses import fields, replace
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.domain.samples import ADA, DORA, known, passing

from taptill.domain.decision import (
    OVERRIDABLE,
    Approved,
    Declined,
    Known,
    OfflineExposure,
    Policy,
    Question,
    Reason,
    decide,
)
from taptill.domain.money import ZERO, Money

T = TypeVar("T")
many = settings(max_examples=300)
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
    per_charge=limits,
    per_customer=limits,
    per_terminal=limits,
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
    finding=st.builds(known, people, totals, ages, gone=rarely),
    amount=st.integers(-100, 4_000).map(Money),
    pending=money,
    spent=spends,
    journal_open=seldom_not,
    policy=policies,
    overrides=overrides,
)
about_money = st.builds(
    Question,
    finding=st.builds(known, st.sampled_from((ADA, DORA)), totals, st.sampled_from((0.0, 30.1))),
    amount=st.none(),
    pending=money,
    spent=spends,
    journal_open=st.just(value=True),
    policy=policies,
    overrides=overrides,
)


@many
@given(anything)
def test_what_is_approved_keeps_every_limit(asked: Question) -> None:
    """No way charges a blocked customer, lends without credit, or passes ceiling or cap.

    What overrides passed is named, and is at most `override_max` beyond.
    """
    answer = decide(asked)
    if isinstance(answer, Declined):
        return
    assert isinstance(asked.finding, Known)
    customer, policy, amount = asked.finding.snapshot.customer, asked.policy, asked.amount
    assert amount is not None
    assert ZERO < amount <= policy.max_charge
    assert asked.journal_open
    assert not customer.blocked
    assert not customer.is_default
    assert not asked.finding.gone
    passed = {one.reason for one in answer.overrides}
    assert Reason.STALE in passed or asked.finding.is_fresh(policy.max_age_s)
    lent = policy.override_max if Reason.NO_CREDIT in passed else ZERO
    after = answer.debt_now + amount - lent
    assert customer.credit_allowed or after <= ZERO
    assert policy.credit_ceiling is None or after <= max(ZERO, policy.credit_ceiling)
    assert answer.offline == (not asked.finding.is_fresh(policy.fresh_s))
    if answer.offline:
        counted = amount - (policy.override_max if Reason.OFFLINE_CAP in passed else ZERO)
        assert counted <= policy.per_charge
        assert asked.spent.customer + counted <= policy.per_customer
        assert asked.spent.terminal + counted <= policy.per_terminal


@given(about_money)
def test_what_would_pass_passes_and_a_cent_more_does_not(asked: Question) -> None:
    """The headroom that a screen names is the exact limit, where only money is in the way."""
    headroom, limit = decide(asked).headroom, asked.policy.max_charge
    if headroom is None or headroom > limit:
        headroom = limit
    more = decide(replace(asked, amount=headroom + Money(1)))
    assert isinstance(more, Declined)
    assert more.headroom == headroom
    if headroom > ZERO:
        assert isinstance(decide(replace(asked, amount=headroom)), Approved)


@given(about_money, asked_for)
def test_what_is_missing_is_exactly_what_is_too_much(asked: Question, amount: Money) -> None:
    answer = decide(replace(asked, amount=amount))
    if isinstance(answer, Approved):
        return
    assert answer.missing
    less = amount - answer.missing
    left = decide(replace(asked, amount=less))
    assert less <= ZERO or isinstance(left, Approved) or left.reason is not answer.reason


@many
@given(anything)
def test_a_blocked_customer_is_never_charged(asked: Question) -> None:
    """Whatever else is so, however the amount is put, whatever a supervisor passes."""
    assert isinstance(asked.finding, Known)
    snapshot = asked.finding.snapshot
    blocked = replace(snapshot, customer=replace(snapshot.customer, blocked=True))
    for amount in (None, asked.amount):
        finding = replace(asked.finding, snapshot=blocked)
        answer = decide(replace(asked, finding=finding, amount=amount))
        assert isinstance(answer, Declined)
        if not finding.gone and not snapshot.customer.is_default:
            assert answer.reason is Reason.BLOCKED


@many
@given(anything)
def test_an_override_never_passes_another_reason(asked: Question) -> None:
    plain = decide(replace(asked, overrides=()))
    passed = decide(asked)
    if isinstance(plain, Declined) and plain.reason not in {one.reason for one in asked.overrides}:
        assert isinstance(passed, Declined)
        assert passed.reason is plain.reason
    if isinstance(plain, Approved):
        assert isinstance(passed, Approved)
        assert passed.overrides == ()


@many
@given(anything)
def test_an_override_that_is_named_was_needed(asked: Question) -> None:
    answer = decide(asked)
    used = answer.overrides if isinstance(answer, Approved) else ()
    assert {one.reason for one in used} <= OVERRIDABLE
    for reason in {one.reason for one in used}:
        others = tuple(one for one in asked.overrides if one.reason is not reason)
        without = decide(replace(asked, overrides=others))
        assert isinstance(without, Declined)
        assert without.reason is reason


@many
@given(anything, asked_for)
def test_raising_the_amount_never_turns_a_decline_into_an_approval(
    asked: Question, amount: Money
) -> None:
    lower, higher = sorted((amount, asked.amount or amount))
    if lower > ZERO and isinstance(decide(replace(asked, amount=lower)), Declined):
        assert isinstance(decide(replace(asked, amount=higher)), Declined)


@many
@given(anything, st.sampled_from(("pending", "spent")), st.integers(0, 9_999).map(Money))
def test_more_debt_or_more_spent_offline_never_approves(
    asked: Question, what: str, more: Money
) -> None:
    spent = OfflineExposure(asked.spent.customer + more, asked.spent.terminal + more)
    change = {"pending": asked.pending + more} if what == "pending" else {"spent": spent}
    if isinstance(decide(asked), Declined):
        assert isinstance(decide(replace(asked, **change)), Declined)


@many
@given(anything, st.sampled_from((10, 1_000)))
def test_a_currency_changes_nothing_but_the_figures(asked: Question, times: int) -> None:
    """The same amounts in finer coins: the same answer, in finer coins."""
    assert isinstance(asked.finding, Known)
    snapshot = asked.finding.snapshot
    finer = replace(
        asked,
        finding=replace(asked.finding, snapshot=replace(snapshot, total=snapshot.total * times)),
        amount=asked.amount and asked.amount * times,
        pending=asked.pending * times,
        spent=scaled(asked.spent, times),
        policy=scaled(asked.policy, times),
    )
    assert decide(finer) == scaled(decide(asked), times)


def scaled(facts: T, times: int) -> T:
    """Multiply each amount of these facts."""
    every = {one.name: getattr(facts, one.name) for one in fields(facts)}  # type: ignore[arg-type]
    amounts = {name: one * times for name, one in every.items() if isinstance(one, Money)}
    return replace(facts, **amounts)  # type: ignore[type-var]


def test_the_laws_are_asked_about_every_rule() -> None:
    """A generator that met only declines, or only plain approvals, would prove nothing."""
    met: Counter[str] = Counter()

    @given(anything)
    def ask(asked: Question) -> None:
        answer = decide(asked)
        if isinstance(answer, Declined):
            met[answer.reason] += 1
        else:
            met.update({"approved": 1, **{f"passed {one.reason}": 1 for one in answer.overrides}})

    settings(max_examples=3_000, derandomize=True)(ask)()
    expected = {str(one) for one in Reason} - {
        "unreadable-card",
        "ambiguous-card",
        "unknown-offline",
    }
    expected |= {"approved"} | {f"passed {one}" for one in OVERRIDABLE}
    assert {name for name, count in met.items() if count} == expected
