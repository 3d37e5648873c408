"""A conflict desk in memory."""

import asyncio
from dataclasses import replace

from taptill.domain.conflicts.case import (
    CaseAnswer,
    CaseDecision,
    CaseOutcome,
    Consequence,
    DeskCase,
)
from taptill.domain.errors import BackendError
from taptill.domain.money import Money

LOST = DeskCase(
    customer_id=7,
    name="Ada Byron",
    card="…3B2",
    initials="A. B.",
    external_id="0012",
    goods="2 × Coffee, Water",
    reason="mark-lost",
    detail="",
    since="2026-03-02T12:40:00.000Z",
    amount=Money(420),
    total=Money(1080),
    consequences=(
        Consequence(CaseAnswer.ALL_IN, Money(1080)),
        Consequence(CaseAnswer.SEND_SINCE, Money(1500)),
        Consequence(CaseAnswer.SEND_ALL, Money(1800)),
        Consequence(CaseAnswer.WRITE_OFF, Money(1080)),
    ),
)
REFUSED = replace(
    LOST,
    customer_id=8,
    name="",
    initials="C. D.",
    reason="refused",
    detail="HTTP 422, limit",
    total=None,
    consequences=(
        Consequence(CaseAnswer.SEND, None),
        Consequence(CaseAnswer.ALL_IN, None),
        Consequence(CaseAnswer.WRITE_OFF, None),
    ),
)


class FakeConflictDesk:
    """Holds cases; a decision takes a while, and has the outcome that the test sets.

    `fault` is raised where the cases are asked for; a decision takes `takes_s`.
    """

    def __init__(self) -> None:
        self.open: list[DeskCase] = []
        self.decisions: list[CaseDecision] = []
        self.outcome: CaseOutcome | None = CaseOutcome.DONE
        self.fault: Exception | None = None
        self.takes_s = 0.5

    async def cases(self) -> tuple[DeskCase, ...]:
        """Return the cases that are open."""
        await asyncio.sleep(0.05)
        if self.fault:
            raise self.fault
        return tuple(self.open)

    async def decide(self, decision: CaseDecision) -> CaseOutcome:
        """Note the decision; a case that is done is open no more. None: no answer."""
        await asyncio.sleep(self.takes_s)
        self.decisions.append(decision)
        if self.outcome is None:
            raise BackendError(detail="no answer")
        if self.outcome is CaseOutcome.DONE:
            self.open = [case for case in self.open if case.customer_id != decision.customer_id]
        return self.outcome
