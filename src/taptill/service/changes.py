"""The transaction that changes share, and the parts that request bodies of all changes have.

A change is a function that is called with the transaction. Making it checks all that needs no
database. Calling it raises ApiError, if at all, before its first write: many changes share one
transaction, and one that is refused must leave nothing in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import InitVar, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from taptill.domain.customer import stamp
from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.conditions import (
    BoundConditions,
    read_conditions,
    refuse_empty_not_in,
)
from taptill.service.fields import (
    DEBT_CHANGES,
    Entity,
    column_value,
    column_values,
    format_timestamp,
)
from taptill.service.prepared.connections import run
from taptill.service.selection import Shape, read_shape
from taptill.service.wire import ApiError, bad_request, require_list, write

INSERT_MAX = 1000
MONEY = "totalDebt"

_CUSTOMER = schema.customers.c
_ID_ONLY = {"id": True}
_NEWEST_STAMP = sa.func.max(_CUSTOMER.updated_at)
_TOTAL = _CUSTOMER.total_debt_minor.name
_LEDGER_INSERT = sa.insert(schema.debt_changes).values(
    {
        column.name: sa.bindparam(column.name, type_=column.type)
        for column in schema.debt_changes.c
        if not column.primary_key
    }
)


class ChangeType(StrEnum):
    """How somebody other than a till changed a customer or a company."""

    INSERT = "insert"
    UPDATE = "update"
    REMOVE = "remove"
    RESTORE = "restore"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes a change: the name of the token, and the person whom the request names.

    `request` is an id that the sender chose, by which it finds its booking in the ledger again.
    """

    actor: str
    staff: str | None = None
    request: str | None = None


FieldChange = tuple[Mapping[str, Json], Mapping[str, Json]]
"""The changed fields of a customer: the values before the change, and after it."""

NO_FIELDS: FieldChange = ({}, {})


@dataclass(slots=True)
class Transaction:
    """The only write transaction of the database; its timestamps exceed all others in the database.

    They must exceed all timestamps and not only the row's own: a client that asks for rows newer
    than the newest it knows must also see a row that is written after the clock went back.
    """

    connection: sa.Connection
    now: Callable[[], datetime]
    newest: InitVar[str | None] = None
    """The latest timestamp of the database, if it is known."""
    import_id: int | None = None
    """The number of the import that makes the changes, if one does."""
    erases_data: bool = False
    """Whether the database file must no longer contain old data once this is committed."""
    _newest: datetime | None = field(default=None, init=False)
    _debt_changes: list[dict[str, Any]] = field(default_factory=list, init=False)
    _changes: list[dict[str, Any]] = field(default_factory=list, init=False)

    def __post_init__(self, newest: str | None) -> None:
        """Parse the latest timestamp."""
        self._newest = stamp(newest) if newest else None

    def stamp(self, newest: str | None = None) -> str:
        """Return the next timestamp; `newest` is the database's latest, if the caller knows it."""
        now = self.now()
        if self._newest is None:
            newest_text = newest or self.connection.execute(sa.select(_NEWEST_STAMP)).scalar()
            self._newest = stamp(newest_text) if newest_text else None
        if self._newest is not None:
            now = max(now, self._newest + timedelta(microseconds=1))
        self._newest = now
        return format_timestamp(now)

    def record_debt_change(
        self,
        customer_id: int,
        before: int,
        row: Mapping[str, Any],
        author: Author,
        reason: str | None = None,
    ) -> None:
        """Queue a ledger entry if `row`, the new values of a customer, changes the total debt."""
        if row[_TOTAL] != before:
            entry = {"customer_id": customer_id, "at": row["updated_at"], "reason": reason}
            amounts = {"from_minor": before, "to_minor": row[_TOTAL]}
            self._debt_changes.append(
                {
                    **entry,
                    **amounts,
                    "who": author.actor,
                    "staff": author.staff,
                    "request": author.request,
                }
            )

    def refuse_repeated_request(self, request_id: str | None) -> None:
        """Raise ApiError (409) if the ledger already has this request id: each is booked once."""
        if request_id is None:
            return
        ledger = schema.debt_changes.c
        query = sa.select(ledger.id).where(ledger.request == request_id)
        is_pending = any(entry["request"] == request_id for entry in self._debt_changes)
        if is_pending or self.connection.execute(query).first() is not None:
            message = "this request is in the ledger already; nothing was changed"
            raise ApiError(409, "request-known", message, "request")

    def record_change(
        self,
        customer_id: int,
        at: str,
        act: ChangeType,
        author: Author,
        change: FieldChange = NO_FIELDS,
    ) -> None:
        """Queue an audit entry: who changed a customer, how, and the values before and after."""
        entry = {
            "customer_id": customer_id,
            "at": at,
            "act": act.value,
            "import_id": self.import_id,
        }
        values: dict[str, str | None] = {"before": None, "after": None}
        if change != NO_FIELDS:
            values = {"before": write(change[0]), "after": write(change[1])}
        self._changes.append({**entry, **values, "who": author.actor, "staff": author.staff})

    def record_company_change(
        self, company_id: int, act: ChangeType, author: Author, change: FieldChange
    ) -> None:
        """Write an audit entry: who changed a company, how, and the values before and after."""
        entry = {"company_id": company_id, "at": self.stamp(), "act": act.value}
        values = {"before": write(change[0]), "after": write(change[1])}
        author_columns = {"who": author.actor, "staff": author.staff}
        self.connection.execute(
            sa.insert(schema.company_changes).values({**entry, **values, **author_columns})
        )

    def flush(self) -> None:
        """Write the queued ledger and audit entries of all changes so far."""
        if self._changes:
            self.connection.execute(sa.insert(schema.customer_changes), self._changes)
            self._changes.clear()
        if self._debt_changes:
            run(self.connection, _LEDGER_INSERT, self._debt_changes)
            self._debt_changes.clear()


