"""Undoes an import as far as nobody has changed its customers since.

A preview comes first; then exactly that is done, all of it or nothing. What was left can be undone
later: the audit log shows what an undo has done already, so no money is booked twice.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Any

import sqlalchemy as sa

from taptill.domain.errors import ServiceError, UsageError
from taptill.domain.technical.counting import many
from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.changes import MONEY, Author, ChangeType, Transaction
from taptill.service.database import currency_of, read_connection, write_transaction
from taptill.service.fields import Entity, entities, format_timestamp, json_value
from taptill.service.files.history import (
    UNDO_ACTOR,
    CustomerHistory,
    SkippedCustomer,
    before_and_after,
    load_histories,
    reason_to_keep,
)
from taptill.service.files.report import LISTED_MAX, ProgressCallback, no_progress
from taptill.service.people.customers import update_customer
from taptill.service.store import utc_now
from taptill.service.wire import ApiError

PAGE = 500
"""How many changes are undone at once."""

_CUSTOMER = schema.customers.c
_CHANGE = schema.customer_changes.c
_COMPANY = schema.companies.c
_IMPORT = schema.imports.c

_BY_ID = _CUSTOMER.id == sa.bindparam("row_id")
_REMOVAL = (
    sa.update(schema.customers)
    .where(_BY_ID)
    .values(
        total_debt_minor=0,
        updated_at=sa.bindparam("at"),
        removed_at=sa.bindparam("at"),
        version=_CUSTOMER.version + 1,
    )
)


@dataclass(frozen=True, slots=True)
class RemovedCustomer:
    """A customer that an undo removes."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class RevertedCustomer:
    """A customer with reverted fields: the present value and the restored one of each."""

    id: int
    name: str
    fields: dict[str, tuple[Json, Json]]


@dataclass(frozen=True, slots=True)
class SkippedCompany:
    """A company that an import created and an undo leaves, and the reason."""

    name: str
    why: str


@dataclass(slots=True)
class UndoReport:
    """What an undo does. At most LISTED_MAX of each kind are listed; all are counted."""

    import_id: int
    removed: int = 0
    changed_back: int = 0
    kept_count: int = 0
    failed_count: int = 0
    gone: list[RemovedCustomer] = field(default_factory=list)
    put_back: list[RevertedCustomer] = field(default_factory=list)
    kept: list[SkippedCustomer] = field(default_factory=list)
    """Customers left unchanged, because somebody else has changed them since."""
    failed: list[SkippedCustomer] = field(default_factory=list)
    companies: list[str] = field(default_factory=list)
    """The companies that the import created and the undo removes."""
    companies_kept: list[SkippedCompany] = field(default_factory=list)
    complete: bool = True
    """Whether no later undo could do more."""

    @property
    def is_empty(self) -> bool:
        """Whether the undo changes nothing."""
        return not (self.removed or self.changed_back or self.companies)


class Undo:
    """Undoes an import: `preview` shows what it would do, `apply` does exactly that."""

    def __init__(self, engine: sa.Engine, number: int) -> None:
        self._engine = engine
        self._number = number
        self._customers = entities(currency_of(engine).digits)["Customers"]
        self._preview_digest: bytes | None = None

    def count_changes(self) -> int:
        """Return the number of the import's changes; raises UsageError if unknown or undone."""
        with read_connection(self._engine) as connection:
            _check(connection, self._number)
        count_query = sa.select(sa.func.count()).select_from(_changes_of(self._number).subquery())
        with read_connection(self._engine) as connection:
            return int(connection.execute(count_query).scalar_one())

    def preview(self, advance: ProgressCallback = no_progress) -> UndoReport:
        """Run the undo and roll it back, so that the report is exact and nothing is changed."""
        with write_transaction(self._engine) as connection:
            undo_run = self._run(connection, advance)
            transaction = connection.get_transaction()
            if transaction is not None:
                transaction.rollback()
        self._preview_digest = undo_run.digest
        return undo_run.report

    def apply(self, advance: ProgressCallback = no_progress) -> UndoReport:
        """Run the undo; raises ServiceError if it would differ from the preview."""
        with write_transaction(self._engine) as connection:
            undo_run = self._run(connection, advance)
            if undo_run.digest != self._preview_digest:
                detail = (
                    "the customers have changed since the preview: nothing was done, look again"
                )
                raise ServiceError(detail=detail)
            if undo_run.report.complete:
                statement = schema.imports.update().where(_IMPORT.id == self._number)
                connection.execute(statement.values(undone_at=format_timestamp(utc_now())))
        return undo_run.report

    def _run(self, connection: sa.Connection, advance: ProgressCallback) -> "_UndoRun":
        _check(connection, self._number)
        transaction = Transaction(connection, utc_now, import_id=self._number)
        undo_run = _UndoRun(self._customers, transaction, UndoReport(self._number))
        undo_run.carry_out(advance)
        return undo_run


