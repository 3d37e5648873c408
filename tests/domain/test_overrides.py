"""Overrides as a table: each passes its own reason, so far and no further."""

from dataclasses import replace

import pytest
from tests.domain.samples import ADA, DORA, POLICY, known, passing, question

from taptill.domain.decision import (
    OVERRIDABLE,
    Approved,
    Decision,
    Declined,
    OfflineExposure,
    Override,
    Question,
    Reason,
    decide,
)
from taptill.domain.money import Money
from taptill.domain.tap import CardProblem, CardTrouble

STALE, NO_CREDIT, CAP = passing(Reason.STALE, Reason.NO_CREDIT, Reason.OFFLINE_CAP)
OLD_S = 73 * 3600.0
NOT_YET = replace(POLICY, override_max=Money(0))


def no(reason: Reason, debt: int, headroom: int, missing: int | None) -> Declined:
    """Write a refusal with its figures in minor units."""
    lacking = None if missing is None else Money(missing)
    return Declined(reason, Money(debt), Money(headroom), lacking)


def yes(debt: int, headroom: int | None, *used: Override, offline: bool = False) -> Approved:
    """Write an approval that needed these overrides."""
    return Approved(Money(debt), None if headroom is None else Money(headroom), offline, used)


CASES: dict[str, tuple[Question, tuple[Override, ...], Decision]] = {
    "stale is passed, and the offline caps still count": (
        question(known(ADA, -9_000, OLD_S), 2_001),
        (STALE,),
        no(Reason.OFFLINE_CAP, -9_000, 2_000, 1),
    ),
    "stale is passed up to the offline cap": (
        question(known(ADA, -9_000, OLD_S), 2_000),
        (STALE,),
        yes(-9_000, 2_000, STALE, offline=True),
    ),
    "stale is passed at unknown age too": (
        question(known(ADA, -9_000, None), 100),
        (STALE,),
        yes(-9_000, 2_000, STALE, offline=True),
    ),
    "stale and without credit take two": (
        question(known(ADA, 0, OLD_S), 100),
        (STALE,),
        no(Reason.NO_CREDIT, 0, 0, 100),
    ),
    "stale and without credit are passed by two": (
        question(known(ADA, 0, OLD_S), 100),
        (STALE, NO_CREDIT),
        yes(0, 1_000, STALE, NO_CREDIT, offline=True),
    ),
    "all three are passed by three": (
        question(known(ADA, -1_500, OLD_S), 2_500),
        (CAP, NO_CREDIT, STALE),
        yes(-1_500, 2_500, CAP, NO_CREDIT, STALE, offline=True),
    ),
    "no credit is passed while the excess is the most allowed": (
        question(known(), 2_230),
        (NO_CREDIT,),
        yes(-1_230, 2_230, NO_CREDIT),
    ),
    "a cent more of excess is not": (
        question(known(), 2_231),
        (NO_CREDIT,),
        no(Reason.NO_CREDIT, -1_230, 2_230, 1),
    ),
    "debt that is there already is part of the excess": (
        question(known(ADA, 950), 51),
        (NO_CREDIT,),
        no(Reason.NO_CREDIT, 950, 50, 1),
    ),
    "debt beyond the most allowed leaves nothing": (
        question(known(ADA, 1_500), 100),
        (NO_CREDIT,),
        no(Reason.NO_CREDIT, 1_500, 0, 600),
    ),
    "pending money is part of the excess": (
        question(known(), 1_000, pending=Money(1_231)),
        (NO_CREDIT,),
        no(Reason.NO_CREDIT, 1, 999, 1),
    ),
    "the ceiling of credit is passed so far too": (
        question(known(DORA, 4_900), 1_100),
        (NO_CREDIT,),
        yes(4_900, 1_100, NO_CREDIT),
    ),
    "offline: credit is passed, the cap is not": (
        question(known(ADA, -1_500, 31.0), 2_001),
        (NO_CREDIT,),
        no(Reason.OFFLINE_CAP, -1_500, 2_000, 1),
    ),
    "offline: the cap is passed, credit is not": (
        question(known(ADA, -2_100, 31.0), 2_101),
        (CAP,),
        no(Reason.NO_CREDIT, -2_100, 2_100, 1),
    ),
    "the cap is passed while the excess is the most allowed": (
        question(known(ADA, -9_000, 31.0), 3_000),
        (CAP,),
        yes(-9_000, 3_000, CAP, offline=True),
    ),
    "a cent more beyond the cap is not": (
        question(known(ADA, -9_000, 31.0), 3_001),
        (CAP,),
        no(Reason.OFFLINE_CAP, -9_000, 3_000, 1),
    ),
    "what others spent beyond the terminal's cap is part of the excess": (
        question(known(ADA, -9_000, 31.0), 100, exposure=OfflineExposure(Money(0), Money(50_950))),
        (CAP,),
        no(Reason.OFFLINE_CAP, -9_000, 50, 50),
    ),
    "an override that was not needed is not named": (
        question(known(), 100),
        (STALE, NO_CREDIT, CAP),
        yes(-1_230, 2_230),
    ),
    "where none is allowed, money is not passed": (
        question(known(), 1_231, policy=NOT_YET),
        (NO_CREDIT,),
        no(Reason.NO_CREDIT, -1_230, 1_230, 1),
    ),
    "where no money is passed, stale still is": (
        question(known(age_s=None), 100, policy=NOT_YET),
        (STALE,),
        yes(-1_230, 1_230, STALE, offline=True),
    ),
    "the largest charge stays the largest": (
        question(known(ADA, -10_000), 10_001),
        (NO_CREDIT,),
        no(Reason.AMOUNT, -10_000, 10_000, 1),
    ),
    "the verdict on tap counts it in": (
        question(known(ADA, 300), None),
        (NO_CREDIT,),
        yes(300, 700, NO_CREDIT),
    ),
}


@pytest.mark.parametrize(("case", "overrides", "answer"), CASES.values(), ids=CASES)
def test_with_overrides(case: Question, overrides: tuple[Override, ...], answer: Decision) -> None:
    assert decide(replace(case, overrides=overrides)) == answer


NEVER = {
    "an unreadable card": question(CardProblem(CardTrouble.BLANK_ID, "", 0.0)),
    "a customer who is gone": question(known(gone=True)),
    "a system customer": question(known(replace(ADA, is_default=True))),
    "a blocked customer": question(known(replace(ADA, blocked=True))),
    "no amount": question(known(), 0),
    "too large an amount": question(known(ADA, -90_000), 10_001),
    "a closed journal": question(known(), journal_open=False),
}


@pytest.mark.parametrize("case", NEVER.values(), ids=NEVER)
def test_no_override_passes(case: Question) -> None:
    """Not even one that names the very reason; what would pass counts them in."""
    with_overrides, without = decide(replace(case, overrides=passing(*Reason))), decide(case)
    assert isinstance(with_overrides, Declined)
    assert replace(with_overrides, headroom=without.headroom) == without


def test_three_reasons_can_be_passed_and_no_other() -> None:
    assert {Reason.STALE, Reason.NO_CREDIT, Reason.OFFLINE_CAP} == OVERRIDABLE
