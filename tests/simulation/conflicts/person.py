"""A case and a choice in, the ruling out, and what it says of the row's money."""

from collections.abc import Sequence

from tests.simulation.acts import Says
from tests.simulation.backend import ModelBackend
from tests.simulation.till import ModelTill, Packet, UnderWay

from taptill.domain.customer import Snapshot
from taptill.domain.entry import Draft, EntryKind, MarkedEntry
from taptill.domain.mark import Mark
from taptill.settlement.reconcile import Conflict, ConflictReason, reconcile, same_amount
from taptill.settlement.requests import Choice, JournalAnswer, Resolution

STAFF, REASON = "Jo", "the office has looked"


class ModelPerson:
    """Rules cases as the commands do; `wronged` names a ruling that did not do what it said.

    A ruling says what the row holds of the journal's money: `accept` says all of it, a retry what
    the person says, else what the mark in the row says. Right or wrong, this counts from then on,
    of the row as it was read and of what comes of it; nothing else may move.
    """

    def __init__(self, backend: ModelBackend, under_way: Sequence[Packet]) -> None:
        self._backend = backend
        self._under_way = under_way
        self.wronged = ""

    def resolution(self, till: ModelTill, customer: int, says: Says) -> Resolution | None:
        """Return a ruling on what is in question now; None where there is no case, or it must wait.

        While an update may land that bears the same mark and another total, all but what the row's
        mark says waits.
        """
        position = till.position(customer)
        if not till.working or customer in till.memory.under_way:
            return None
        if position is None or position.conflict is None:
            return None
        choice, booked_minor = self._decision(till, customer, says)
        if choice is Choice.RETRY and booked_minor is None:
            return Resolution(choice, STAFF, REASON)
        late = any(_sent_by(packet, till, customer) for packet in self._under_way)
        if late and not self._backend.kin.guarded:
            return None
        return Resolution(
            choice, STAFF, reason=REASON, amount=position.in_question, booked_minor=booked_minor
        )

    def _decision(self, till: ModelTill, customer: int, says: Says) -> tuple[Choice, int | None]:
        """Return the choice and what is booked already, None: as the row's mark says."""
        position = till.position(customer)
        assert position
        match says:
            case Says.BY_MARK:
                return Choice.RETRY, None
            case Says.ALL_IN:
                return Choice.ACCEPT, None
            case Says.WRITTEN_OFF:
                return Choice.WRITE_OFF, None
            case Says.NONE_IN:
                return Choice.RETRY, 0
            case Says.AS_SEEN:
                return Choice.RETRY, _total(position.row_mark)
            case Says.TRUE:
                return Choice.RETRY, self._counted(till, customer)

    def _counted(self, till: ModelTill, customer: int) -> int:
        row = self._backend.read(customer)
        return self._backend.truth(row).counted(till.journal_id)

    def unchanged(self, till: ModelTill) -> list[int]:
        """Return the cases of lost marks whose total is exactly as last seen."""
        customers = []
        for customer in till.customers():
            position = till.position(customer)
            total = position.row_total if position else None
            if position is None or total is None or position.conflict != ConflictReason.MARK_LOST:
                continue
            if same_amount(self._backend.read(customer).total, total):
                customers.append(customer)
        return customers

    def says(self, till: ModelTill, running: UnderWay, drafts: Sequence[Draft]) -> None:
        """Take the person's word where these entries carry a ruling out."""
        resolution, position = running.resolution, till.position(running.task.customer_id)
        if resolution is None or position is None or position.conflict is None:
            return
        for draft in drafts:
            if draft.kind is EntryKind.WRITE_OFF:
                expected_write_off = (-(resolution.amount or 0), STAFF, {"reason": REASON})
                if (
                    draft.amount_minor,
                    draft.staff,
                    draft.body,
                ) != expected_write_off or running.wrote_off:
                    self.wronged = (
                        f"{draft.amount_minor} is written off, not {expected_write_off[0]} once"
                    )
                running.wrote_off = True
            elif draft.kind is EntryKind.ATTEMPT:
                if (
                    resolution.choice is Choice.WRITE_OFF
                    and resolution.amount
                    and not running.wrote_off
                ):
                    self.wronged = f"{resolution.amount} is not written off"
                assert running.row is not None
                assert running.journal is not None
                running.believed_total, has_mark = _believed(
                    till, running.row, running.journal, resolution
                )
                if not has_mark:  # holds of each copy of the row; a mark of ours says it of itself
                    self._backend.believe(running.row, till.journal_id, running.believed_total)


def _believed(
    till: ModelTill, row: Snapshot, look: JournalAnswer, resolution: Resolution
) -> tuple[int, bool]:
    """Return how much of a journal's money a ruling says is in the row; and whether by our mark."""
    mark, position = row.marks.table.get(till.journal_id), look.position
    has_own_mark = mark is not None and look.marked_entry == MarkedEntry(row.customer.id, mark)
    if resolution.choice is not Choice.RETRY:
        return _total(position.last), has_own_mark
    if resolution.booked_minor is not None:
        return resolution.booked_minor, has_own_mark
    verdict, _ = reconcile(row, look, till.journal_id, may_share=True)
    assert isinstance(verdict, Conflict)
    return _total(verdict.certain_mark), has_own_mark


def _sent_by(packet: Packet, till: ModelTill, customer: int) -> bool:
    update = packet.update
    return packet.journal_id == till.journal_id and update.read.customer.id == customer


def _total(mark: Mark | None) -> int:
    return mark.total if mark else 0
