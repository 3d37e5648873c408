"""A writing verb's body in, a change out that a transaction checks first and then writes.

Making a change checks what needs no database. Carrying it out refuses, if at all, before its first
write: many changes share a transaction, and one that is refused must leave nothing in it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from taptill.domain.customer import stamp
from taptill.domain.mark import KEY, epoch_of, read_marks, with_mark
from taptill.domain.money import MINOR_MAX
from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.conditions import (
    TEMPLATES_MAX,
    Condition,
    Template,
    condition,
    pins,
    refuse_empty,
)
from taptill.service.fields import (
    CUSTOMERS,
    DEBT_CHANGES,
    INTEGER_MAX,
    Entity,
    Field,
    Kind,
    on_the_wire,
    stamp_text,
    value_for,
    written,
)
from taptill.service.grammar import Shape, every_field, rows_of, shape
from taptill.service.people.taken import check_rows
from taptill.service.wire import Refusal, a_list, a_number, an_object, bad, write

INSERT_MAX = 1000
MONEY = "totalDebt"
INCREMENT = "increment"

_ROW = schema.customers.c
_ID = {"id": True}
_THIS = _ROW.id == sa.bindparam("this")
_NEWEST = sa.func.max(_ROW.updated_at)
_PRESENT = (
    rows_of(CUSTOMERS)
    .where(_THIS)
    .with_only_columns(
        _ROW.total_debt_minor,
        sa.select(sa.func.max(schema.customers.alias().c.updated_at)).scalar_subquery(),
    )
)
_TOTAL = _ROW.total_debt_minor.name
_TILLS = frozenset({_TOTAL, _ROW.debt_data.name})
"""What tills write: the ledger and the marks tell of it."""


class Act(StrEnum):
    """What is done to a customer by others than tills."""

    INSERT = "insert"
    UPDATE = "update"
    REMOVE = "remove"
    RESTORE = "restore"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class Author:
    """Whose token a change came with, which person named themselves, and what they call it.

    A `request` is an id of the sender's own, by which it finds its booking in the ledger again.
    """

    who: str
    staff: str | None = None
    request: str | None = None


Edit = tuple[Mapping[str, Json], Mapping[str, Json]]
"""The fields of a customer that were changed, as they were and as they are."""

NOTHING: Edit = ({}, {})


@dataclass(slots=True)
class Transaction:
    """The database's one writing transaction, and stamps later than every one in the database.

    Later than all, not only than the row's own: a client that asks for what is newer than the
    newest it knows must see a row that is written after the clock went back.
    """

    connection: sa.Connection
    now: Callable[[], datetime]
    import_id: int | None = None
    """Of which import its changes are."""
    erases: bool = False
    """Something must be gone from the file once this is committed."""
    _newest: datetime | None = field(default=None, init=False)
    _moved: list[dict[str, Any]] = field(default_factory=list, init=False)
    _acts: list[dict[str, Any]] = field(default_factory=list, init=False)

    def stamp(self, newest: str | None = None) -> str:
        """Give the next stamp; `newest` is the database's, from whoever has read it already."""
        now = self.now()
        if self._newest is None:
            kept = newest or self.connection.execute(sa.select(_NEWEST)).scalar()
            self._newest = stamp(kept) if kept else None
        if self._newest is not None:
            now = max(now, self._newest + timedelta(microseconds=1))
        self._newest = now
        return stamp_text(now)

    def keep(
        self,
        number: int,
        before: int,
        row: Mapping[str, Any],
        author: Author,
        reason: str | None = None,
    ) -> None:
        """Have a change of a customer's money kept in the ledger, of the row as it is now."""
        if row[_TOTAL] != before:
            kept = {"customer_id": number, "at": row["updated_at"], "reason": reason}
            moved = {"from_minor": before, "to_minor": row[_TOTAL]}
            self._moved.append({**kept, **moved, **asdict(author)})

    def refuse_known(self, request: str | None) -> None:
        """Refuse with 409 a request that the ledger has already: each is booked once."""
        if request is None:
            return
        ledger = schema.debt_changes.c
        query = sa.select(ledger.id).where(ledger.request == request)
        waits = any(one["request"] == request for one in self._moved)
        if waits or self.connection.execute(query).first() is not None:
            words = "this request is in the ledger already; nothing was changed"
            raise Refusal(409, "request-known", words, "request")

    def note(self, number: int, at: str, act: Act, author: Author, change: Edit = NOTHING) -> None:
        """Have it kept who did what to a customer, and what stood there before and after it."""
        kept = {"customer_id": number, "at": at, "act": act.value, "import_id": self.import_id}
        told: dict[str, str | None] = {"before": None, "after": None}
        if change != NOTHING:
            told = {"before": write(change[0]), "after": write(change[1])}
        self._acts.append({**kept, **told, "who": author.who, "staff": author.staff})

    def note_company(self, number: int, act: Act, author: Author, change: Edit) -> None:
        """Have it kept who did what to a company, what stood there before, and what is there."""
        kept = {"company_id": number, "at": self.stamp(), "act": act.value}
        told = {"before": write(change[0]), "after": write(change[1])}
        by = {"who": author.who, "staff": author.staff}
        self.connection.execute(sa.insert(schema.company_changes).values({**kept, **told, **by}))

    def finish(self) -> None:
        """Write ledger and acts, of all changes at once."""
        if self._acts:
            self.connection.execute(sa.insert(schema.customer_changes), self._acts)
            self._acts.clear()
        if self._moved:
            self.connection.execute(sa.insert(schema.debt_changes), self._moved)
            self._moved.clear()


