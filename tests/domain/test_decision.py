"""The rules for charging as a table: each alone, and each before every later one."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from tests.domain.samples import ADA, DORA, POLICY, known, question

from taptill.domain.decision import (
    Ambiguous,
    Approved,
    Cap,
    Decision,
    Declined,
    Found,
    LookupResult,
    NotFound,
    OfflineExposure,
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
Break = Callable[[Question], Question]
NO_CEILING = replace(POLICY, credit_ceiling=None)


def no(
    reason: Reason,
    debt: int | None = None,
    headroom: int | None = None,
    missing: int | None = None,
) -> Declined:
    """Write a refusal with its figures in minor units."""
    figures = [None if figure is None else Money(figure) for figure in (debt, headroom, missing)]
    return Declined(reason, *figures)


def yes(debt: int, headroom: int | None, *, offline: bool = False) -> Approved:
    """Write an approval with its figures in minor units."""
    return Approved(Money(debt), None if headroom is None else Money(headroom), offline)


def spent(customer: int = 0, terminal: int = 0) -> OfflineExposure:
    """Write what was spent against the offline caps."""
    return OfflineExposure(Money(customer), Money(terminal))


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
    "3 a live answer that nobody has it": (question(NotFound()), no(Reason.UNKNOWN_CARD)),
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
    "7 nothing is no amount": (question(known(), 0), no(Reason.AMOUNT, -1230, 1230)),
    "7 a negative amount is none": (question(known(), -1), no(Reason.AMOUNT, -1230, 1230)),
    "7 nothing is no amount for the rich either": (
        question(known(ADA, -20_000), 0),
        no(Reason.AMOUNT, -20_000, 10_000),
    ),
    "7 a negative amount of somebody in debt": (
        question(known(ADA, 500), -1),
        no(Reason.AMOUNT, 500, 0),
    ),
    "7 the largest charge passes": (
        question(known(ADA, -20_000), 10_000),
        yes(-20_000, 20_000),
    ),
    "7 a cent above the largest charge": (
        question(known(ADA, -20_000), 10_001),
        no(Reason.AMOUNT, -20_000, 10_000, 1),
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
    "10 offline without credit, the cap is what would pass and the credit is missing": (
        question(known(ADA, -3000, 31.0), 3100),
        no(Reason.NO_CREDIT, -3000, 2000, 100),
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
        question(known(ADA, -9000, 31.0), 1000, exposure=spent(4000, 4000)),
        yes(-9000, 1000, offline=True),
    ),
    "11 offline above the customer's cap": (
        question(known(ADA, -9000, 31.0), 1001, exposure=spent(4000, 4000)),
        no(Reason.OFFLINE_CAP, -9000, 1000, 1),
    ),
    "11 offline above the terminal's cap": (
        question(known(ADA, -9000, 31.0), 51, exposure=spent(0, 49_950)),
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


@pytest.mark.parametrize(("case", "answer"), CASES.values(), ids=CASES)
def test_rule(case: Question, answer: Decision) -> None:
    """Each reason of a decline, with its boundaries."""
    assert decide(case) == answer


def finding(answer: LookupResult) -> Break:
    return lambda asked: replace(asked, lookup_result=answer)


def customer(**changes: Any) -> Break:
    """Change the customer, if there still is one."""

    def changed(case: Question) -> Question:
        if not isinstance(case.lookup_result, Found):
            return case
        snapshot = case.lookup_result.snapshot
        snapshot = replace(snapshot, customer=replace(snapshot.customer, **changes))
        return replace(case, lookup_result=replace(case.lookup_result, snapshot=snapshot))

    return changed


def sight(**changes: Any) -> Break:
    """Change how the customer was seen, if there still is one."""

    def changed(case: Question) -> Question:
        result = case.lookup_result
        return replace(
            case,
            lookup_result=replace(result, **changes) if isinstance(result, Found) else result,
        )

    return changed


BREAKS: dict[str, tuple[Reason, Break]] = {
    "1 the card": (Reason.UNREADABLE_CARD, finding(CardProblem(CardTrouble.BLANK_ID, "", 0.0))),
    "2 two customers": (Reason.AMBIGUOUS_CARD, finding(Ambiguous())),
    "3 nobody": (Reason.UNKNOWN_CARD, finding(NotFound())),
    "3 gone": (Reason.UNKNOWN_CARD, sight(gone=True)),
    "4 not cached": (Reason.UNKNOWN_OFFLINE, finding(Unreachable())),
    "5 system": (Reason.SYSTEM_CUSTOMER, customer(is_default=True)),
    "6 blocked": (Reason.BLOCKED, customer(blocked=True)),
    "7 nothing": (Reason.AMOUNT, lambda asked: replace(asked, amount=ZERO)),
    "7 less than nothing": (Reason.AMOUNT, lambda asked: replace(asked, amount=Money(-1))),
    "7 too much": (Reason.AMOUNT, lambda asked: replace(asked, amount=Money(10_001))),
    "8 the journal": (Reason.TILL_CLOSED, lambda asked: replace(asked, journal_open=False)),
    "9 the age": (Reason.STALE, sight(age_s=3 * DAY_S + 1)),
    "9 no age": (Reason.STALE, sight(age_s=None)),
    "10 no credit": (Reason.NO_CREDIT, lambda asked: replace(asked, pending=Money(9_999))),
    "11 per charge": (
        Reason.OFFLINE_CAP,
        lambda asked: sight(age_s=31.0)(replace(asked, amount=Money(2_001))),
    ),
    "11 per customer": (
        Reason.OFFLINE_CAP,
        lambda asked: sight(age_s=31.0)(replace(asked, exposure=spent(4_901, 4_901))),
    ),
    "11 per terminal": (
        Reason.OFFLINE_CAP,
        lambda asked: sight(age_s=31.0)(replace(asked, exposure=spent(0, 49_901))),
    ),
}
IMPOSSIBLE = {("3 gone", "4 not cached")}
PAIRS = {
    f"{first} before {second}": (first, second)
    for first, second in combinations(BREAKS, 2)
    if BREAKS[first][0] is not BREAKS[second][0] and (first, second) not in IMPOSSIBLE
}


@pytest.mark.parametrize(("reason", "broken"), BREAKS.values(), ids=BREAKS)
def test_one_broken_rule_is_the_reason(reason: Reason, broken: Break) -> None:
    answer = decide(broken(question(known(ADA, -9_000))))
    assert isinstance(answer, Declined)
    assert answer.reason is reason


@pytest.mark.parametrize(("first", "second"), PAIRS.values(), ids=PAIRS)
def test_of_two_broken_rules_the_first_is_the_reason(first: str, second: str) -> None:
    reason, higher = BREAKS[first]
    answer = decide(higher(BREAKS[second][1](question(known(ADA, -9_000)))))
    assert isinstance(answer, Declined)
    assert answer.reason is reason


def test_a_finding_that_nobody_has_thought_of_approves_nothing() -> None:
    with pytest.raises(AssertionError):
        decide(question("somebody"))  # type: ignore[arg-type]


CAPS = {
    "online nothing is named": (question(known(ADA)), None),
    "credit": (question(known(ADA, -100, age_s=600.0)), Cap.CREDIT),
    "one sale": (question(known(DORA, -90_000, age_s=600.0)), Cap.SALE),
    "this customer": (
        question(
            known(DORA, -90_000, age_s=600.0),
            exposure=spent(POLICY.offline_per_customer.minor - 1, 0),
        ),
        Cap.CUSTOMER,
    ),
    "this till": (
        question(
            known(DORA, -90_000, age_s=600.0),
            exposure=spent(0, POLICY.offline_per_terminal.minor - 1),
        ),
        Cap.TILL,
    ),
}


@pytest.mark.parametrize(("case", "cap"), CAPS.values(), ids=CAPS)
def test_the_limit_that_binds_offline_is_named(case: Question, cap: Cap | None) -> None:
    decision = decide(replace(case, amount=None))
    assert isinstance(decision, Approved)
    assert decision.cap is cap
