"""Customers of an import in, what has become of them since out: why one is no more to be undone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from taptill.domain.mark import read_marks
from taptill.domain.technical.exact_json import Json, read_json
from taptill.service import schema
from taptill.service.changes import MONEY, Act
from taptill.service.fields import Entity, Kind, on_the_wire
from taptill.service.files.columns import COLUMNS
from taptill.service.files.imports import WHO

UNDONE = f"{WHO} undone"
"""Who takes an import back, in the ledger and among who did what."""

_ROW = schema.customers.c
_ACT = schema.customer_changes.c
_MOVED = schema.debt_changes.c


@dataclass(frozen=True, slots=True)
class Left:
    """A customer whom an undo leaves as it is, or a part of whom, and why."""

    id: int
    name: str
    why: str
    for_good: bool = False
    """Whether a later undo could do no more."""


@dataclass(slots=True)
class Since:
    """A customer as it is now, and what was done to it by whom."""

    row: Any
    """All columns."""
    now: dict[str, Json]
    """The fields that an import writes, but money; a relation by its id."""
    acts: list[Any] = field(default_factory=list)
    """The oldest first."""
    opening_minor: int = 0
    """What it had when it was made."""
    bookings: int = 0
    """How many were not by imports."""

    def left(self, why: str, *, for_good: bool = False) -> Left:
        """Say why it stays as it is."""
        return Left(int(self.row.id), self.row.name, why, for_good)

    def done(self, number: int) -> set[str]:
        """Give the fields that an undo of this import has put back, and REMOVE if it removed it."""
        done: set[str] = set()
        for act in self.acts:
            if act.import_id == number and act.who == UNDONE:
                done |= {Act.REMOVE} if act.act == Act.REMOVE else _json(act.after).keys()
        return done

    def who_changed(self, names: Iterable[str]) -> str:
        """Say by which later import or by whom else fields were changed last."""
        told = sorted(names)
        touching = (act for act in reversed(self.acts) if _json(act.after).keys() & set(told))
        last = next(touching, None)
        fields = ", ".join(told)
        if last is not None and last.import_id and last.who == WHO:
            return f"changed by import {last.import_id} ({fields}): undo that first"
        return f"changed since: {fields}"


def load(connection: sa.Connection, customers: Entity, ids: Sequence[int]) -> dict[int, Since]:
    """Read customers by their ids, the removed ones too."""
    fields = [one for name, one in customers.fields.items() if name in COLUMNS and name != MONEY]
    found: dict[int, Since] = {}
    for row in connection.execute(sa.select(schema.customers).where(_ROW.id.in_(ids))):
        now: dict[str, Json] = {}
        for one in fields:
            value = row._mapping[one.column.name]  # noqa: SLF001 - how SQLAlchemy names columns
            relation = one.kind is Kind.RELATION and value is not None
            now[one.name] = {"id": value} if relation else on_the_wire(one, value)
        found[row.id] = Since(row, now)
    acts = sa.select(schema.customer_changes).where(_ACT.customer_id.in_(ids)).order_by(_ACT.id)
    for act in connection.execute(acts):
        found[act.customer_id].acts.append(act)
    for number, opening, bookings in connection.execute(_money_of(ids)):
        found[number].opening_minor, found[number].bookings = int(opening), int(bookings)
    return found


def why_kept(one: Since, number: int) -> Left | None:
    """Say why a customer whom an import made is not removed again; None where it is as made."""
    if one.row.removed_at is not None:
        return one.left("erased since" if one.row.erased_at else "removed since", for_good=True)
    if Act.REMOVE in one.done(number):
        return one.left("removed by an undo and brought back", for_good=True)
    if one.bookings or read_marks(one.row.debt_data).table:
        return one.left("has purchases or payments", for_good=True)
    changed = [name for name, made in _as_made(one) if one.now[name] != made]
    if changed:
        return one.left(one.who_changed(changed))
    if one.row.total_debt_minor != one.opening_minor:
        return one.left(one.who_changed([MONEY]))
    return None


def edit_of(act: Any) -> tuple[dict[str, Json], dict[str, Json]]:
    """Give the fields that an act changed, as they were and as it made them; erased: nothing."""
    return _json(act.before), _json(act.after)


def _as_made(one: Since) -> Iterator[tuple[str, Json]]:
    """Give the fields that were changed since a customer was made, as they were then."""
    seen = {MONEY}
    for act in one.acts:
        for name, was in _json(act.before).items():
            if name not in seen and name in one.now:
                seen.add(name)
                yield name, was


def _json(text: str | None) -> dict[str, Json]:
    return read_json(text) if text else {}


def _money_of(ids: Sequence[int]) -> sa.Select[Any]:
    """Sum up the ledger: what a customer was made with, and entries that no import made.

    Stamps are unique: the entry that bears the row's own is the one that it was made with.
    """
    made = _MOVED.at == _ROW.created_at
    opening = sa.case((made, _MOVED.to_minor - _MOVED.from_minor), else_=0)
    other = sa.case((made | _MOVED.who.in_((WHO, UNDONE)), 0), else_=1)
    joined = schema.debt_changes.join(schema.customers)
    sums = (_MOVED.customer_id, sa.func.sum(opening), sa.func.sum(other))
    query = sa.select(*sums).select_from(joined).where(_MOVED.customer_id.in_(ids))
    return query.group_by(_MOVED.customer_id)
