"""A verb's body in, the answer's rows out: selections at once, changes many to a commit."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.changes import (
    Change,
    Transaction,
    alteration,
    insertion,
    wanted_by,
)
from taptill.service.database import empty_log, reading, site_of, writing
from taptill.service.fields import INTEGER_MAX, Entity, entities, removed
from taptill.service.grammar import every_field, listing, order, rows_of, shape
from taptill.service.people.companies import company_alteration, company_insertion, company_removal
from taptill.service.people.leaving import erasure, removal, restoration
from taptill.service.wire import Refusal, a_number, an_object, given

LIMIT_MAX = 1000
LIMIT_DEFAULT = 100
BATCH_MAX = 64
"""So many changes share one commit."""


def utc_now() -> datetime:
    """Give the present instant."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Waiting:
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
        self.site = site_of(engine)
        self.entities = entities(self.site.digits)
        self.least = entities(self.site.digits, least=True)
        """What a till is shown of them."""
        self.removed = removed(self.site.digits)
        self._now = now
        self._strict_money = strict_money
        self._waiting: deque[_Waiting] = deque()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")

    def select(self, entity: Entity, body: Json) -> list[Json]:
        """Answer rows that are not removed, in the shape that `fields` asks for."""
        an_object(
            body, "", "fields", "conditions", "orderBy", "limit", "offset", "count", "removed"
        )
        answer = shape(entity, body["fields"], "fields") if "fields" in body else None
        limit = a_number(given(body, "limit", LIMIT_DEFAULT), "limit", least=1, most=LIMIT_MAX)
        offset = a_number(given(body, "offset", 0), "offset", least=0, most=INTEGER_MAX)
        wanted = wanted_by(entity, body)
        orders = order(entity, given(body, "orderBy", []))
        answer = answer or every_field(entity)
        query = listing(answer, wanted.template if wanted else None, orders)
        bound = {**(wanted.values if wanted else {}), "limit": limit, "offset": offset}
        with reading(self.engine) as connection:
            return answer.rows(connection.execute(query, bound))

    def count(self, entity: Entity, body: Json) -> int:
        """Count all rows that meet the conditions of a selection, whatever its limit."""
        wanted = wanted_by(entity, body)
        found = rows_of(entity) if wanted is None else rows_of(entity).where(wanted.template.sql)
        query = sa.select(sa.func.count()).select_from(found.subquery())
        with reading(self.engine) as connection:
            return int(connection.execute(query, wanted.values if wanted else {}).scalar_one())

    def insert(self, entity: Entity, body: Json, who: str = "") -> list[Json]:
        """Insert all rows or none and answer them in the shape of `returning`."""
        return self.submit(self.insertion(entity, body, who)).result()

    def update(self, row_id: Json, body: Json, who: str = "") -> list[Json]:
        """Change one customer where its conditions hold; `[]` for an id that there is not."""
        return self.submit(self.alteration(row_id, body, who)).result()

    def remove(self, body: Json) -> list[Json]:
        """Mark the customers that meet the conditions as removed and answer them."""
        return self.submit(removal(self.entities["Customers"], body, "")).result()

    def insertion(self, entity: Entity, body: Json, who: str) -> Change:
        """Make the change of an insert."""
        companies = entity.table is schema.companies
        return company_insertion(body, who) if companies else insertion(entity, body, who)

    def alteration(
        self, row_id: Json, body: Json, who: str, entity: Entity | None = None
    ) -> Change:
        """Make the change of an update, as strict about money as this store."""
        entity = entity or self.entities["Customers"]
        return alteration(entity, row_id, body, who, strict_money=self._strict_money)

    def customer_change(
        self, entity: Entity, verb: str, row_id: int | None, body: Json, who: str
    ) -> Change:
        """Make the change of a verb about customers, shown as the entity does."""
        match verb:
            case "insert":
                return insertion(entity, body, who)
            case "update":
                return self.alteration(row_id, body, who, entity)
            case "remove":
                return removal(entity, body, who)
            case "restore":
                return restoration(entity, self.removed, body, who)
            case _:
                return erasure(entity, self.removed, body, who)

    def company_change(self, verb: str, row_id: int | None, body: Json, who: str) -> Change:
        """Make the change of a verb about companies."""
        match verb:
            case "insert":
                return company_insertion(body, who)
            case "update":
                return company_alteration(row_id, body, who)
            case _:
                return company_removal(body, who)

    def submit(self, change: Change) -> Future[list[Json]]:
        """Have a change written; the answer is there once it is on the disk."""
        waiting = _Waiting(change)
        self._waiting.append(waiting)
        self._writer.submit(self._write_waiting)
        return waiting.answer

    def _write_waiting(self) -> None:
        batch: list[_Waiting] = []
        while self._waiting and len(batch) < BATCH_MAX:
            batch.append(self._waiting.popleft())
        if batch:
            self._write(batch)

    def _write(self, batch: Sequence[_Waiting], *, again: bool = True) -> None:
        committing = False
        answers: Sequence[list[Json] | BaseException]
        try:
            with writing(self.engine) as connection:
                transaction = Transaction(connection, self._now)
                answers = [_attempt(one.change, transaction) for one in batch]
                transaction.finish()
                erases = transaction.erases
                committing = True
            if erases:
                empty_log(self.engine)
        except Exception as fault:  # noqa: BLE001 - thread top: everyone who waits is told
            if not committing and again and (len(batch) > 1 or _is_lost(fault)):
                # Nothing was written, so each may try again, alone: one does not spoil the others.
                for one in batch:
                    self._write([one], again=False)
                return
            answers = [fault] * len(batch)
        for one, answer in zip(batch, answers, strict=True):
            _tell(one.answer, answer)


def _attempt(change: Change, transaction: Transaction) -> list[Json] | Refusal:
    try:
        return change(transaction)
    except Refusal as refusal:
        return refusal


def _tell(waiting: Future[list[Json]], answer: list[Json] | BaseException) -> None:
    if isinstance(answer, BaseException):
        waiting.set_exception(answer)
    else:
        waiting.set_result(answer)


def _is_lost(fault: Exception) -> bool:
    return isinstance(fault, DBAPIError) and fault.connection_invalidated
