"""Executes selections, and changes, of which many share a commit."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import get_ident

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from taptill.domain.technical.exact_json import Json, read_json
from taptill.service import schema
from taptill.service.changes import (
    Change,
    Transaction,
)
from taptill.service.database import (
    currency_of,
    truncate_wal,
)
from taptill.service.fields import Entity, entities, removed_customers
from taptill.service.people.companies import insert_companies, remove_companies, update_company
from taptill.service.people.customers import insert_customers, update_customer
from taptill.service.people.removal import erase_customers, remove_customers, restore_customers
from taptill.service.prepared.connections import Writer
from taptill.service.prepared.selections import Selections
from taptill.service.wire import ApiError

COMMIT_BATCH_MAX = 64
"""How many changes share one commit at most."""

CLOSE_S_MAX = 5.0
"""How long the end of an engine waits for a transaction that is under way."""


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


Answer = list[Json] | BaseException
AnswerFuture = asyncio.Future[list[Json]] | Future[list[Json]]


@dataclass(frozen=True, slots=True)
class _QueuedChange:
    change: Change
    answer: AnswerFuture


class Store:
    """The changes of one database, and its selections; safe to use from several threads.

    `strict_money` rejects an update of `totalDebt` without conditions on what was read. One thread
    writes all changes and puts all that wait into one transaction: the disk is synced once for
    many, and changes never conflict.
    """

    def __init__(
        self, engine: sa.Engine, *, now: Callable[[], datetime] = utc_now, strict_money: bool = True
    ) -> None:
        self.engine = engine
        self.currency = currency_of(engine)
        self.entities = entities(self.currency.digits)
        self.till_entities = entities(self.currency.digits, for_till=True)
        """The entities that a till may see."""
        self.removed = removed_customers(self.currency.digits)
        self._now = now
        self._strict_money = strict_money
        self._queue: deque[_QueuedChange] = deque()
        self._is_scheduled = False
        self.selections = Selections(engine)
        self._writing = Writer(engine)
        self._writer_thread: int | None = None
        self._writer = ThreadPoolExecutor(
            1, thread_name_prefix="writer", initializer=self._note_writer_thread
        )
        sa.event.listen(engine, "engine_disposed", self._close_writing)

    def select(self, entity: Entity, body: Json) -> list[Json]:
        """Return the matching rows of a query, in the shape of its `fields`."""
        rows: list[Json] = read_json(self.selections.text(self.selections.bind(entity, body)))
        return rows

    def insert(self, entity: Entity, body: Json, actor: str = "") -> list[Json]:
        """Insert all rows or none and return them in the shape of `returning`."""
        return self.submit(self.insert_change(entity, body, actor)).result()

    def update(self, row_id: Json, body: Json, actor: str = "") -> list[Json]:
        """Update one customer if it meets the conditions; `[]` for an unknown id."""
        return self.submit(self.update_change(row_id, body, actor)).result()

    def remove(self, body: Json) -> list[Json]:
        """Mark the matching customers as removed and return them."""
        return self.submit(remove_customers(self.entities["Customers"], body, "")).result()

    def insert_change(self, entity: Entity, body: Json, actor: str) -> Change:
        """Return the change of an insert."""
        companies = entity.table is schema.companies
        return insert_companies(body, actor) if companies else insert_customers(entity, body, actor)

    def update_change(
        self, row_id: Json, body: Json, actor: str, entity: Entity | None = None
    ) -> Change:
        """Return the change of an update of a customer."""
        entity = entity or self.entities["Customers"]
        return update_customer(entity, row_id, body, actor, strict_money=self._strict_money)

    def customer_change(
        self, entity: Entity, verb: str, row_id: int | None, body: Json, actor: str
    ) -> Change:
        """Return the change of a verb on customers; its answer has the fields of `entity`."""
        match verb:
            case "insert":
                return insert_customers(entity, body, actor)
            case "update":
                return self.update_change(row_id, body, actor, entity)
            case "remove":
                return remove_customers(entity, body, actor)
            case "restore":
                return restore_customers(entity, self.removed, body, actor)
            case _:
                return erase_customers(entity, self.removed, body, actor)

    def company_change(self, verb: str, row_id: int | None, body: Json, actor: str) -> Change:
        """Return the change of a verb on companies."""
        match verb:
            case "insert":
                return insert_companies(body, actor)
            case "update":
                return update_company(row_id, body, actor)
            case _:
                return remove_companies(body, actor)

    def submit(self, change: Change) -> Future[list[Json]]:
        """Queue a change; the future has its answer once the change is on the disk."""
        answer: Future[list[Json]] = Future()
        self._enqueue(_QueuedChange(change, answer))
        return answer

    async def execute(self, change: Change) -> list[Json]:
        """Queue a change, and return its answer once the change is on the disk."""
        answer: asyncio.Future[list[Json]] = asyncio.get_running_loop().create_future()
        self._enqueue(_QueuedChange(change, answer))
        return await answer

    def _enqueue(self, queued_change: _QueuedChange) -> None:
        self._queue.append(queued_change)
        if not self._is_scheduled:
            self._is_scheduled = True
            self._writer.submit(self._write_queued)

    def _note_writer_thread(self) -> None:
        self._writer_thread = get_ident()

    def _close_writing(self, _engine: sa.Engine) -> None:
        """Close the writer's connection: whoever disposes of the engine finds the file closed."""
        closed = self._writer.submit(self._writing.close)
        if get_ident() != self._writer_thread:
            wait([closed], CLOSE_S_MAX)

    def _write_queued(self) -> None:
        self._is_scheduled = False  # before the queue is emptied: what comes later schedules anew
        while self._queue:
            count = min(len(self._queue), COMMIT_BATCH_MAX)
            self._write([self._queue.popleft() for _ in range(count)])

    def _write(self, batch: Sequence[_QueuedChange], *, may_retry: bool = True) -> None:
        committing = False
        answers: Sequence[Answer]
        try:
            with self._writing.transaction() as (connection, newest):
                transaction = Transaction(connection, self._now, newest=newest)
                answers = [_try_change(item.change, transaction) for item in batch]
                transaction.flush()
                erases_data = transaction.erases_data
                committing = True
            if erases_data:
                truncate_wal(self.engine)
        except Exception as fault:  # noqa: BLE001 - thread top: everyone who waits is told
            if not committing and may_retry and (len(batch) > 1 or _is_disconnected(fault)):
                # Nothing was written, so each is tried again alone: one fault fails no other.
                for item in batch:
                    self._write([item], may_retry=False)
                return
            answers = [fault] * len(batch)
        _deliver([(item.answer, answer) for item, answer in zip(batch, answers, strict=True)])


def _try_change(change: Change, transaction: Transaction) -> list[Json] | ApiError:
    try:
        return change(transaction)
    except ApiError as refusal:
        return refusal


def _deliver(answers: Sequence[tuple[AnswerFuture, Answer]]) -> None:
    """Complete the futures; those of an event loop within it, all at once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[AnswerFuture, Answer]]] = {}
    for future, answer in answers:
        if isinstance(future, asyncio.Future):
            by_loop.setdefault(future.get_loop(), []).append((future, answer))
        else:
            _complete(future, answer)
    for loop, own in by_loop.items():
        with suppress(RuntimeError):  # it was closed meanwhile: nobody waits there
            loop.call_soon_threadsafe(_complete_all, own)


def _complete_all(answers: Sequence[tuple[AnswerFuture, Answer]]) -> None:
    for future, answer in answers:
        if not future.done():  # else its request was given up
            _complete(future, answer)


def _complete(future: AnswerFuture, answer: Answer) -> None:
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _is_disconnected(fault: Exception) -> bool:
    return isinstance(fault, DBAPIError) and fault.connection_invalidated
