"""An import's number in, what it did taken back out, as far as nobody has changed it since."""

import json
from dataclasses import dataclass, field
from decimal import Decimal

import sqlalchemy as sa

from taptill.domain.errors import UsageError
from taptill.service import schema
from taptill.service.changes import MONEY, Act, Author, Transaction, alteration
from taptill.service.database import reading, site_of, writing
from taptill.service.fields import Entity, entities, stamp_text
from taptill.service.files.imports import WHO
from taptill.service.grammar import every_field
from taptill.service.store import utc_now
from taptill.service.wire import Json, Refusal

_ROW = schema.customers.c
_UNTOUCHED = 1
"""The version of a row that nobody has written since it was made."""


@dataclass(frozen=True, slots=True)
class Left:
    """A customer whom an undo left as it is, or a part of whom, and why."""

    id: int
    why: str


@dataclass(slots=True)
class Undone:
    """How many customers are as they were before the import, and who is not."""

    import_id: int
    removed: int = 0
    changed_back: int = 0
    kept: list[Left] = field(default_factory=list)
    """Changed since by somebody else: what they did stands."""
    failed: list[Left] = field(default_factory=list)


def undo(engine: sa.Engine, number: int, *, dry_run: bool) -> Undone:
    """Take an import back; UsageError where there is none of this number, or it is undone."""
    work = _Undo(entities(site_of(engine).digits)["Customers"], Undone(number))
    with writing(engine) as connection:
        work.carry_out(Transaction(connection, utc_now))
        transaction = connection.get_transaction()
        if dry_run and transaction is not None:
            transaction.rollback()
    work.done.changed_back = len(work.put_back)
    return work.done


def list_imports(engine: sa.Engine) -> list[dict[str, Json]]:
    """Give number, instant and counts of every import, the newest first."""
    with reading(engine) as connection:
        found = connection.execute(sa.select(schema.imports).order_by(schema.imports.c.id.desc()))
        return [dict(row) for row in found.mappings()]


class _Undo:
    def __init__(self, customers: Entity, done: Undone) -> None:
        self._customers = customers
        self.done = done
        self._reason = f"import {done.import_id} undone"
        self._author = Author(f"{WHO} undone")
        self.put_back: set[int] = set()

    def carry_out(self, transaction: Transaction) -> None:
        """Take back the newest act first."""
        connection, number = transaction.connection, self.done.import_id
        one = schema.imports.c
        found = connection.execute(sa.select(one.undone_at).where(one.id == number)).first()
        if found is None:
            raise UsageError(problem=f"there is no import {number}: see taptill service imports")
        if found.undone_at is not None:
            raise UsageError(problem=f"import {number} was undone at {found.undone_at}")
        acts = schema.customer_changes
        mine = sa.select(acts).where(acts.c.import_id == number).order_by(acts.c.id.desc())
        for act in connection.execute(mine).all():
            if act.act == Act.INSERT:
                self._unmake(transaction, act.customer_id)
            else:
                self._put_back(transaction, act.customer_id, act.before, act.after)
        transaction.finish()
        at = stamp_text(utc_now())
        connection.execute(schema.imports.update().where(one.id == number).values(undone_at=at))

    def _unmake(self, transaction: Transaction, customer: int) -> None:
        """Remove a customer whom the import made, and nobody has touched since."""
        connection = transaction.connection
        this = _ROW.id == customer
        row = connection.execute(sa.select(schema.customers).where(this)).one()
        if row.removed_at is not None:
            self.done.kept.append(Left(customer, "removed since"))
            return
        if row.version != _UNTOUCHED:
            self.done.kept.append(Left(customer, "changed or charged since"))
            return
        at = transaction.stamp()
        new = {"total_debt_minor": 0, "updated_at": at}
        transaction.keep(customer, row.total_debt_minor, new, self._author, self._reason)
        transaction.note(customer, at, Act.REMOVE, self._author)
        gone = {**new, "removed_at": at, "version": _ROW.version + 1}
        connection.execute(sa.update(schema.customers).where(this).values(gone))
        self.done.removed += 1

    def _put_back(
        self, transaction: Transaction, customer: int, before: str | None, after: str | None
    ) -> None:
        """Write the fields as they were before, but those that somebody has changed since."""
        if before is None or after is None:
            self.done.kept.append(Left(customer, "erased since"))
            return
        was = json.loads(before, parse_float=Decimal)
        is_ = json.loads(after, parse_float=Decimal)
        now = self._now(transaction, customer)
        if now is None:
            self.done.kept.append(Left(customer, "removed since"))
            return
        if MONEY in was:  # booked against, whatever else was booked since
            back = {MONEY: {"increment": was[MONEY] - is_[MONEY]}}
            self._alter(transaction, customer, {"fields": back, "reason": self._reason})
            return
        same = {name: was[name] for name in was if now[name] == is_[name]}
        others = sorted(was.keys() - same.keys())
        if others:
            self.done.kept.append(Left(customer, f"changed since: {', '.join(others)}"))
        if same:
            self._alter(transaction, customer, {"fields": same})

    def _alter(self, transaction: Transaction, customer: int, body: Json) -> None:
        change = alteration(self._customers, customer, body, self._author.who, strict_money=False)
        try:
            change(transaction)
            self.put_back.add(customer)
        except Refusal as refusal:
            self.done.failed.append(Left(customer, refusal.body["error"]["message"]))

    def _now(self, transaction: Transaction, customer: int) -> dict[str, Json] | None:
        every = every_field(self._customers)
        query = every.query.where(_ROW.id == customer)
        rows = every.rows(transaction.connection.execute(query))
        if not rows:
            return None
        company = rows[0]["company"]
        return {**rows[0], "company": None if company is None else {"id": company["id"]}}
