"""The conflict desk of a running till: its cases, and answers to them."""

import asyncio
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import assert_never

from taptill.domain.conflicts.case import (
    CaseAnswer,
    CaseDecision,
    CaseOutcome,
    Consequence,
    DeskCase,
)
from taptill.domain.errors import ConflictOpenError, UsageError
from taptill.domain.money import Money, round_against_customer
from taptill.journal.back_office.conflicts import (
    ConflictCase,
    case_figures,
    charge_before,
    open_cases,
)
from taptill.journal.queries import JournalQueries
from taptill.operations.cases import SEQ_MAX, goods_of, is_amount_unknown, person_of
from taptill.operations.resolving import case_of, resolve, resolve_as_last_seen
from taptill.settlement.reconcile import ConflictReason
from taptill.settlement.requests import (
    Choice,
    Later,
    OnDesk,
    Outcome,
    Resolution,
    Settled,
    Stopped,
)
from taptill.settlement.update_row import ANOTHER_AMOUNT
from taptill.wiring.sending import Sender


@dataclass(frozen=True, slots=True)
class CaseDesk:
    """Reads the cases of a journal, and carries out what a person decides.

    `state` is the folder of journal and cache. `late_max_s`: so long a request that was sent may
    still land.
    """

    sender: Sender
    state: Path
    late_max_s: float

    async def cases(self) -> tuple[DeskCase, ...]:
        """Return the open cases, oldest first. Errors: JournalError."""
        return await asyncio.to_thread(self._read)

    async def decide(self, decision: CaseDecision) -> CaseOutcome:
        """Carry out a decision. Errors: JournalError, BackendError."""
        answer = decision.answer
        choice = _CHOICES[answer]
        booked_minor = 0 if answer is CaseAnswer.SEND_ALL else None
        resolution = Resolution(
            choice,
            decision.staff,
            decision.reason,
            amount=decision.amount.minor,
            booked_minor=booked_minor,
        )
        try:
            if answer is CaseAnswer.SEND_SINCE:
                outcome = await resolve_as_last_seen(self.sender, decision.customer_id, resolution)
            else:
                outcome = await resolve(
                    self.sender, decision.customer_id, resolution, self.late_max_s
                )
        except ConflictOpenError:
            return CaseOutcome.LATER
        except UsageError:
            return CaseOutcome.NO_CASE
        return _outcome(outcome, self.sender.journal.queries, decision.customer_id)

    def _read(self) -> tuple[DeskCase, ...]:
        with closing(JournalQueries(self.sender.journal.path)) as queries:
            return tuple(self._case(queries, case) for case in open_cases(queries.connection))

    def _case(self, queries: JournalQueries, case: ConflictCase) -> DeskCase:
        customer_id = case.position.customer_id
        charge = charge_before(queries.connection, customer_id, SEQ_MAX)
        name, card = person_of(self.state, customer_id)
        total = case_figures(queries.connection, case).total
        if total is None:  # a refusal's entry has no figures, the attempt before it does
            total = case.position.row_total
        is_unknown = is_amount_unknown(queries, case)
        return DeskCase(
            customer_id=customer_id,
            name=name,
            card=card,
            initials=str(charge.get("initials", "")),
            external_id=str(charge.get("external_id", "")),
            goods=goods_of(queries, case.position),
            reason=case.reason,
            detail=case.detail,
            since=case.since.at if case.since else "",
            amount=Money(case.position.in_question),
            total=_money(total),
            consequences=_consequences(_answers(case, is_unknown=is_unknown), total),
        )


_UNTIL_REPAIRED = frozenset({ConflictReason.NO_PLACE, ConflictReason.SHARED_DEBT_DATA})
"""The row takes no mark before somebody has repaired its debtData; then it tells what it holds."""

_CHOICES = {
    CaseAnswer.SEND: Choice.RETRY,
    CaseAnswer.SEND_SINCE: Choice.RETRY,
    CaseAnswer.SEND_ALL: Choice.RETRY,
    CaseAnswer.ALL_IN: Choice.ACCEPT,
    CaseAnswer.WRITE_OFF: Choice.WRITE_OFF,
}


def _answers(case: ConflictCase, *, is_unknown: bool) -> dict[CaseAnswer, int | None]:
    """Return the answers that can be carried out, each with what it adds to the row's total.

    None: that is not known before the row is read again. What was written off stays off: with a
    mark that covers it, the total does not change. `is_unknown`: the row cannot tell what it holds.
    """
    position, reason = case.position, case.reason
    if reason in _UNTIL_REPAIRED:
        return {CaseAnswer.SEND: None, CaseAnswer.WRITE_OFF: 0}
    if reason == ConflictReason.GONE:
        return {CaseAnswer.SEND: None, CaseAnswer.WRITE_OFF: None}
    if not is_unknown:
        return {
            CaseAnswer.SEND: position.in_question,
            CaseAnswer.ALL_IN: 0,
            CaseAnswer.WRITE_OFF: 0,
        }
    all_ours = position.last.total if position.last else 0
    last_seen = position.row_mark.total if position.row_mark else 0
    since = {CaseAnswer.SEND_SINCE: all_ours - last_seen} if last_seen else {}
    return {
        CaseAnswer.ALL_IN: 0,
        **since,
        CaseAnswer.SEND_ALL: all_ours,
        CaseAnswer.WRITE_OFF: 0,
    }


def _consequences(
    answers: Mapping[CaseAnswer, int | None], total: Decimal | None
) -> tuple[Consequence, ...]:
    """Return the answers, each with the row's total after it."""
    return tuple(
        Consequence(answer, None if total is None or amount is None else _money(total + amount))
        for answer, amount in answers.items()
    )


def _money(total: Decimal | None) -> Money | None:
    return None if total is None else round_against_customer(total)[0]


def _outcome(outcome: Outcome, queries: JournalQueries, customer_id: int) -> CaseOutcome:
    match outcome:
        case Settled():
            return CaseOutcome.DONE
        case Later(reason) if reason == ANOTHER_AMOUNT:
            return CaseOutcome.CHANGED
        case Later():
            return CaseOutcome.LATER if _is_open(queries, customer_id) else CaseOutcome.DONE
        case OnDesk():
            return CaseOutcome.STILL_OPEN
        case Stopped():
            return CaseOutcome.STOPPED
        case _:
            assert_never(outcome)


def _is_open(queries: JournalQueries, customer_id: int) -> bool:
    try:
        case_of(queries, customer_id)
    except UsageError:
        return False
    return True