Change = Callable[[Transaction], list[Json]]


def insertion(entity: Entity, body: Json, who: str) -> Change:
    """Insert customers, all or none, and answer them in the shape of `returning`."""
    an_object(body, "", "fields", "returning", "staff")
    answer, author = returning(entity, body), Author(who, staff_of(body))
    rows, given = new_rows(entity, body), body["fields"]

    def change(transaction: Transaction) -> list[Json]:
        connection = transaction.connection
        check_rows(connection, {f"fields[{index}]": row for index, row in enumerate(rows)})
        for row, source in zip(rows, given, strict=True):
            at = transaction.stamp()
            row.update({"created_at": at, "updated_at": at, "version": 1, "removed_at": None})
            row.update(_enrolled(source.get("debtData"), at, row[_TOTAL]))
        made = sa.insert(schema.customers).returning(_ROW.id, sort_by_parameter_order=True)
        ids = list(connection.execute(made, rows).scalars())
        for number, row in zip(ids, rows, strict=True):
            transaction.keep(number, 0, row, author)
            transaction.note(number, row["updated_at"], Act.INSERT, author)
        these = answer.query.where(_ROW.id.in_(ids)).order_by(_ROW.id)
        return answer.rows(connection.execute(these))

    return change


def new_rows(entity: Entity, body: Json) -> list[dict[str, Any]]:
    """Read the rows of an insert as column values."""
    given = a_list(body.get("fields"), "fields", longest=INSERT_MAX)
    if not given:
        raise bad("required", "at least one row is expected", "fields")
    return [_new(entity, row, f"fields[{index}]") for index, row in enumerate(given)]


def alteration(entity: Entity, row_id: Json, body: Json, who: str, *, strict_money: bool) -> Change:
    """Change one customer where its conditions hold; `[]` for an id that there is not.

    Raises Refusal: 409 with the present row where the conditions do not hold, 428 where
    `totalDebt` would be overwritten blindly.
    """
    a_number(row_id, "id", least=0, most=INTEGER_MAX)
    an_object(body, "", "fields", "conditions", "returning", "reason", "staff", "request")
    answer, wanted = returning(entity, body), wanted_by(entity, body)
    values, raised = _altered(entity, body.get("fields"))
    reason, author = reason_of(body), Author(who, staff_of(body), _request_of(body))
    edited = [one for one in entity.fields.values() if one.column.name in values.keys() - _TILLS]
    blind = strict_money and _TOTAL in values and not pins(body.get("conditions"))
    this = {"this": row_id}
    query = _present(wanted.template if wanted else None)
    asked = {**this, **wanted.values} if wanted else this

    def change(transaction: Transaction) -> list[Json]:
        connection = transaction.connection
        present = connection.execute(query, asked).first()
        if present is None:
            return []
        before, newest, met = present
        transaction.refuse_known(author.request)
        if blind:
            raise _blind()
        if not met:
            shown = answer if "returning" in body else every_field(entity)
            raise _not_met(*shown.rows(connection.execute(shown.query.where(_THIS), this)))
        after = values.get(_TOTAL, before) if raised is None else _raised(before, raised)
        check_rows(connection, {"fields": values}, but=row_id)
        at = transaction.stamp(newest)
        new = {**values, _TOTAL: after, "updated_at": at}
        transaction.keep(row_id, before, new, author, reason)
        if edited:
            edit = _edit(connection, row_id, edited, values)
            transaction.note(row_id, at, Act.UPDATE, author, edit)
        return _put(connection, answer, row_id, new)

    return change


def wanted_by(entity: Entity, body: Json) -> Condition | None:
    """Read a body's conditions; None where it has none."""
    return condition(entity, body["conditions"]) if body.get("conditions") else None


def chosen_by(entity: Entity, body: Json) -> Condition:
    """Read the conditions of a verb that changes whoever meets them: they must choose somebody.

    Raises Refusal: 400 where there are none, or one is met by everybody because a list is empty.
    """
    wanted = wanted_by(entity, body)
    if wanted is None:
        raise bad("required", "this needs conditions with a filter", "conditions")
    refuse_empty(body["conditions"], "conditions")
    return wanted


