"""Checks that cards and keys of rows to be written are unique, and that their companies exist.

There is one writer at a time, so what is checked here still holds when the row is written. Cards
and keys of removed customers are free for others.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from taptill.service import schema
from taptill.service.wire import ApiError, bad_request

_CUSTOMER = schema.customers.c
_LIVE = _CUSTOMER.removed_at.is_(None)
_UNIQUE = {"cardId": _CUSTOMER.card_id, "externalId": _CUSTOMER.external_id}
"""The columns that are unique among customers, by JSON name."""

Rows = Mapping[str, Mapping[str, Any]]
"""Column values to be written, by their path in the request."""


def check_rows(connection: sa.Connection, rows: Rows, except_id: int = 0) -> None:
    """Raise ApiError for an unknown company (400) and for a card or key that is taken (409).

    The 409 names the holder as `customer`. A customer that shares a key since before keys had to
    be unique may write it again. Empty keys are never taken.
    """
    _check_companies(connection, rows)
    _check_unique(connection, rows, except_id)


def _check_companies(connection: sa.Connection, rows: Rows) -> None:
    company_ids = {path: row["company_id"] for path, row in rows.items() if row.get("company_id")}
    if not company_ids:
        return
    key = schema.companies.c.id
    result = connection.execute(sa.select(key).where(key.in_(set(company_ids.values()))))
    existing_ids = set(result.scalars())
    for path, company_id in company_ids.items():
        if company_id not in existing_ids:
            raise bad_request(
                "unknown-company", "there is no company with this id", f"{path}.company.id"
            )


def _check_unique(connection: sa.Connection, rows: Rows, except_id: int) -> None:
    for name, column in _UNIQUE.items():
        values = {path: row[column.name] for path, row in rows.items() if row.get(column.name)}
        if not values:
            continue
        query = sa.select(column, _CUSTOMER.id).where(column.in_(set(values.values())), _LIVE)
        holders_by_value: dict[str, set[int]] = {}
        for value, customer_id in connection.execute(query):
            holders_by_value.setdefault(value, set()).add(customer_id)
        seen_values: set[str] = set()
        for path, value in values.items():
            holders = holders_by_value.get(value, set())
            if value in seen_values or (holders and except_id not in holders):
                raise _taken_error(name, path, min(holders, default=None))
            seen_values.add(value)


def _taken_error(name: str, path: str, holder: int | None) -> ApiError:
    details = None if holder is None else {"customer": holder}
    if name == "cardId":
        message = "another customer has this cardId"
        return ApiError(409, "card-taken", message, f"{path}.{name}", details=details)
    message = "another row of this request has this externalId"
    if holder is not None:
        message = f"customer {holder} has this externalId: take it away there first"
    return ApiError(409, "external-id-taken", message, f"{path}.{name}", details=details)


def check_restore(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Raise ApiError (409) if a card or key of removed customers is taken, or two share it."""
    for name, column in _UNIQUE.items():
        has_id = _CUSTOMER.id.in_(ids)
        is_taken = column.in_(sa.select(column).where(_LIVE, column != ""))
        conflicts = (
            connection.execute(sa.select(_CUSTOMER.id).where(has_id, is_taken)).scalars().all()
        )
        conflicts = conflicts or _sharing_ids(connection, column, ids)
        if conflicts:
            names = ", ".join(map(str, conflicts))
            noun, code = ("card", "card") if name == "cardId" else (name, "external-id")
            message = f"another customer has the {noun} of {names} by now: take it away there first"
            raise ApiError(409, f"{code}-taken", message, "conditions")


def _sharing_ids(
    connection: sa.Connection, column: sa.Column[Any], ids: Sequence[int]
) -> Sequence[int]:
    """Return the ids of those of these customers that share a card or key."""
    query = sa.select(_CUSTOMER.id, column).where(_CUSTOMER.id.in_(ids), column != "")
    holders: dict[str, list[int]] = {}
    for customer_id, value in connection.execute(query):
        holders.setdefault(value, []).append(customer_id)
    return [customer_id for group in holders.values() if len(group) > 1 for customer_id in group]
