"""Move a journal to another machine, continue it under a new id, or close it for good."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from taptill.domain.clock import Clock
from taptill.domain.customer import Snapshot
from taptill.domain.errors import BackendError
from taptill.journal import identity
from taptill.journal.file import positions
from taptill.journal.lock import alone
from taptill.operations.progress import Comparing, LateRequestLanded, OnProgress, WaitingForLate
from taptill.operations.sending import refuse_stopped, send_open
from taptill.settlement.requests import NoAnswer, RowAnswer, RowUnreadable
from taptill.settlement.settle import STALE_MAX
from taptill.wiring.machine import machine
from taptill.wiring.sending import Sender

ROUNDS_MAX = 3
"""Rounds of settling and comparing, at most, before a journal cannot be retired."""

ROWS_MAX = 100
"""Rows that are read with one request."""

TICK_S = 1.0
RETRY_DELAYS_S = (1.0, 2.0, 4.0)
RETRY_DELAY_S_MAX = 60.0
RETIRING = "it is to be retired"

_A = TypeVar("_A")


def adopt(path: Path, clock: Clock) -> None:
    """Write into the journal that it belongs to this machine from now on.

    Raise JournalError or a subclass.
    """
    with alone(path, clock) as journal:
        identity.adopt(journal, machine())


def fork(path: Path, clock: Clock, late_max_s: float) -> tuple[str, int]:
    """Continue the journal under a new id; return the id and the number of new conflict cases.

    `late_max_s` is for how many seconds a request that was sent may still land.
    Errors: JournalError.
    """
    with alone(path, clock) as journal:
        return identity.fork(journal, clock, late_max_s)


def retire_booked(path: Path, clock: Clock) -> None:
    """Close the journal of a till that sends nothing, once the office has booked all files.

    Errors: JournalOpenError while a file is not booked, JournalError.
    """
    with alone(path, clock) as journal:
        identity.refuse_while_open(journal.queries, RETIRING)
        journal.retire()


async def retire_settled(sender: Sender, late_max_s: float, on_progress: OnProgress) -> None:
    """Send what is open, compare every customer's row once more, and close the journal for good.

    Errors: JournalOpenError while money is open, BackendError, JournalError.
    """
    queries = sender.journal.queries
    for _ in range(ROUNDS_MAX):
        await send_open(sender, on_progress)
        identity.refuse_while_open(queries, RETIRING)
        await _wait(late_max_s, on_progress)
        await _compare_all(sender, on_progress)
        refuse_stopped(sender)
        if not queries.open_sum(with_desk=True)[0]:
            await sender.journal.retire()
            return
        on_progress(LateRequestLanded())
    identity.refuse_while_open(queries, RETIRING)


async def _wait(seconds: float, on_progress: OnProgress) -> None:
    left_s = seconds
    while left_s > 0:
        on_progress(WaitingForLate(left_s))
        await asyncio.sleep(min(TICK_S, left_s))
        left_s -= TICK_S


async def _compare_all(sender: Sender, on_progress: OnProgress) -> None:
    all_positions = positions(sender.journal.queries.connection)
    customers = [position.customer_id for position in all_positions if position.last]
    for first in range(0, len(customers), ROWS_MAX):
        batch = customers[first : first + ROWS_MAX]
        on_progress(Comparing(first + len(batch), len(customers)))
        answer = await _retried(partial(sender.api.read_rows, batch))
        rows = {} if isinstance(answer, NoAnswer) else answer
        for customer in batch:
            await _compare(sender, customer, rows.get(customer))


async def _compare(sender: Sender, customer: int, row: RowAnswer | None) -> None:
    """Compare one customer's row with the journal; a customer who was removed has no row.

    A stale copy of the row is read again; one that stays stale comes from a restored backend.
    """
    for copies in range(1, STALE_MAX + 1):
        answer = row or await _retried(partial(sender.api.read_row, customer))
        if isinstance(answer, NoAnswer | RowUnreadable):
            raise BackendError(detail=f"{answer.reason}; nothing was retired, try again")
        if not isinstance(answer, Snapshot):
            return
        if await sender.settlement.compare(answer, is_current=copies == STALE_MAX):
            return
        row = None


async def _retried(ask: Callable[[], Awaitable[_A | NoAnswer]]) -> _A | NoAnswer:
    """Return the answer, after retries where the backend gives none; Retry-After is respected."""
    answer = await ask()
    for delay_s in RETRY_DELAYS_S:
        if not isinstance(answer, NoAnswer) or answer.access_denied:
            break
        await asyncio.sleep(min(answer.retry_after_s or delay_s, RETRY_DELAY_S_MAX))
        answer = await ask()
    return answer
