"""The rules for charging as a table, then as laws."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.samples import ADA, DORA, POLICY, known, question

from taptill.domain.decision import (
    Absent,
    Ambiguous,
    Approved,
    Decision,
    Declined,
    Known,
    OfflineSpend,
    Policy,
    Question,
    Reason,
    Unreachable,
    decide,
)
from taptill.domain.money import ZERO, Money
from taptill.domain.tap import CardProblem, CardTrouble

BLOCKED = replace(ADA, blocked=True)
SYSTEM = replace(ADA, is_default=True)
DAY_S = 86_400.0
NO_CEILING = replace(POLICY, credit_ceiling=None)


def no(
    reason: Reason,
    debt: int | None = None,
    headroom: int | None = None,
    missing: int | None = None,
) -> Declined:
    """Write a refusal with its figures in minor units."""
    figures = [None if one is None else Money(one) for one in (debt, headroom, missing)]
    return Declined(reason, *figures)


def yes(debt: int, headroom: int | None, *, offline: bool = False) -> Approved:
    """Write an approval with its figures in minor units."""
    return Approved(Money(debt), None if headroom is None else Money(headroom), offline)


def spent(customer: int = 0, terminal: int = 0) -> OfflineSpend:
    """Write what was spent against the offline caps."""
    return OfflineSpend(Money(customer), Money(terminal))


TROUBLES = {
    f"1 a card that is {trouble} is unreadable": (
        question(CardProblem(trouble, "counter", 0.0)),
        no(Reason.UNREADABLE_CARD),
    )
    for trouble in CardTrouble
}

CASES: dict[str, tuple[Question, Decision]] = {
    **TROUBLES,
    "2 two customers with one card are nobody": (
        question(Ambiguous()),
        no(Reason.AMBIGUOUS_CARD),
    ),
    "3 a live answer that nobody has it": (question(Absent()), no(Reason.UNKNOWN_CARD)),
    "3 a cached customer that is gone": (
        question(known(gone=True)),
        no(Reason.UNKNOWN_CARD, -1230, 0),
    ),
    "4 not in the cache and no live answer": (
        question(Unreachable()),
        no(Reason.UNKNOWN_OFFLINE),
    ),
    "5 a system customer never pays": (
        question(known(SYSTEM)),
        no(Reason.SYSTEM_CUSTOMER, -1230, 0),
    ),
    "6 blocked beats rich": (
        question(known(BLOCKED, -1_000_000)),
        no(Reason.BLOCKED, -1_000_000, 0),
    ),
    "6 blocked counts in a cached row too": (
        question(known(BLOCKED, age_s=DAY_S)),
        no(Reason.BLOCKED, -1230, 0),
    ),
    "6 blocked counts with nothing rung up": (
        question(known(BLOCKED), None),
        no(Reason.BLOCKED, -1230, 0),
    ),
    "7 nothing is no amount": (question(known(), 0), no(Reason.AMOUNT, -1230, 0)),
    "7 a negative amount is none": (question(known(), -1), no(Reason.AMOUNT, -1230, 0)),
    "7 the largest charge passes": (
        question(known(ADA, -20_000), 10_000),
        yes(-20_000, 20_000),
    ),
    "7 a cent above the largest charge": (
        question(known(ADA, -20_000), 10_001),
        no(Reason.AMOUNT, -20_000, 20_000, 1),
    ),
    "8 the journal cannot be written": (
        question(known(), journal_open=False),
        no(Reason.TILL_CLOSED, -1230, 0),
    ),
    "9 as old as allowed": (
        question(known(age_s=3 * DAY_S)),
        yes(-1230, 1230, offline=True),
    ),
    "9 a second older": (question(known(age_s=3 * DAY_S + 1)), no(Reason.STALE, -1230, 0)),
    "9 of unknown age": (question(known(age_s=None)), no(Reason.STALE, -1230, 0)),
    "10 the exact balance is enough": (question(known(), 1230), yes(-1230, 1230)),
    "10 one cent more is not": (question(known(), 1231), no(Reason.NO_CREDIT, -1230, 1230, 1)),
    "10 what is pending counts": (
        question(known(), 1000, pending=Money(300)),
        no(Reason.NO_CREDIT, -930, 930, 70),
    ),
    "10 in debt without credit, all of the debt is missing too": (
        question(known(ADA, 500), 100),
        no(Reason.NO_CREDIT, 500, 0, 600),
    ),
    "10 in debt without credit, nothing rung up": (
        question(known(ADA, 500), None),
        no(Reason.NO_CREDIT, 500, 0, 500),
    ),
    "10 without debt or credit, nothing rung up": (question(known(ADA, 0), None), yes(0, 0)),
    "10 credit up to the ceiling": (question(known(DORA, 840), 4160), yes(840, 4160)),
    "10 credit and a cent above the ceiling": (
        question(known(DORA, 840), 4161),
        no(Reason.NO_CREDIT, 840, 4160, 1),
    ),
    "10 credit without a ceiling has no limit": (
        question(known(DORA, 999_900), 10_000, policy=NO_CEILING),
        yes(999_900, None),
    ),
    "11 fresh to the second is not offline": (
        question(known(ADA, -9000, 30.0), 9000),
        yes(-9000, 9000),
    ),
    "11 offline up to the cap of one charge": (
        question(known(ADA, -9000, 30.1), 2000),
        yes(-9000, 2000, offline=True),
    ),
    "11 offline and a cent above it": (
        question(known(ADA, -9000, 30.1), 2001),
        no(Reason.OFFLINE_CAP, -9000, 2000, 1),
    ),
    "11 offline up to the customer's cap": (
        question(known(ADA, -9000, 31.0), 1000, spent=spent(4000, 4000)),
        yes(-9000, 1000, offline=True),
    ),
    "11 offline above the customer's cap": (
        question(known(ADA, -9000, 31.0), 1001, spent=spent(4000, 4000)),
        no(Reason.OFFLINE_CAP, -9000, 1000, 1),
    ),
    "11 offline above the terminal's cap": (
        question(known(ADA, -9000, 31.0), 51, spent=spent(0, 49_950)),
        no(Reason.OFFLINE_CAP, -9000, 50, 1),
    ),
    "11 the caps bind where credit has no limit": (
        question(known(DORA, 0, 31.0), 100, policy=NO_CEILING),
        yes(0, 2000, offline=True),
    ),
    "11 the smaller of balance and cap is what would pass": (
        question(known(ADA, -700, 31.0), 100),
        yes(-700, 700, offline=True),
    ),
    "12 the verdict on tap leaves the amount out": (question(known(), None), yes(-1230, 1230)),
    "12 a fraction of a cent counts against the customer": (
        question(known(ADA, "-1230.5"), 1230),
        yes(-1230, 1230),
    ),
}


@pytest.mark.parametrize(("asked", "answer"), CASES.values(), ids=CASES)
def test_rule(asked: Question, answer: Decision) -> None:
    """Each row of the table of 3-charging 3.2, with its boundaries."""
    assert decide(asked) == answer


ORDER = (
    Reason.UNKNOWN_CARD,
    Reason.SYSTEM_CUSTOMER,
    Reason.BLOCKED,
    Reason.AMOUNT,
    Reason.TILL_CLOSED,
    Reason.STALE,
    Reason.NO_CREDIT,
    Reason.OFFLINE_CAP,
)


@pytest.mark.parametrize("first", range(len(ORDER)), ids=ORDER)
def test_the_first_rule_that_is_broken_gives_the_reason(first: int) -> None:
    """Break a rule and all that come after it: the reason is the first one's."""
    broken = set(ORDER[first:])
    customer = replace(
        ADA,
        is_default=Reason.SYSTEM_CUSTOMER in broken,
        blocked=Reason.BLOCKED in broken,
        credit_allowed=Reason.NO_CREDIT not in broken,
    )
    age_s = None if Reason.STALE in broken else 31.0
    finding = Known(known(customer, 0).snapshot, age_s, gone=Reason.UNKNOWN_CARD in broken)
    answer = decide(
        question(
            finding,
            10_001 if Reason.AMOUNT in broken else 2001,
            journal_open=Reason.TILL_CLOSED not in broken,
        )
    )
    assert isinstance(answer, Declined)
    assert answer.reason is ORDER[first]