def list_imports(engine: sa.Engine) -> list[dict[str, Json]]:
    """Return number, time and counts of every import, the newest first."""
    latest = sa.func.max(_CHANGE.at).label("undone_in_part_at")
    attempts = (
        sa.select(_CHANGE.import_id, latest)
        .where(_CHANGE.who == UNDO_ACTOR)
        .group_by(_CHANGE.import_id)
    )
    partial = attempts.subquery()
    columns = [column for column in _IMPORT if column is not _IMPORT.companies]
    tables = schema.imports.outerjoin(partial, partial.c.import_id == _IMPORT.id)
    query = sa.select(*columns, partial.c.undone_in_part_at).select_from(tables)
    with read_connection(engine) as connection:
        rows = connection.execute(query.order_by(_IMPORT.id.desc())).mappings()
        return [
            {**row, "undone_in_part_at": None if row["undone_at"] else row["undone_in_part_at"]}
            for row in rows
        ]


def _check(connection: sa.Connection, import_id: int) -> None:
    row = connection.execute(sa.select(_IMPORT.undone_at).where(_IMPORT.id == import_id)).first()
    if row is None:
        raise UsageError(problem=f"there is no import {import_id}: see taptill service imports")
    if row.undone_at is not None:
        raise UsageError(problem=f"import {import_id} was undone at {row.undone_at}")


def _changes_of(number: int) -> sa.Select[Any]:
    """Select an import's changes, the newest first, so that a card is free when it is restored."""
    own_changes = sa.select(schema.customer_changes).where(
        _CHANGE.import_id == number, _CHANGE.who != UNDO_ACTOR
    )
    return own_changes.order_by(_CHANGE.id.desc())