Change = Callable[[Transaction], list[Json]]


def read_new_rows(entity: Entity, body: Json) -> list[dict[str, Any]]:
    """Return the rows of an insert's body as column values."""
    rows = require_list(body.get("fields"), "fields", max_length=INSERT_MAX)
    if not rows:
        raise bad_request("required", "at least one row is expected", "fields")
    return [_new_row(entity, row, f"fields[{index}]") for index, row in enumerate(rows)]


def optional_conditions(entity: Entity, body: Json) -> BoundConditions | None:
    """Return the conditions of a body; None where it has none."""
    return read_conditions(entity, body["conditions"]) if body.get("conditions") else None


def required_conditions(entity: Entity, body: Json) -> BoundConditions:
    """Return the conditions of a verb that changes all matching rows.

    Raises ApiError (400) where there are none, or where an empty list makes one match every row.
    """
    conditions = optional_conditions(entity, body)
    if conditions is None:
        raise bad_request("required", "this needs conditions with a filter", "conditions")
    refuse_empty_not_in(body["conditions"], "conditions")
    return conditions


def returning_shape(entity: Entity, body: Json) -> Shape:
    """Return the shape of a change's answer; only the id where the body does not name one."""
    return read_shape(entity, body.get("returning", _ID_ONLY), "returning")


def _new_row(entity: Entity, row: Json, path: str) -> dict[str, Any]:
    values = column_values(entity, row, path, new=True)
    for name, entity_field in entity.fields.items():
        if not entity_field.writable:
            continue
        is_required = not entity_field.column.nullable and entity_field.default is None
        if is_required and name not in row:
            raise bad_request("required", "a new row needs this field", f"{path}.{name}")
        values.setdefault(entity_field.column.name, entity_field.default)
    return values


def read_staff(body: Json) -> str | None:
    """Return the name of the person who makes a change, if the body gives it."""
    if body.get("staff") is None:
        return None
    return str(column_value(DEBT_CHANGES.fields["reason"], body["staff"], "staff"))


def read_reason(body: Json) -> str | None:
    """Return the reason for a change of money, if the body gives one."""
    if "reason" not in body:
        return None
    return str(column_value(DEBT_CHANGES.fields["reason"], body["reason"], "reason"))