def test_a_finding_that_nobody_has_thought_of_approves_nothing() -> None:
    with pytest.raises(AssertionError):
        decide(question("somebody"))  # type: ignore[arg-type]


money = st.integers(-20_000, 20_000).map(Money)
positive = st.integers(0, 60_000).map(Money)
policies = st.builds(
    Policy,
    max_charge=positive,
    credit_ceiling=st.none() | positive,
    fresh_s=st.just(30.0),
    max_age_s=st.just(3 * DAY_S),
    per_charge=positive,
    per_customer=positive,
    per_terminal=positive,
)
people = st.builds(
    replace,
    st.just(ADA),
    blocked=st.booleans(),
    credit_allowed=st.booleans(),
    is_default=st.booleans(),
)
ages = st.none() | st.sampled_from((0.0, 30.0, 30.1, 3 * DAY_S, 3 * DAY_S + 1))
questions = st.builds(
    Question,
    finding=st.builds(known, people, st.integers(-20_000, 20_000), ages, gone=st.booleans()),
    amount=st.integers(-5, 12_000).map(Money),
    pending=money,
    spent=st.builds(OfflineSpend, positive, positive),
    journal_open=st.booleans(),
    policy=policies,
)


about_money = st.builds(
    Question,
    finding=st.builds(
        known,
        st.sampled_from((ADA, DORA)),
        st.integers(-20_000, 20_000),
        st.sampled_from((0.0, 30.1)),
    ),
    amount=st.none(),
    pending=money,
    spent=st.builds(OfflineSpend, positive, positive),
    journal_open=st.just(value=True),
    policy=policies,
)
asked_for = st.integers(1, 12_000).map(Money)


