"""Rows about to be written in, a refusal out where somebody else has their card or key.

There is one writer at a time, so what is looked up here is still true when it is written. What a
removed customer has is free for others.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from taptill.service import schema
from taptill.service.wire import Refusal, bad

_ROW = schema.customers.c
_LIVE = _ROW.removed_at.is_(None)
_MINE = {"cardId": _ROW.card_id, "externalId": _ROW.external_id}
"""What at most one customer has, by its wire name."""

Rows = Mapping[str, Mapping[str, Any]]
"""Column values to be written, by the place in the request that they come from."""


def check_rows(connection: sa.Connection, rows: Rows, but: int = 0) -> None:
    """Refuse a company that there is not, and what somebody else has, or another of the rows.

    The error of what is taken is a 409 that names the holder as `customer`. Who shares a key since
    before this was looked at may write it again; an empty key is nobody's.
    """
    _check_companies(connection, rows)
    _check_taken(connection, rows, but)


def _check_companies(connection: sa.Connection, rows: Rows) -> None:
    named = {path: row["company_id"] for path, row in rows.items() if row.get("company_id")}
    if not named:
        return
    key = schema.companies.c.id
    found = connection.execute(sa.select(key).where(key.in_(set(named.values()))))
    known = set(found.scalars())
    for path, company in named.items():
        if company not in known:
            raise bad("unknown-company", "there is no company with this id", f"{path}.company.id")


def _check_taken(connection: sa.Connection, rows: Rows, but: int) -> None:
    for name, column in _MINE.items():
        named = {path: row[column.name] for path, row in rows.items() if row.get(column.name)}
        if not named:
            continue
        query = sa.select(column, _ROW.id).where(column.in_(set(named.values())), _LIVE)
        held: dict[str, set[int]] = {}
        for value, number in connection.execute(query):
            held.setdefault(value, set()).add(number)
        seen: set[str] = set()
        for path, value in named.items():
            holders = held.get(value, set())
            if value in seen or (holders and but not in holders):
                raise _taken(name, path, min(holders, default=None))
            seen.add(value)


def _taken(name: str, path: str, holder: int | None) -> Refusal:
    more = None if holder is None else {"customer": holder}
    if name == "cardId":
        words = "another customer has this cardId"
        return Refusal(409, "card-taken", words, f"{path}.{name}", more=more)
    words = "another row of this request has this externalId"
    if holder is not None:
        words = f"customer {holder} has this externalId: take it away there first"
    return Refusal(409, "external-id-taken", words, f"{path}.{name}", more=more)


def check_return(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Refuse with 409 to bring these back where somebody has a card or key of theirs by now."""
    for name, column in _MINE.items():
        them = _ROW.id.in_(ids)
        held = column.in_(sa.select(column).where(_LIVE, column != ""))
        taken = connection.execute(sa.select(_ROW.id).where(them, held)).scalars().all()
        taken = taken or _alike(connection, column, ids)
        if taken:
            names = ", ".join(map(str, taken))
            what, code = ("card", "card") if name == "cardId" else (name, "external-id")
            words = f"another customer has the {what} of {names} by now: take it away there first"
            raise Refusal(409, f"{code}-taken", words, "conditions")


def _alike(connection: sa.Connection, column: sa.Column[Any], ids: Sequence[int]) -> Sequence[int]:
    """Give those of these customers who had one card or key among them."""
    query = sa.select(_ROW.id, column).where(_ROW.id.in_(ids), column != "")
    holders: dict[str, list[int]] = {}
    for number, value in connection.execute(query):
        holders.setdefault(value, []).append(number)
    return [number for each in holders.values() if len(each) > 1 for number in each]
