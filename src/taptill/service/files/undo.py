"""An import's number in, what it did taken back out, as far as nobody has changed it since.

First it is seen what would be done, then exactly that is done, all of it or nothing. Who is kept
can be tried again: what is done once is known by its own acts, so no money is booked twice.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Any

import sqlalchemy as sa

from taptill.domain.errors import ServiceError, UsageError
from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.changes import MONEY, Act, Author, Transaction, alteration
from taptill.service.database import reading, site_of, writing
from taptill.service.fields import Entity, entities, on_the_wire, stamp_text
from taptill.service.files.report import TOLD_MAX, Advance, many, quiet
from taptill.service.files.since import UNDONE, Left, Since, edit_of, load, why_kept
from taptill.service.store import utc_now
from taptill.service.wire import Refusal

AT_ONCE = 500
"""So many customers are looked at together."""

_ROW = schema.customers.c
_ACT = schema.customer_changes.c
_COMPANY = schema.companies.c
_IMPORT = schema.imports.c

_THIS = _ROW.id == sa.bindparam("this")
_REMOVAL = (
    sa.update(schema.customers)
    .where(_THIS)
    .values(
        total_debt_minor=0,
        updated_at=sa.bindparam("at"),
        removed_at=sa.bindparam("at"),
        version=_ROW.version + 1,
    )
)


@dataclass(frozen=True, slots=True)
class Gone:
    """A customer whom an undo removes."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Back:
    """A customer of whom fields are put back: each with what it is and what it will be."""

    id: int
    name: str
    fields: dict[str, tuple[Json, Json]]


@dataclass(frozen=True, slots=True)
class LeftCompany:
    """A company that an import made and an undo leaves, and why."""

    name: str
    why: str


