"""Carries out the requests of settling with the real journal and backend."""

from collections.abc import Callable, Sequence

from taptill.domain.customer import Snapshot
from taptill.domain.entry import Draft, EntryKind
from taptill.settlement.ports import Backend, SettlementJournal
from taptill.settlement.reconcile import HaltReason
from taptill.settlement.requests import (
    Answer,
    Append,
    Applied,
    Outcome,
    ReadJournal,
    ReadRow,
    RowAnswer,
    Update,
)
from taptill.settlement.settle import settle
from taptill.settlement.update_row import Task


class SettlementDriver:
    """Runs one customer's settling; `on_row` gets every row read, `stop` every halt."""

    def __init__(
        self,
        journal: SettlementJournal,
        backend: Backend,
        on_row: Callable[[Snapshot], None],
        stop: Callable[[HaltReason, int], None],
    ) -> None:
        self._journal = journal
        self._backend = backend
        self._on_row = on_row
        self._stop = stop

    async def drive(self, task: Task, read: RowAnswer | None = None) -> Outcome:
        """Settle one customer; `read` answers the first read of the row, if it was read ahead."""
        settling = settle(task)
        answer: Answer = None
        while True:
            try:
                request = settling.send(answer)
            except StopIteration as end:
                outcome: Outcome = end.value
                return outcome
            if isinstance(request, ReadRow):
                answer, read = await self._read(request.customer_id, read), None
            else:
                answer = await self._answer(request)

    async def _read(self, customer_id: int, read: RowAnswer | None) -> RowAnswer:
        row = read or await self._backend.read_row(customer_id)
        if isinstance(row, Snapshot):
            self._on_row(row)
        return row

    async def _answer(self, request: Append | ReadJournal | Update) -> Answer:
        match request:
            case ReadJournal(customer_id, mark_seq):
                return self._journal.query(customer_id, mark_seq)
            case Append(drafts):
                await self._write(drafts)
                return None
            case Update():
                answer = await self._backend.update_row(request)
                if isinstance(answer, Applied) and answer.row:
                    self._on_row(answer.row)
                return answer

    async def _write(self, drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            if draft.kind is EntryKind.HALTED:  # before the disk is asked, which may fail
                self._stop(HaltReason(draft.body["reason"]), draft.customer_id or 0)
        await self._journal.append(drafts)
