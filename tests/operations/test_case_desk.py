"""The conflict desk over a real journal and a real service: what a page says comes true."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cli.office import ADA, BEN
from tests.fakes.proxy import lose_reply, lose_request
from tests.fakes.service import RunningService, running_service
from tests.operations.case_site import (
    PLAIN,
    REFUSE,
    STAFF,
    WHY,
    CaseSite,
    case_site,
    charge,
    decision,
    let_through,
)

from taptill.domain.conflicts.case import CaseAnswer, CaseOutcome, DeskCase
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.money import Money
from taptill.operations.case_desk import CaseDesk
from taptill.wiring.sending import Sender

pytestmark = pytest.mark.slow

CAPABILITIES = "/core/capabilities"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with running_service(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, service: RunningService) -> Iterator[CaseSite]:
    with case_site(tmp_path, service) as new_site:
        for customer in (ADA, BEN):
            new_site.update(customer, debtData=None)  # whatever the test before has left there
        yield new_site


def mark_lost(site: CaseSite) -> None:
    """3.20 is in, then debtData is emptied, then 0.80 comes."""
    site.settle((ADA, 320))
    site.update(ADA, debtData=None)
    site.settle((ADA, 80))


def mark_lost_at_once(site: CaseSite) -> None:
    """Nothing was ever seen in the row, whose debtData is emptied once the update has landed."""
    site.network.once["update"] = [*[let_through] * 2, lose_reply]
    site.settle((ADA, 320), send=False)
    site.at_desk(lambda _, connection: connection.settlement.settle_open())
    site.update(ADA, debtData=None)
    site.settle((ADA, 80))


def copied_row(site: CaseSite) -> None:
    """Somebody copies Ben's debtData to Ada."""
    site.settle((ADA, 320), (BEN, 100))
    site.update(ADA, debtData=site.marks(BEN))
    site.settle((ADA, 80))


def unknown_mark(site: CaseSite) -> None:
    """Somebody changes the sum in Ada's mark."""
    site.settle((ADA, 320))
    marks = site.marks(ADA)
    (mark,) = marks["taptill"]["t"].values()
    mark[1] += 1000
    site.update(ADA, debtData=marks)
    site.settle((ADA, 80))


def mark_back(site: CaseSite) -> None:
    """An older debtData is put back, and the total is left as it was."""
    site.settle((ADA, 320))
    marks = site.marks(ADA)
    site.settle((ADA, 200))
    site.update(ADA, debtData=marks)
    site.settle((ADA, 80))


def no_place(site: CaseSite) -> None:
    """Somebody writes a letter into debtData."""
    site.settle((ADA, 320))
    site.update(ADA, debtData="a letter")
    site.settle((ADA, 80))


def refused(site: CaseSite) -> None:
    """The second update is refused for good, until the office allows it again."""
    site.settle((ADA, 320))
    site.network.always["update"] = REFUSE
    site.settle((ADA, 80))
    del site.network.always["update"]


def refused_at_enrolment(site: CaseSite) -> None:
    """A person has decided after a lost mark, and the row's new enrolment is refused."""
    refused_decision(site)


def refused_after_enrolment(site: CaseSite) -> None:
    """A person has decided after a lost mark; the enrolment lands, and the update is refused."""
    refused_decision(site, landed=2)


def refused_decision(site: CaseSite, landed: int = 0) -> None:
    """Refuse all but the first updates of a decision."""
    mark_lost(site)
    site.network.once["update"] = [let_through] * landed
    site.network.always["update"] = REFUSE
    assert site.decide(site.case(), CaseAnswer.SEND_SINCE) is CaseOutcome.STILL_OPEN
    del site.network.always["update"]


def forked(site: CaseSite) -> None:
    """0.80 waited when this journal parted from its copy."""
    site.settle((ADA, 320))
    site.settle((ADA, 80), send=False)
    site.done("journal", "fork", "--yes", "--late-max-s", "0")


