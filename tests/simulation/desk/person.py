"""A case and a choice in, the ruling out, and what it says of the row's money."""

from collections.abc import Sequence

from tests.simulation.backend import ModelBackend
from tests.simulation.till import ModelTill, Packet, UnderWay

from taptill.domain.customer import Snapshot
from taptill.domain.entry import Draft, Footing, Kind
from taptill.domain.mark import Mark
from taptill.settlement.judgement import Desk, Unclear, assess, same
from taptill.settlement.requests import Choice, JournalAnswer, Ruling

STAFF, REASON = "Jo", "the office has looked"


class Person:
    """Rules cases as the commands do; `wronged` names a ruling that did not do what it said.

    A ruling says what the row holds of the journal's money: `accept` says all of it, the others
    what the mark in the row, else the last mark seen, covers. Right or wrong, this counts from
    then on, of the row as it was read and of what comes of it; nothing else may move.
    """

    def __init__(self, backend: ModelBackend, under_way: Sequence[Packet]) -> None:
        self._backend = backend
        self._under_way = under_way
        self.wronged = ""

    def ruling(self, till: ModelTill, customer: int, choice: Choice) -> Ruling | None:
        """Give a ruling on what is in question now; None where there is no case, or it must wait.

        While an update may land that bears the same mark and another total, all but a retry wait.
        """
        position = till.position(customer)
        if not till.working or customer in till.memory.under_way:
            return None
        if position is None or position.conflict is None:
            return None
        if choice is Choice.RETRY:
            return Ruling(choice, STAFF, REASON)
        late = any(_sent_by(one, till, customer) for one in self._under_way)
        if late and not self._backend.kin.guarded:
            return None
        return Ruling(choice, STAFF, REASON, position.in_question)

    def unchanged(self, till: ModelTill) -> list[int]:
        """Give the cases of lost marks whose total is exactly as last seen."""
        found = []
        for customer in till.customers():
            position = till.position(customer)
            total = position.row_total if position else None
            if position is None or total is None or position.conflict != Desk.MARK_LOST:
                continue
            if same(self._backend.read(customer).total, total):
                found.append(customer)
        return found

    def knows(self, till: ModelTill, customer: int) -> Choice | None:
        """Give what is right to decide on a case; None where no ruling says what is true."""
        row = self._backend.read(customer)
        mark = row.marks.table.get(till.journal_id)
        look = till.look(customer, mark.seq if mark else None)
        assert look is not None
        counted = self._backend.truth(row).counted(till.journal_id)
        for choice in (Choice.ACCEPT, Choice.RETRY):
            if counted == _believed(till, row, look, choice)[0]:
                return choice
        return None

    def says(self, till: ModelTill, one: UnderWay, drafts: Sequence[Draft]) -> None:
        """Take the person's word where these entries carry a ruling out."""
        ruling, position = one.ruling, till.position(one.task.customer_id)
        if ruling is None or position is None or position.conflict is None:
            return
        for draft in drafts:
            if draft.kind is Kind.WRITE_OFF:
                told = (-(ruling.amount or 0), STAFF, {"reason": REASON})
                if (draft.amount_minor, draft.staff, draft.body) != told or one.wrote_off:
                    self.wronged = f"{draft.amount_minor} is written off, not {told[0]} once"
                one.wrote_off = True
            elif draft.kind is Kind.ATTEMPT:
                assert one.row is not None
                assert one.look is not None
                one.believed, held = _believed(till, one.row, one.look, ruling.choice)
                if not held:  # holds of each copy of the row; a mark of ours says it of itself
                    self._backend.believe(one.row, till.journal_id, one.believed)


def _believed(
    till: ModelTill, row: Snapshot, look: JournalAnswer, choice: Choice
) -> tuple[int, bool]:
    """Give how much of a journal's money a ruling says is in the row; and whether by our mark."""
    mark, position = row.marks.table.get(till.journal_id), look.position
    held = mark is not None and look.footing == Footing(row.customer.id, mark)
    if choice is Choice.ACCEPT:
        return _total(position.last), held
    verdict, _ = assess(row, look, till.journal_id, may_share=True)
    by_mark = held and verdict != Unclear(Desk.MARK_BACK)  # else it went back without its money
    return _total(mark if by_mark else position.seen), held


def _sent_by(packet: Packet, till: ModelTill, customer: int) -> bool:
    update = packet.update
    return packet.journal_id == till.journal_id and update.read.customer.id == customer


def _total(mark: Mark | None) -> int:
    return mark.total if mark else 0
