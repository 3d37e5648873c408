"""Executes selections, and changes, of which many share a commit."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from taptill.domain.technical.exact_json import Json, read_json
from taptill.service import schema
from taptill.service.changes import (
    Change,
    Transaction,
    optional_conditions,
)
from taptill.service.conditions import refuse_too_many_values
from taptill.service.database import (
    currency_of,
    is_sqlite,
    read_connection,
    truncate_wal,
    write_transaction,
)
from taptill.service.driver import DriverConnections, LoopReader, prepare
from taptill.service.fields import INTEGER_MAX, Entity, entities, removed_customers
from taptill.service.people.companies import insert_companies, remove_companies, update_company
from taptill.service.people.customers import insert_customers, update_customer
from taptill.service.people.removal import erase_customers, remove_customers, restore_customers
from taptill.service.selection import (
    Page,
    all_fields,
    is_by_key,
    page_key,
    page_statement,
    read_order,
    read_shape,
    select_ids,
)
from taptill.service.wire import ApiError, member_or, require_integer, require_object

LIMIT_MAX = 1000
LIMIT_DEFAULT = 100
ROWS_AT_ONCE_MAX = 2
"""How many rows a selection may have that is answered on the event loop."""
PAGE_CACHE_SIZE = 128
"""How many selections are kept prepared: clients send the same ones with other values."""
COMMIT_BATCH_MAX = 64
"""How many changes share one commit at most."""


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class BoundPage:
    """A selection and the values with which it is run."""

    page: Page
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _QueuedChange:
    change: Change
    answer: Future[list[Json]] = field(default_factory=Future)


class Store:
    """Selections and changes of one database; safe to use from several threads.

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
        self._pages: dict[tuple[Entity, str], Page] = {}
        self._pages_lock = Lock()
        self._readers = DriverConnections(engine)
        self._loop_reader = LoopReader(engine) if is_sqlite(engine) else None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")

    def select(self, entity: Entity, body: Json) -> list[Json]:
        """Return the matching rows of a query, in the shape of its `fields`."""
        rows: list[Json] = read_json(self.select_text(self.bind(entity, body)))
        return rows

    def bind(self, entity: Entity, body: Json) -> BoundPage:
        """Return a query with its values; raise ApiError (400) where it is invalid."""
        require_object(
            body, "", "fields", "conditions", "orderBy", "limit", "offset", "count", "removed"
        )
        shape = read_shape(entity, body["fields"], "fields") if "fields" in body else None
        parameters = _page_bounds(body)
        conditions = optional_conditions(entity, body)
        orders = read_order(entity, member_or(body, "orderBy", []))
        shape = shape or all_fields(entity)
        template = conditions.template if conditions else None
        query = page_statement(shape, template, orders)
        by_key = is_by_key(entity, body.get("conditions"))
        page = Page(shape, template, query, prepare(self.engine, query), by_key)
        self._keep_page((entity, page_key(body, [])), page)
        return BoundPage(page, {**parameters, **(conditions.values if conditions else {})})

    def bind_known(self, entity: Entity, body: Json) -> BoundPage | None:
        """Return a query as `bind` does if one with other values was seen; else None."""
        values: list[Json] = []
        page = self._pages.get((entity, page_key(body, values))) if isinstance(body, dict) else None
        if page is None:
            return None
        parameters = _page_bounds(body)
        if page.template is not None:
            if any(isinstance(value, list | dict) for value in values):
                refuse_too_many_values(body["conditions"])
            parameters.update(page.template.bind(values))
        return BoundPage(page, parameters)

    def select_text(self, bound: BoundPage) -> str:
        """Return the matching rows as JSON."""
        page = bound.page
        if page.prepared is not None:
            rows = self._readers.rows(page.prepared, bound.parameters)
            return page.shape.row_format.list_text(rows)
        with read_connection(self.engine) as connection:
            result = connection.execute(page.query, bound.parameters)
            return page.shape.row_format.list_text(result)

    def select_at_once(self, bound: BoundPage) -> str | None:
        """Return the rows of a query that blocks nobody; None where a thread is to select them."""
        page = bound.page
        if not (page.is_by_key and bound.parameters["limit"] <= ROWS_AT_ONCE_MAX):
            return None
        if self._loop_reader is None or page.prepared is None:
            return None
        rows = self._loop_reader.rows(page.prepared, bound.parameters)
        return None if rows is None else page.shape.row_format.list_text(rows)

    def _keep_page(self, key: tuple[Entity, str], page: Page) -> None:
        with self._pages_lock:
            while len(self._pages) >= PAGE_CACHE_SIZE:
                del self._pages[next(iter(self._pages))]
            self._pages[key] = page

    def count(self, entity: Entity, body: Json) -> int:
        """Return the number of all rows that meet a query's conditions, whatever its limit."""
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
                # Nothing was written, so each is tried again alone: one fault fails no other.
                for item in batch:
                    self._write([item], may_retry=False)
                return
            answers = [fault] * len(batch)
        for item, answer in zip(batch, answers, strict=True):
            _complete(item.answer, answer)


def _page_bounds(body: Mapping[str, Json]) -> dict[str, Any]:
    limit = require_integer(
        member_or(body, "limit", LIMIT_DEFAULT), "limit", minimum=1, maximum=LIMIT_MAX
    )
    offset = require_integer(member_or(body, "offset", 0), "offset", minimum=0, maximum=INTEGER_MAX)
    return {"limit": limit, "offset": offset}


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