@lru_cache(TEMPLATES_MAX)
def _present(wanted: Template | None) -> sa.Select[Any]:
    """Select a row's total, the newest stamp of all, and whether the row meets the conditions."""
    return _PRESENT.add_columns(sa.true() if wanted is None else wanted.sql)


def _put(
    connection: sa.Connection, answer: Shape, number: int, new: Mapping[str, Any]
) -> list[Json]:
    """Write a row's columns and give the row in a shape."""
    bound, this = {f"new_{name}": value for name, value in new.items()}, {"this": number}
    made = connection.execute(_update(answer, tuple(new)), {**bound, **this})
    if answer.projection.flat:
        return answer.rows(made)
    return answer.rows(connection.execute(answer.query.where(_THIS), this))


@lru_cache(TEMPLATES_MAX)
def _update(answer: Shape, names: tuple[str, ...]) -> sa.Update:
    """Write columns of a row, and give the row back where its shape needs no other table."""
    new = {name: sa.bindparam(f"new_{name}", type_=_ROW[name].type) for name in names}
    update = sa.update(schema.customers).where(_THIS).values({**new, "version": _ROW.version + 1})
    return update.returning(*answer.projection.columns()) if answer.projection.flat else update


def returning(entity: Entity, body: Json) -> Shape:
    """Read the shape that a change answers in; the id alone where nothing is said."""
    return shape(entity, body.get("returning", _ID), "returning")


def _new(entity: Entity, row: Json, path: str) -> dict[str, Any]:
    values = written(entity, row, path, new=True)
    for name, one in entity.fields.items():
        if not one.writable:
            continue
        needed = not one.column.nullable and one.default is None
        if needed and name not in row:
            raise bad("required", "a new row needs this field", f"{path}.{name}")
        values.setdefault(one.column.name, one.default)
    return values


def _altered(entity: Entity, fields: Json) -> tuple[dict[str, Any], int | None]:
    """Give the column values to write, and by how much `totalDebt` is raised if it is."""
    asked = fields.get(MONEY) if isinstance(fields, dict) else None
    if not isinstance(asked, dict):
        return written(entity, fields, "fields"), None
    path = f"fields.{MONEY}"
    figure = an_object(asked, path, INCREMENT).get(INCREMENT)
    raised = value_for(entity.fields[MONEY], figure, f"{path}.{INCREMENT}")
    others = {name: value for name, value in fields.items() if name != MONEY}
    return written(entity, others, "fields") if others else {}, raised


def _raised(before: int, by: int) -> int:
    if abs(before + by) > MINOR_MAX:
        words = "the total would be larger than a till believes"
        raise bad("range", words, f"fields.{MONEY}.{INCREMENT}")
    return before + by


def _edit(
    connection: sa.Connection, number: int, fields: Sequence[Field], values: Mapping[str, Any]
) -> Edit:
    """Read what is about to be written over."""
    columns = [one.column for one in fields]
    old = connection.execute(sa.select(*columns).where(_THIS), {"this": number}).one()
    return _wire(fields, old), _wire(fields, [values[one.name] for one in columns])


def _wire(fields: Sequence[Field], values: Sequence[Any]) -> dict[str, Json]:
    """Give column values by wire name, a relation as its id, as `written` reads them."""
    told: dict[str, Json] = {}
    for one, value in zip(fields, values, strict=True):
        relation = one.kind is Kind.RELATION and value is not None
        told[one.name] = {"id": value} if relation else on_the_wire(one, value)
    return told


def staff_of(body: Json) -> str | None:
    """Read which person named themselves with a change."""
    if body.get("staff") is None:
        return None
    return str(value_for(DEBT_CHANGES.fields["reason"], body["staff"], "staff"))


def reason_of(body: Json) -> str | None:
    """Read why money is moved."""
    if "reason" not in body:
        return None
    return str(value_for(DEBT_CHANGES.fields["reason"], body["reason"], "reason"))


def _request_of(body: Json) -> str | None:
    """Read what its sender calls a change of money."""
    if body.get("request") is None:
        return None
    read = str(value_for(DEBT_CHANGES.fields["request"], body["request"], "request"))
    if not read:
        raise bad("type", "this cannot be left blank", "request")
    return read


def _enrolled(given: Json, at: str, total_minor: int) -> dict[str, str]:
    """Give debtData with the epoch beside what was given; nothing where there is no place."""
    if not (given is None or isinstance(given, dict)) or KEY in (given or {}):
        return {}
    return {"debt_data": write(with_mark(read_marks(given), epoch_of(at, Decimal(total_minor))))}


def _not_met(row: Json) -> Refusal:
    message = "the row does not meet the conditions; nothing was changed"
    return Refusal(409, "condition-not-met", message, "conditions", row=row)


def _blind() -> Refusal:
    message = (
        "totalDebt is not overwritten blindly: send conditions with the version as read, "
        "or with updatedAt and totalDebt as read"
    )
    return Refusal(428, "condition-required", message, "fields.totalDebt")