@dataclass(slots=True)
class Undone:
    """What an undo does; at most TOLD_MAX of each are named, all are counted."""

    import_id: int
    removed: int = 0
    changed_back: int = 0
    kept_count: int = 0
    failed_count: int = 0
    gone: list[Gone] = field(default_factory=list)
    put_back: list[Back] = field(default_factory=list)
    kept: list[Left] = field(default_factory=list)
    """Changed since by somebody else: what they did stands."""
    failed: list[Left] = field(default_factory=list)
    companies: list[str] = field(default_factory=list)
    """The companies that it made, and that are removed."""
    companies_kept: list[LeftCompany] = field(default_factory=list)
    complete: bool = True
    """Whether nothing is left that a later undo could do."""

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to be done."""
        return not (self.removed or self.changed_back or self.companies)


class Undo:
    """An import to be taken back: `preview` it, then `apply` exactly what was seen."""

    def __init__(self, engine: sa.Engine, number: int) -> None:
        self._engine = engine
        self._number = number
        self._customers = entities(site_of(engine).digits)["Customers"]
        self._seen: bytes | None = None

    def acts(self) -> int:
        """Count what the import did; UsageError where there is none of it, or it is undone."""
        with reading(self._engine) as connection:
            _check(connection, self._number)
        counting = sa.select(sa.func.count()).select_from(_acts_of(self._number).subquery())
        with reading(self._engine) as connection:
            return int(connection.execute(counting).scalar_one())

    def preview(self, advance: Advance = quiet) -> Undone:
        """Do it and take that back at once, so that all is known and nothing has happened."""
        with writing(self._engine) as connection:
            work = self._carried_out(connection, advance)
            transaction = connection.get_transaction()
            if transaction is not None:
                transaction.rollback()
        self._seen = work.digest
        return work.done

    def apply(self, advance: Advance = quiet) -> Undone:
        """Do it; ServiceError if that is not what the preview showed."""
        with writing(self._engine) as connection:
            work = self._carried_out(connection, advance)
            if work.digest != self._seen:
                detail = (
                    "the customers have changed since the preview: nothing was done, look again"
                )
                raise ServiceError(detail=detail)
            if work.done.complete:
                this = schema.imports.update().where(_IMPORT.id == self._number)
                connection.execute(this.values(undone_at=stamp_text(utc_now())))
        return work.done

    def _carried_out(self, connection: sa.Connection, advance: Advance) -> "_Work":
        _check(connection, self._number)
        transaction = Transaction(connection, utc_now, import_id=self._number)
        work = _Work(self._customers, transaction, Undone(self._number))
        work.carry_out(advance)
        return work


def list_imports(engine: sa.Engine) -> list[dict[str, Json]]:
    """Give number, instant and counts of every import, the newest first."""
    last = sa.func.max(_ACT.at).label("undone_in_part_at")
    tried = sa.select(_ACT.import_id, last).where(_ACT.who == UNDONE).group_by(_ACT.import_id)
    part = tried.subquery()
    shown = [one for one in _IMPORT if one is not _IMPORT.companies]
    joined = schema.imports.outerjoin(part, part.c.import_id == _IMPORT.id)
    query = sa.select(*shown, part.c.undone_in_part_at).select_from(joined)
    with reading(engine) as connection:
        found = connection.execute(query.order_by(_IMPORT.id.desc())).mappings()
        return [
            {**row, "undone_in_part_at": None if row["undone_at"] else row["undone_in_part_at"]}
            for row in found
        ]


def _check(connection: sa.Connection, number: int) -> None:
    found = connection.execute(sa.select(_IMPORT.undone_at).where(_IMPORT.id == number)).first()
    if found is None:
        raise UsageError(problem=f"there is no import {number}: see taptill service imports")
    if found.undone_at is not None:
        raise UsageError(problem=f"import {number} was undone at {found.undone_at}")


def _acts_of(number: int) -> sa.Select[Any]:
    """Select what an import did, the newest first: a card that it moved is free again in time."""
    mine = sa.select(schema.customer_changes).where(_ACT.import_id == number, _ACT.who != UNDONE)
    return mine.order_by(_ACT.id.desc())


class _Work:
    """One undo within one transaction."""

    def __init__(self, customers: Entity, transaction: Transaction, done: Undone) -> None:
        self._customers = customers
        self._transaction = transaction
        self._connection = transaction.connection
        self._reason = f"import {done.import_id} undone"
        self._author = Author(UNDONE)
        self._digest = sha256()
        self._back: set[int] = set()
        companies = sa.select(_COMPANY.id, _COMPANY.name)
        self._companies = {one.id: one.name for one in self._connection.execute(companies)}
        self.done = done

    @property
    def digest(self) -> bytes:
        """All that was decided."""
        return self._digest.digest()

    def carry_out(self, advance: Advance) -> None:
        """Take back the newest act first, then the companies that are empty by now."""
        for acts in self._chunks():
            ids = sorted({act.customer_id for act in acts})
            found = load(self._connection, self._customers, ids)
            self._unmake([found[act.customer_id] for act in acts if act.act == Act.INSERT])
            for act in acts:
                if act.act != Act.INSERT:
                    self._put_back(found[act.customer_id], act)
            self._transaction.finish()
            advance(len(acts))
        self._remove_companies()
        self.done.changed_back = len(self._back)

    def _chunks(self) -> Iterator[Sequence[Any]]:
        every = iter(self._connection.execute(_acts_of(self.done.import_id)).all())
        while chunk := list(islice(every, AT_ONCE)):
            yield chunk

    def _unmake(self, made: Sequence[Since]) -> None:
        """Remove customers whom the import made, and nobody has touched since."""
        gone = []
        for one in made:
            if one.row.removed_at is not None and Act.REMOVE in one.done(self.done.import_id):
                continue
            left = why_kept(one, self.done.import_id)
            if left is not None:
                self._keep(left)
                continue
            customer, at = int(one.row.id), self._transaction.stamp()
            new = {"total_debt_minor": 0, "updated_at": at}
            self._transaction.keep(
                customer, one.row.total_debt_minor, new, self._author, self._reason
            )
            self._transaction.note(customer, at, Act.REMOVE, self._author)
            gone.append({"this": customer, "at": at})
            self._decide("removed", customer)
            self.done.removed += 1
            if len(self.done.gone) < TOLD_MAX:
                self.done.gone.append(Gone(customer, one.row.name))
        if gone:
            self._connection.execute(_REMOVAL, gone)

    def _put_back(self, one: Since, act: Any) -> None:
        """Write the fields as they were before, but those that somebody has changed since."""
        was, is_ = edit_of(act)
        left = was.keys() - one.done(self.done.import_id)
        if was and not left:
            return
        if not was or one.row.removed_at is not None:
            what = "removed since" if was else "erased since"
            self._keep(one.left(what, for_good=True))
            return
        if MONEY in left:  # booked against, whatever else was booked since
            self._book_back(one, was[MONEY] - is_[MONEY])
            return
        same = {name: was[name] for name in sorted(left) if one.now[name] == is_[name]}
        others = {name for name in left - same.keys() if one.now[name] != was[name]}
        if others:
            self._keep(one.left(one.who_changed(others)))
        if same:
            shown = {name: (self._named(is_[name]), self._named(was[name])) for name in same}
            self._alter(one, {"fields": same}, shown)

    def _book_back(self, one: Since, raised: Json) -> None:
        total = on_the_wire(self._customers.fields[MONEY], one.row.total_debt_minor)
        change = {MONEY: (total, total + raised)}
        body = {"fields": {MONEY: {"increment": raised}}, "reason": self._reason}
        if self._alter(one, body, change):
            at = stamp_text(self._transaction.now())
            edit = {MONEY: total}, {MONEY: total + raised}
            self._transaction.note(int(one.row.id), at, Act.UPDATE, self._author, edit)

    def _alter(self, one: Since, body: Json, shown: dict[str, tuple[Json, Json]]) -> bool:
        customer = int(one.row.id)
        change = alteration(self._customers, customer, body, self._author.who, strict_money=False)
        try:
            change(self._transaction)
        except Refusal as refusal:
            self._fail(one.left(refusal.body["error"]["message"]))
            return False
        self._decide("back", customer, shown)
        self._back.add(customer)
        if len(self.done.put_back) < TOLD_MAX:
            self.done.put_back.append(Back(customer, one.row.name, shown))
        return True

    def _named(self, value: Json) -> Json:
        """Give a company by its name, as a list has it."""
        return self._companies.get(value["id"]) if isinstance(value, dict) else value

    def _remove_companies(self) -> None:
        """Remove the companies that the import made and that nobody belongs to any more."""
        number = _IMPORT.id == self.done.import_id
        made = self._connection.execute(sa.select(_IMPORT.companies).where(number)).scalar()
        named = {int(key): name for key, name in json.loads(made or "[]")}
        every = iter(named)
        while ids := list(islice(every, AT_ONCE)):
            self._remove_these({key: named[key] for key in ids})

    def _remove_these(self, named: dict[int, str]) -> None:
        theirs, live = _ROW.company_id.in_(named), _ROW.removed_at.is_(None)
        counting = sa.select(_ROW.company_id, sa.func.count().label("members")).where(theirs, live)
        counted = self._connection.execute(counting.group_by(_ROW.company_id))
        members = {one.company_id: one.members for one in counted}
        empty = []
        query = sa.select(schema.companies).where(_COMPANY.id.in_(named)).order_by(_COMPANY.id)
        for company in self._connection.execute(query).all():
            why = ""
            if company.name != named[company.id] or company.external_id is not None:
                why = "renamed or given a key since"
            elif company.id in members:
                count = members[company.id]
                why = f"{many(count, 'customer')} {'belongs' if count == 1 else 'belong'} to it"
                self.done.complete = False
            self._decide("company", company.id, why)
            if why:
                self.done.companies_kept.append(LeftCompany(company.name, why))
            else:
                empty.append(company.id)
                before = {"name": company.name, "externalId": company.external_id}
                self._transaction.note_company(company.id, Act.REMOVE, self._author, (before, {}))
                self.done.companies.append(company.name)
        orphans = sa.update(schema.customers).where(_ROW.company_id.in_(empty))
        self._connection.execute(orphans.values(company_id=None))
        self._connection.execute(sa.delete(schema.companies).where(_COMPANY.id.in_(empty)))

    def _keep(self, left: Left) -> None:
        self._decide("kept", left)
        self.done.complete = self.done.complete and left.for_good
        self.done.kept_count += 1
        if len(self.done.kept) < TOLD_MAX:
            self.done.kept.append(left)

    def _fail(self, left: Left) -> None:
        self._decide("failed", left)
        self.done.complete = False
        self.done.failed_count += 1
        if len(self.done.failed) < TOLD_MAX:
            self.done.failed.append(left)

    def _decide(self, *what: Any) -> None:
        self._digest.update(repr(what).encode())