@given(questions | st.builds(replace, about_money, amount=asked_for))
def test_what_is_approved_keeps_every_limit(asked: Question) -> None:
    """No way charges a blocked customer, lends without credit, or passes ceiling or cap."""
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
    after = answer.debt_now + amount
    assert customer.credit_allowed or after <= ZERO
    assert policy.credit_ceiling is None or after <= max(ZERO, policy.credit_ceiling)
    assert answer.offline == (not asked.finding.is_fresh(policy.fresh_s))
    if answer.offline:
        assert amount <= policy.per_charge
        assert asked.spent.customer + amount <= policy.per_customer
        assert asked.spent.terminal + amount <= policy.per_terminal


@given(about_money)
def test_what_would_pass_passes_and_a_cent_more_does_not(asked: Question) -> None:
    """The headroom that a screen names is the exact limit, where only money is in the way."""
    headroom, limit = decide(asked).headroom, asked.policy.max_charge
    if headroom is None or headroom > limit:
        headroom = limit
    more = decide(replace(asked, amount=headroom + Money(1)))
    assert isinstance(more, Declined)
    if headroom > ZERO:
        assert isinstance(decide(replace(asked, amount=headroom)), Approved)


@given(questions)
def test_a_blocked_customer_is_never_charged(asked: Question) -> None:
    """Whatever else is so, however the amount is put."""
    assert isinstance(asked.finding, Known)
    snapshot = asked.finding.snapshot
    blocked = replace(snapshot, customer=replace(snapshot.customer, blocked=True))
    for amount in (None, asked.amount):
        finding = replace(asked.finding, snapshot=blocked)
        assert isinstance(decide(replace(asked, finding=finding, amount=amount)), Declined)
