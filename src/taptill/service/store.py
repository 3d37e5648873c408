"""A verb's body in, the answer's rows out: selections at once, changes many to a commit."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from taptill.service import schema
from taptill.service.changes import (
    Change,
    Transaction,
    optional_conditions,
)
from taptill.service.database import currency_of, read_connection, truncate_wal, write_transaction
from taptill.service.fields import INTEGER_MAX, Entity, entities, removed_customers
from taptill.service.people.companies import insert_companies, remove_companies, update_company
from taptill.service.people.customers import insert_customers, update_customer
from taptill.service.people.removal import erase_customers, remove_customers, restore_customers
from taptill.service.selection import all_fields, page_statement, read_order, read_shape, select_ids
from taptill.service.wire import ApiError, Json, member_or, require_integer, require_object

LIMIT_MAX = 1000
LIMIT_DEFAULT = 100
COMMIT_BATCH_MAX = 64
"""So many changes share one commit."""


def utc_now() -> datetime:
    """Give the present instant."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _QueuedChange:
    change: Change
    answer: Future[list[Json]] = field(default_factory=Future)


class Store:
    """The four verbs over one database; safe to use from several threads.

    `strict_money` refuses an update of `totalDebt` that says nothing about the row it changes.
    All changes are written by one thread, which takes everything that waits into one transaction:
    the disk is asked once for many, and no two changes ever meet.
    """

    def __init__(
        self, engine: sa.Engine, *, now: Callable[[], datetime] = utc_now, strict_money: bool = True
    ) -> None:
        self.engine = engine
        self.currency = currency_of(engine)
        self.entities = entities(self.currency.digits)
        self.till_entities = entities(self.currency.digits, for_till=True)
        """What a till is shown of them."""
        self.removed = removed_customers(self.currency.digits)
        self._now = now
        self._strict_money = strict_money
        self._queue: deque[_QueuedChange] = deque()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")

    def select(self, entity: Entity, body: Json) -> list[Json]:
        """Answer rows that are not removed, in the shape that `fields` asks for."""
        require_object(
            body, "", "fields", "conditions", "orderBy", "limit", "offset", "count", "removed"
        )
        answer_shape = read_shape(entity, body["fields"], "fields") if "fields" in body else None
        limit = require_integer(
            member_or(body, "limit", LIMIT_DEFAULT), "limit", minimum=1, maximum=LIMIT_MAX
        )
        offset = require_integer(
            member_or(body, "offset", 0), "offset", minimum=0, maximum=INTEGER_MAX
        )
        conditions = optional_conditions(entity, body)
        orders = read_order(entity, member_or(body, "orderBy", []))
        answer_shape = answer_shape or all_fields(entity)
        query = page_statement(answer_shape, conditions.template if conditions else None, orders)
        parameters = {**(conditions.values if conditions else {}), "limit": limit, "offset": offset}
        with read_connection(self.engine) as connection:
            return answer_shape.rows(connection.execute(query, parameters))

    def count(self, entity: Entity, body: Json) -> int:
        """Count all rows that meet the conditions of a selection, whatever its limit."""
        conditions = optional_conditions(entity, body)
        matching = (
            select_ids(entity)
            if conditions is None
            else select_ids(entity).where(conditions.template.sql)
        )
        query = sa.select(sa.func.count()).select_from(matching.subquery())
        with read_connection(self.engine) as connection:
            return int(
                connection.execute(query, conditions.values if conditions else {}).scalar_one()
            )

    def insert(self, entity: Entity, body: Json, actor: str = "") -> list[Json]:
        """Insert all rows or none and answer them in the shape of `returning`."""
        return self.submit(self.insert_change(entity, body, actor)).result()

    def update(self, row_id: Json, body: Json, actor: str = "") -> list[Json]:
        """Change one customer where its conditions hold; `[]` for an id that there is not."""
        return self.submit(self.update_change(row_id, body, actor)).result()

    def remove(self, body: Json) -> list[Json]:
        """Mark the customers that meet the conditions as removed and answer them."""
        return self.submit(remove_customers(self.entities["Customers"], body, "")).result()

    def insert_change(self, entity: Entity, body: Json, actor: str) -> Change:
        """Make the change of an insert."""
        companies = entity.table is schema.companies
        return insert_companies(body, actor) if companies else insert_customers(entity, body, actor)

    def update_change(
        self, row_id: Json, body: Json, actor: str, entity: Entity | None = None
    ) -> Change:
        """Make the change of an update, as strict about money as this store."""
        entity = entity or self.entities["Customers"]
        return update_customer(entity, row_id, body, actor, strict_money=self._strict_money)

    def customer_change(
        self, entity: Entity, verb: str, row_id: int | None, body: Json, actor: str
    ) -> Change:
        """Make the change of a verb about customers, shown as the entity does."""
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
        """Make the change of a verb about companies."""
        match verb:
            case "insert":
                return insert_companies(body, actor)
            case "update":
                return update_company(row_id, body, actor)
            case _:
                return remove_companies(body, actor)

    def submit(self, change: Change) -> Future[list[Json]]:
        """Have a change written; the answer is there once it is on the disk."""
        queued_change = _QueuedChange(change)
        self._queue.append(queued_change)
        self._writer.submit(self._write_queued)
        return queued_change.answer

    def _write_queued(self) -> None:
        batch: list[_QueuedChange] = []
        while self._queue and len(batch) < COMMIT_BATCH_MAX:
            batch.append(self._queue.popleft())
        if batch:
            self._write(batch)

    def _write(self, batch: Sequence[_QueuedChange], *, may_retry: bool = True) -> None:
        committing = False
        answers: Sequence[list[Json] | BaseException]
        try:
            with write_transaction(self.engine) as connection:
                transaction = Transaction(connection, self._now)
                answers = [_try_change(item.change, transaction) for item in batch]
                transaction.flush()
                erases_data = transaction.erases_data
                committing = True
            if erases_data:
                truncate_wal(self.engine)
        except Exception as fault:  # noqa: BLE001 - thread top: everyone who waits is told
            if not committing and may_retry and (len(batch) > 1 or _is_disconnected(fault)):
                # Nothing was written, so each may try again, alone: one does not spoil the others.
                for item in batch:
                    self._write([item], may_retry=False)
                return
            answers = [fault] * len(batch)
        for item, answer in zip(batch, answers, strict=True):
            _complete(item.answer, answer)


def _try_change(change: Change, transaction: Transaction) -> list[Json] | ApiError:
    try:
        return change(transaction)
    except ApiError as refusal:
        return refusal


def _complete(future: Future[list[Json]], answer: list[Json] | BaseException) -> None:
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _is_disconnected(fault: Exception) -> bool:
    return isinstance(fault, DBAPIError) and fault.connection_invalidated
