"""Send the money that is open to the backend while no till runs."""

import asyncio
from pathlib import Path

from taptill.domain.clock import Clock
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.errors import JournalError, UsageError
from taptill.journal.lock import alone
from taptill.operations.progress import OnProgress, Unsent
from taptill.settlement.state import SettlementState
from taptill.wiring.sending import Sender

POLL_S = 1.0
PATIENCE_S = 120.0
"""Seconds without any customer being settled, after which sending gives up."""


async def send_open(sender: Sender, on_progress: OnProgress) -> None:
    """Settle until nothing is open but the conflict desk, or no customer is settled any more.

    Errors: JournalError where settlement as a whole is stopped.
    """
    settlement, queries = sender.settlement, sender.journal.queries
    customers_before, patience_s = None, PATIENCE_S
    while patience_s > 0:
        delay_s = await settlement.settle_open()
        customers, _ = queries.open_sum()
        on_progress(Unsent(customers))
        refuse_stopped(sender)
        if delay_s is None:
            return
        patience_s = patience_s - POLL_S if customers == customers_before else PATIENCE_S
        customers_before = customers
        await asyncio.sleep(min(delay_s, POLL_S))


def refuse_stopped(sender: Sender) -> None:
    """Raise JournalError while settlement as a whole is stopped."""
    state = sender.settlement.state
    if state is not SettlementState.RUNNING:
        detail = f"settlement is {state}: see docs/charging.md"
        raise JournalError(path=sender.journal.path, detail=detail)


def lift_halt(path: Path, clock: Clock) -> None:
    """End a halt of settlement: each row that caused it is accepted as it is when it is next read.

    Errors: UsageError where settlement is not halted; JournalError.
    """
    with alone(path, clock) as journal:
        halts = journal.queries.halted()
        if not halts:
            raise UsageError(problem="settlement is not halted")
        journal.append(*(Draft(EntryKind.RESUMED, customer_id) for customer_id in halts))
