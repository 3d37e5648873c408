"""The pages of the conflict desk: a case in words, and what each answer would do."""

from dataclasses import dataclass, replace

from taptill.checkout.pages.choices import Choices, answered, reasons
from taptill.checkout.pages.page import (
    DAY_AND_TIME,
    Cell,
    PageRow,
    PersonName,
    Phrase,
    TimeCell,
    Tone,
    Turn,
    phrase,
)
from taptill.checkout.pages.sign_in import approval
from taptill.checkout.pages.staff_desk import StaffDesk
from taptill.checkout.ports import ConflictDesk
from taptill.checkout.recent_sales import local_time
from taptill.domain.conflicts.case import CaseDecision, CaseOutcome, Consequence, DeskCase
from taptill.domain.errors import BackendError
from taptill.domain.staff.member import Right, StaffMember

CASE_REASONS = ("asked office", "saw account", "agreed", "tried again")
"""Why a case is decided so, as the journal has it."""


@dataclass(frozen=True, slots=True)
class CasePages:
    """The ways through the pages of the conflict desk."""

    conflicts: ConflictDesk
    desk: StaffDesk

    def listing(self, waiting: Turn, back: Turn, notice: Phrase | None = None) -> Turn:
        """Read the open cases with `waiting` on the screen, and list them."""

        async def read() -> Turn:
            return Turn(self.list_page(await self.conflicts.cases(), back, notice))

        return replace(waiting, work=read, reads=True)

    def list_page(self, cases: tuple[DeskCase, ...], back: Turn, notice: Phrase | None) -> Choices:
        """Return the page that lists these cases."""
        return Choices(
            name="cases",
            rows=tuple(map(_case_row, cases)),
            follow=lambda at, here: Turn(self._case(cases[at], here)),
            back=back,
            yields=True,
            notice=notice or (None if cases else phrase("page.no-cases")),
        )

    def _case(self, case: DeskCase, back: Turn) -> Choices:
        def follow(at: int, _: Turn) -> Turn:
            return self._ask_reason(case, case.consequences[at], Turn(page), back)

        page = Choices(
            name="case",
            head=tuple(_head(case)),
            rows=tuple(map(_consequence_row, case.consequences)),
            follow=follow,
            back=back,
            numbered=True,
        )
        return page

    def _ask_reason(self, case: DeskCase, consequence: Consequence, page: Turn, back: Turn) -> Turn:
        if not self.desk.who_may(Right.DECIDE):
            return answered(page, phrase("page.needs-staff"))

        member = self.desk.member
        decider = member if member and member.may(Right.DECIDE) else None

        def follow(why: str) -> Turn:
            def decide(member: StaffMember) -> Turn:
                decision = CaseDecision(
                    customer_id=case.customer_id,
                    answer=consequence.answer,
                    amount=case.amount,
                    staff=member.name,
                    reason=why,
                )
                return self._decide(decision, asked, back)

            if decider:
                return decide(decider)
            return Turn(approval(self.desk, Right.DECIDE, decide, Turn(asked), head))

        asked = reasons("case-why", CASE_REASONS, follow, page)
        head = (_case_row(case), _consequence_row(consequence))
        asked = replace(asked, head=head, before_approval=decider is None)
        return Turn(asked)

    def _decide(self, decision: CaseDecision, asked: Choices, back: Turn) -> Turn:
        waiting = Turn(replace(asked, notice=phrase("page.working"), may_leave=True))

        async def work() -> Turn:
            try:
                outcome = await self.conflicts.decide(decision)
            except BackendError:
                outcome = CaseOutcome.LATER
            list_back = back.page.back if isinstance(back.page, Choices) else Turn()
            return self.listing(back, list_back, phrase(f"decided.{outcome}"))

        return replace(waiting, work=work)


def _case_row(case: DeskCase) -> PageRow:
    since = TimeCell(local_time(case.since, DAY_AND_TIME)) if case.since else ""
    return PageRow((since, case.amount, _who(case), phrase(f"conflict.{case.reason}.short")))


def _who(case: DeskCase) -> Cell:
    return PersonName(case.name) if case.name else case.initials or case.external_id


def _head(case: DeskCase) -> list[PageRow]:
    rows = [
        PageRow((_who(case), case.card, phrase("row.amount-in-question", amount=case.amount))),
        PageRow((phrase(f"conflict.{case.reason}.words"),), Tone.CAREFUL),
    ]
    if case.goods:
        rows.append(PageRow((case.goods,)))
    if case.detail:
        rows.append(PageRow((case.detail,)))
    return rows


def _consequence_row(consequence: Consequence) -> PageRow:
    answer = phrase(f"answer.{consequence.answer}")
    if consequence.total_after is None:
        return PageRow((answer,))
    return PageRow((answer, phrase("row.total-after", total=consequence.total_after)))