UNKNOWN_AMOUNT = {
    CaseAnswer.ALL_IN: 0,
    CaseAnswer.SEND_SINCE: 80,
    CaseAnswer.SEND_ALL: 400,
    CaseAnswer.WRITE_OFF: 0,
}
EXACT = {CaseAnswer.SEND: 80, CaseAnswer.ALL_IN: 0, CaseAnswer.WRITE_OFF: 0}
CASES: dict[str, tuple[Callable[[CaseSite], None], str, dict[CaseAnswer, int]]] = {
    "mark lost": (mark_lost, "mark-lost", UNKNOWN_AMOUNT),
    "mark lost with an update unheard of": (
        mark_lost_at_once,
        "mark-lost",
        {CaseAnswer.ALL_IN: 0, CaseAnswer.SEND_ALL: 400, CaseAnswer.WRITE_OFF: 0},
    ),
    "copied row": (copied_row, "copied-row", UNKNOWN_AMOUNT),
    "unknown mark": (unknown_mark, "unknown-mark", UNKNOWN_AMOUNT),
    "mark put back": (
        mark_back,
        "mark-back",
        {**UNKNOWN_AMOUNT, CaseAnswer.SEND_ALL: 600},
    ),
    "refused": (refused, "refused", EXACT),
    "a decision refused at the enrolment": (refused_at_enrolment, "refused", UNKNOWN_AMOUNT),
    "a decision refused after it": (refused_after_enrolment, "refused", UNKNOWN_AMOUNT),
    "forked": (
        forked,
        "forked",
        {CaseAnswer.ALL_IN: 0, CaseAnswer.SEND_ALL: 80, CaseAnswer.WRITE_OFF: 0},
    ),
}
ANSWERED = [
    pytest.param(make, reason, answers, answer, id=f"{name}: {answer}")
    for name, (make, reason, answers) in CASES.items()
    for answer in answers
]


@pytest.mark.parametrize(("make", "reason", "answers", "answer"), ANSWERED)
def test_each_answer_can_be_given_and_the_total_that_it_leads_to_comes_true(
    site: CaseSite,
    make: Callable[[CaseSite], None],
    reason: str,
    answers: dict[CaseAnswer, int],
    answer: CaseAnswer,
) -> None:
    make(site)
    case, before = site.case(), site.total(ADA)
    assert (case.reason, case.total) == (reason, before)
    totals = totals_of(case)
    assert totals == {one: before + Money(amount) for one, amount in answers.items()}
    assert site.decide(case, answer) is CaseOutcome.DONE
    assert site.total(ADA) == totals[answer]
    is_over(site)
    assert site.total(ADA) == totals[answer]


def test_a_row_that_takes_no_mark_is_tried_again_once_it_does_or_written_off(
    site: CaseSite,
) -> None:
    no_place(site)
    case, before = site.case(), site.total(ADA)
    assert (case.reason, case.total) == ("no-place", before)
    assert totals_of(case) == {CaseAnswer.SEND: None, CaseAnswer.WRITE_OFF: before}
    assert site.decide(case, CaseAnswer.SEND) is CaseOutcome.STILL_OPEN
    assert site.decide(case, CaseAnswer.WRITE_OFF) is CaseOutcome.DONE
    assert site.total(ADA) == before
    is_over(site)


TOLD = {
    "shared-debt-data": {CaseAnswer.SEND: None, CaseAnswer.WRITE_OFF: Money(1000)},
    "gone": {CaseAnswer.SEND: None, CaseAnswer.WRITE_OFF: None},
}


@pytest.mark.parametrize(("reason", "totals"), TOLD.items(), ids=TOLD)
def test_a_row_that_cannot_be_written_offers_what_can_be_done(
    site: CaseSite, reason: str, totals: dict[CaseAnswer, Money | None]
) -> None:
    """Told by the entry alone.

    Beside a service that obeys conditions no row is shared, and five answers without the customer
    take too long here (tests/settlement/conflicts/test_gone.py).
    """
    body = {"reason": reason, "in_question": 80, "held": None, "total": "1000"}

    async def write(_: CaseDesk, connection: Sender) -> None:
        await connection.journal.append([charge(ADA, 80)])
        await connection.journal.append([Draft(EntryKind.CONFLICT, ADA, body=body)])

    site.at_desk(write)
    assert totals_of(site.case()) == totals