class _UndoRun:
    """One run of an undo within one transaction."""

    def __init__(self, customers: Entity, transaction: Transaction, report: UndoReport) -> None:
        self._customers = customers
        self._transaction = transaction
        self._connection = transaction.connection
        self._reason = f"import {report.import_id} undone"
        self._author = Author(UNDO_ACTOR)
        self._digest = sha256()
        self._reverted_ids: set[int] = set()
        companies = sa.select(_COMPANY.id, _COMPANY.name)
        self._companies = {
            company.id: company.name for company in self._connection.execute(companies)
        }
        self.report = report

    @property
    def digest(self) -> bytes:
        """A digest of all decisions, by which a run is compared with its preview."""
        return self._digest.digest()

    def carry_out(self, advance: ProgressCallback) -> None:
        """Undo all changes, the newest first, then remove the companies that are empty by then."""
        for changes in self._chunks():
            ids = sorted({change.customer_id for change in changes})
            histories = load_histories(self._connection, self._customers, ids)
            self._remove_customers(
                [
                    histories[change.customer_id]
                    for change in changes
                    if change.act == ChangeType.INSERT
                ]
            )
            for change in changes:
                if change.act != ChangeType.INSERT:
                    self._revert_fields(histories[change.customer_id], change)
            self._transaction.flush()
            advance(len(changes))
        self._remove_companies()
        self.report.changed_back = len(self._reverted_ids)

    def _chunks(self) -> Iterator[Sequence[Any]]:
        every = iter(self._connection.execute(_changes_of(self.report.import_id)).all())
        while chunk := list(islice(every, PAGE)):
            yield chunk

    def _remove_customers(self, histories: Sequence[CustomerHistory]) -> None:
        """Remove the customers that the import created and nobody has changed since."""
        removals = []
        for history in histories:
            if history.row.removed_at is not None and ChangeType.REMOVE in history.fields_put_back(
                self.report.import_id
            ):
                continue
            skipped_customer = reason_to_keep(history, self.report.import_id)
            if skipped_customer is not None:
                self._skip(skipped_customer)
                continue
            customer, at = int(history.row.id), self._transaction.stamp()
            new_values = {"total_debt_minor": 0, "updated_at": at}
            self._transaction.record_debt_change(
                customer, history.row.total_debt_minor, new_values, self._author, self._reason
            )
            self._transaction.record_change(customer, at, ChangeType.REMOVE, self._author)
            removals.append({"row_id": customer, "at": at})
            self._hash_decision("removed", customer)
            self.report.removed += 1
            if len(self.report.gone) < LISTED_MAX:
                self.report.gone.append(RemovedCustomer(customer, history.row.name))
        if removals:
            self._connection.execute(_REMOVAL, removals)

    def _revert_fields(self, history: CustomerHistory, change: Any) -> None:
        """Write a change's old values, except of fields that somebody has changed since."""
        old, new = before_and_after(change)
        pending = old.keys() - history.fields_put_back(self.report.import_id)
        if old and not pending:
            return
        if not old or history.row.removed_at is not None:
            reason = "removed since" if old else "erased since"
            self._skip(history.as_skipped(reason, for_good=True))
            return
        if MONEY in pending:  # a counter-booking, whatever was booked since
            self._revert_debt(history, old[MONEY] - new[MONEY])
            return
        revertible = {
            name: old[name] for name in sorted(pending) if history.values[name] == new[name]
        }
        overwritten = {
            name for name in pending - revertible.keys() if history.values[name] != old[name]
        }
        if overwritten:
            self._skip(history.as_skipped(history.last_change(overwritten)))
        if revertible:
            display = {
                name: (self._with_company_name(new[name]), self._with_company_name(old[name]))
                for name in revertible
            }
            self._update_customer(history, {"fields": revertible}, display)

    def _revert_debt(self, history: CustomerHistory, increment: Json) -> None:
        total = json_value(self._customers.fields[MONEY], history.row.total_debt_minor)
        change = {MONEY: (total, total + increment)}
        body = {"fields": {MONEY: {"increment": increment}}, "reason": self._reason}
        if self._update_customer(history, body, change):
            at = format_timestamp(self._transaction.now())
            edit = {MONEY: total}, {MONEY: total + increment}
            self._transaction.record_change(
                int(history.row.id), at, ChangeType.UPDATE, self._author, edit
            )

    def _update_customer(
        self, history: CustomerHistory, body: Json, display: dict[str, tuple[Json, Json]]
    ) -> bool:
        customer = int(history.row.id)
        change = update_customer(
            self._customers, customer, body, self._author.actor, strict_money=False
        )
        try:
            change(self._transaction)
        except ApiError as refusal:
            self._fail(history.as_skipped(refusal.body["error"]["message"]))
            return False
        self._hash_decision("back", customer, display)
        self._reverted_ids.add(customer)
        if len(self.report.put_back) < LISTED_MAX:
            self.report.put_back.append(RevertedCustomer(customer, history.row.name, display))
        return True

    def _with_company_name(self, value: Json) -> Json:
        """Return a company's name in place of its id, other values unchanged."""
        return self._companies.get(value["id"]) if isinstance(value, dict) else value

    def _remove_companies(self) -> None:
        """Remove the companies that the import created and that have no members any more."""
        by_id = _IMPORT.id == self.report.import_id
        companies_json = self._connection.execute(
            sa.select(_IMPORT.companies).where(by_id)
        ).scalar()
        names = {int(key): name for key, name in json.loads(companies_json or "[]")}
        ids_left = iter(names)
        while ids := list(islice(ids_left, PAGE)):
            self._remove_empty({key: names[key] for key in ids})

    def _remove_empty(self, names: dict[int, str]) -> None:
        is_member, live = _CUSTOMER.company_id.in_(names), _CUSTOMER.removed_at.is_(None)
        count_query = sa.select(_CUSTOMER.company_id, sa.func.count().label("members")).where(
            is_member, live
        )
        rows = self._connection.execute(count_query.group_by(_CUSTOMER.company_id))
        members = {row.company_id: row.members for row in rows}
        empty = []
        query = sa.select(schema.companies).where(_COMPANY.id.in_(names)).order_by(_COMPANY.id)
        for company in self._connection.execute(query).all():
            reason = ""
            if company.name != names[company.id] or company.external_id is not None:
                reason = "renamed or given a key since"
            elif company.id in members:
                count = members[company.id]
                reason = f"{many(count, 'customer')} {'belongs' if count == 1 else 'belong'} to it"
                self.report.complete = False
            self._hash_decision("company", company.id, reason)
            if reason:
                self.report.companies_kept.append(SkippedCompany(company.name, reason))
            else:
                empty.append(company.id)
                before = {"name": company.name, "externalId": company.external_id}
                self._transaction.record_company_change(
                    company.id, ChangeType.REMOVE, self._author, (before, {})
                )
                self.report.companies.append(company.name)
        orphans = sa.update(schema.customers).where(_CUSTOMER.company_id.in_(empty))
        self._connection.execute(orphans.values(company_id=None))
        self._connection.execute(sa.delete(schema.companies).where(_COMPANY.id.in_(empty)))

    def _skip(self, skipped_customer: SkippedCustomer) -> None:
        self._hash_decision("kept", skipped_customer)
        self.report.complete = self.report.complete and skipped_customer.for_good
        self.report.kept_count += 1
        if len(self.report.kept) < LISTED_MAX:
            self.report.kept.append(skipped_customer)

    def _fail(self, skipped_customer: SkippedCustomer) -> None:
        self._hash_decision("failed", skipped_customer)
        self.report.complete = False
        self.report.failed_count += 1
        if len(self.report.failed) < LISTED_MAX:
            self.report.failed.append(skipped_customer)

    def _hash_decision(self, *decision: Any) -> None:
        self._digest.update(repr(decision).encode())