def test_of_two_who_decide_at_once_one_counts(site: CaseSite) -> None:
    mark_lost(site)
    case, before = site.case(), site.total(ADA)
    answers = (CaseAnswer.SEND_ALL, CaseAnswer.SEND_SINCE, CaseAnswer.WRITE_OFF)

    async def all_at_once(desk: CaseDesk, _: Sender) -> list[CaseOutcome]:
        return await asyncio.gather(*(desk.decide(decision(case, one)) for one in answers))

    outcomes = site.at_desk(all_at_once)
    assert sorted(outcomes) == [CaseOutcome.DONE, CaseOutcome.LATER, CaseOutcome.LATER]
    winner = answers[outcomes.index(CaseOutcome.DONE)]
    assert site.total(ADA) == totals_of(case)[winner]
    assert site.total(ADA) in {before, *totals_of(case).values()}
    is_over(site)


def test_who_decides_about_a_case_that_is_over_is_told_so(site: CaseSite) -> None:
    mark_lost(site)
    case = site.case()
    assert site.decide(case, CaseAnswer.ALL_IN) is CaseOutcome.DONE
    total = site.total(ADA)
    assert site.decide(case, CaseAnswer.SEND_ALL) is CaseOutcome.NO_CASE
    assert site.decide(case, CaseAnswer.SEND_SINCE) is CaseOutcome.NO_CASE
    assert site.total(ADA) == total


@pytest.mark.parametrize("answer", [CaseAnswer.SEND_SINCE, CaseAnswer.WRITE_OFF])
def test_a_charge_between_the_look_and_the_decision_is_not_decided_about(
    site: CaseSite, answer: CaseAnswer
) -> None:
    mark_lost(site)
    case, before = site.case(), site.total(ADA)
    site.settle((ADA, 50))
    assert site.decide(case, answer) is CaseOutcome.CHANGED
    assert (site.total(ADA), site.case().amount) == (before, Money(450))
    assert site.entries_of(EntryKind.RESOLVED, EntryKind.WRITE_OFF) == []
    assert site.decide(site.case(), CaseAnswer.SEND_SINCE) is CaseOutcome.DONE
    assert site.total(ADA) == before + Money(130)


@pytest.mark.parametrize("answer", [CaseAnswer.SEND_ALL, CaseAnswer.WRITE_OFF])
def test_without_an_answer_of_the_backend_nothing_is_decided_wrongly(
    site: CaseSite, answer: CaseAnswer
) -> None:
    mark_lost(site)
    case = site.case()
    site.network.always["*"] = lose_request
    assert site.decide(case, answer) is CaseOutcome.LATER
    assert site.case() == case
    site.network.always.clear()
    assert site.decide(site.case(), answer) is CaseOutcome.DONE
    assert site.total(ADA) == totals_of(case)[answer]
    is_over(site)


@pytest.mark.parametrize("answer", [CaseAnswer.SEND_SINCE, CaseAnswer.WRITE_OFF])
def test_a_lost_reply_to_what_was_decided_books_nothing_twice(
    site: CaseSite, answer: CaseAnswer
) -> None:
    mark_lost(site)
    case = site.case()
    site.network.always["update"] = lose_reply
    site.decide(case, answer)
    site.network.always.clear()
    for _ in range(3):  # each reply that was lost may have been another update's
        if not site.cases():
            break
        site.decide(site.case(), answer)
    site.settle()
    assert site.cases() == ()
    assert site.total(ADA) == totals_of(case)[answer]


def test_what_may_still_be_under_way_is_waited_for_where_conditions_are_not_obeyed(
    site: CaseSite,
) -> None:
    mark_lost(site)
    case, before = site.case(), site.total(ADA)
    site.late_max_s = 3600.0
    site.network.always[CAPABILITIES] = PLAIN
    assert site.decide(case, CaseAnswer.SEND_ALL) is CaseOutcome.LATER
    assert (site.total(ADA), site.case()) == (before, case)


def totals_of(case: DeskCase) -> dict[CaseAnswer, Money | None]:
    """Return the total that each answer leads to."""
    return {one.answer: one.total_after for one in case.consequences}


def is_over(site: CaseSite) -> None:
    """No case is left, nothing more is sent, and the journal says who decided and why."""
    assert site.cases() == ()
    site.settle()
    (resolved,) = site.entries_of(EntryKind.RESOLVED)[-1:]
    assert (resolved.staff, resolved.body["reason"]) == (STAFF, WHY)
    written_off = site.entries_of(EntryKind.WRITE_OFF)
    assert {(entry.staff, entry.body["reason"]) for entry in written_off} <= {(STAFF, WHY)}
    assert "nothing is open" in site.done("journal", "open")
