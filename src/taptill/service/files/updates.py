"""Updates customers from a newer list: a preview, then all of it or nothing.

A row belongs to the customer with its externalId, else to the one with its card. An empty cell
changes nothing, balances change only with an option, and missing customers are only listed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256

import sqlalchemy as sa

from taptill.domain.errors import ServiceError
from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.changes import (
    MONEY,
    Author,
    ChangeType,
    Transaction,
)
from taptill.service.database import read_snapshot, write_transaction
from taptill.service.fields import format_timestamp
from taptill.service.files.columns import COLUMNS, COMPANY
from taptill.service.files.imports import (
    IMPORT_ACTOR,
    ImportFile,
    ImportSource,
    Row,
    add_companies,
    begin_import,
    with_company,
)
from taptill.service.files.report import LISTED_MAX, ImportReport, ProgressCallback, no_progress
from taptill.service.people.customers import insert_customers, update_customer
from taptill.service.selection import read_shape
from taptill.service.wire import ApiError

CARD_FIELD, KEY_FIELD = "cardId", "externalId"


@dataclass(frozen=True, slots=True)
class ChangedCustomer:
    """A customer that the list changes: the old and the new value of each field."""

    line: int
    id: int
    name: str
    fields: dict[str, tuple[Json, Json]]


@dataclass(frozen=True, slots=True)
class ListedCustomer:
    """A customer's name with its id, or with its line in the file if it is new."""

    id: int | None
    line: int | None
    name: str


@dataclass(slots=True)
class UpdatePreview(ImportReport):
    """What a newer list would do. At most LISTED_MAX of each kind are listed; all are counted."""

    new: list[ListedCustomer] = field(default_factory=list)
    changed: list[ChangedCustomer] = field(default_factory=list)
    missing: list[ListedCustomer] = field(default_factory=list)
    new_count: int = 0
    changed_count: int = 0
    missing_count: int = 0
    unchanged: int = 0


class ListUpdate:
    """Applies a newer list: `preview` shows what it would do, `apply` does exactly that."""

    def __init__(self, engine: sa.Engine, source: ImportSource, *, money: bool) -> None:
        self._preview = UpdatePreview()
        self._file = ImportFile(engine, source, self._preview)
        self._engine = engine
        self._money = money
        self._shape = read_shape(
            self._file.customers, {"id": True, **dict.fromkeys(COLUMNS, True)}, ""
        )
        self._digest = ""

    def preview(self, advance: ProgressCallback = no_progress) -> UpdatePreview:
        """Compare the file, read twice, with the database; raises ServiceError if unreadable."""
        self._file.advance = advance
        self._file.survey_columns()
        lines_by_customer: dict[int, int] = {}
        digest = sha256()
        with read_snapshot(self._engine) as connection:
            for chunk in self._file.check():
                for line, row, customer in self._match(connection, chunk, lines_by_customer):
                    self._add_to_preview(line, row, customer)
                    digest.update(repr((line, self._differences(row, customer))).encode())
            if not self._preview.bad_count:  # else customers of rejected rows would be missing
                self._add_missing(connection, lines_by_customer)
        self._digest = digest.hexdigest()
        return self._preview

    def apply(self, advance: ProgressCallback = no_progress) -> UpdatePreview:
        """Make the changes of the preview; raises ServiceError if they would differ by now."""
        self._file.advance = advance
        digest = sha256()
        with write_transaction(self._engine) as connection:
            transaction = begin_import(connection)
            company_ids = add_companies(transaction, self._file)
            reason = f"import {transaction.import_id}"
            for chunk in self._file.chunks():
                new_customers = []
                for line, row, customer in self._match(connection, chunk, {}):
                    differences = self._differences(row, customer)
                    digest.update(repr((line, differences)).encode())
                    if customer is None:
                        new_customers.append(with_company(self._without_money(row), company_ids))
                    elif differences:
                        body = {
                            "fields": self._fields(differences, row, company_ids),
                            "reason": reason,
                        }
                        self._update_customer(transaction, int(customer["id"]), body)
                        self._record_money(transaction, int(customer["id"]), differences.get(MONEY))
                if new_customers:
                    insert_customers(self._file.customers, {"fields": new_customers}, IMPORT_ACTOR)(
                        transaction
                    )
                transaction.flush()
            if digest.hexdigest() != self._digest:
                detail = (
                    "the customers have changed since the preview: nothing was done, look again"
                )
                raise ServiceError(detail=detail)
            counts = {"added": self._preview.new_count, "changed": self._preview.changed_count}
            by_id = schema.imports.c.id == transaction.import_id
            connection.execute(schema.imports.update().where(by_id).values(counts))
        self._preview.import_id = transaction.import_id
        return self._preview

    def _match(
        self, connection: sa.Connection, chunk: list[Row], lines_by_customer: dict[int, int]
    ) -> Iterator[tuple[int, dict[str, Json], dict[str, Json] | None]]:
        """Yield each row with its line and its customer, None for a new one."""
        columns = schema.customers.c
        keys = [row[KEY_FIELD] for _, row in chunk if KEY_FIELD in row]
        cards = [row[CARD_FIELD] for _, row in chunk if CARD_FIELD in row]
        query = self._shape.query.where(columns.external_id.in_(keys) | columns.card_id.in_(cards))
        by_key: dict[str, list[dict[str, Json]]] = {}
        by_card: dict[str, dict[str, Json]] = {}
        for customer in self._shape.rows(connection.execute(query)):
            by_key.setdefault(customer[KEY_FIELD], []).append(customer)
            by_card[customer[CARD_FIELD]] = customer
        for line, row in chunk:
            key_holders = (
                by_key.get(row[KEY_FIELD], []) if KEY_FIELD in row else []
            )  # one may be ""
            card_holder = by_card.get(row[CARD_FIELD]) if CARD_FIELD in row else None
            match = key_holders[0] if key_holders else card_holder
            problem = _problem(row, key_holders, card_holder)
            if match is not None and lines_by_customer.setdefault(match["id"], line) != line:
                problem = (
                    f"line {lines_by_customer[match['id']]} is about customer {match['id']} already"
                )
            if problem:
                if line not in self._file.rejected_lines:  # else reported already
                    self._preview.add_error(line, "", problem)
            else:
                yield line, row, match

    def _differences(
        self, row: Mapping[str, Json], customer: Mapping[str, Json] | None
    ) -> dict[str, tuple[Json, Json]]:
        """Return the fields that differ with their old and new values; a company is a name."""
        differences: dict[str, tuple[Json, Json]] = {}
        for name, new in row.items():
            if name == MONEY and not self._money:
                continue
            old = None if customer is None else customer[name]
            old = old["name"] if name == COMPANY and old is not None else old
            if old != new:
                differences[name] = (old, new)
        return differences

    def _fields(
        self,
        differences: Mapping[str, tuple[Json, Json]],
        row: dict[str, Json],
        company_ids: Mapping[str, int],
    ) -> dict[str, Json]:
        fields = {name: new for name, (_, new) in differences.items()}
        if MONEY in differences:
            old, new = differences[MONEY]
            fields[MONEY] = {"increment": Decimal(new) - Decimal(old)}
        if COMPANY in differences:
            fields[COMPANY] = with_company(row, company_ids)[COMPANY]
        return fields

    def _update_customer(self, transaction: Transaction, customer_id: int, body: Json) -> None:
        change = update_customer(
            self._file.customers, customer_id, body, IMPORT_ACTOR, strict_money=False
        )
        try:
            change(transaction)
        except ApiError as refusal:  # another process wrote in between
            message = f"{refusal.body['error']['message']}: nothing was changed"
            raise ServiceError(detail=message) from refusal

    @staticmethod
    def _record_money(
        transaction: Transaction, customer_id: int, amounts: tuple[Json, Json] | None
    ) -> None:
        """Record a booking in the audit log as well, so that the import can be undone."""
        if amounts is not None:
            change = {MONEY: amounts[0]}, {MONEY: amounts[1]}
            at = format_timestamp(transaction.now())
            transaction.record_change(
                customer_id, at, ChangeType.UPDATE, Author(IMPORT_ACTOR), change
            )

    def _without_money(self, row: dict[str, Json]) -> dict[str, Json]:
        return row if self._money else {name: value for name, value in row.items() if name != MONEY}

    def _add_to_preview(
        self, line: int, row: dict[str, Json], customer: dict[str, Json] | None
    ) -> None:
        preview, name = self._preview, row.get("name", "")
        differences = self._differences(row, customer)
        if customer is None:
            preview.new_count += 1
            if len(preview.new) < LISTED_MAX:
                preview.new.append(ListedCustomer(None, line, name))
        elif differences:
            preview.changed_count += 1
            if len(preview.changed) < LISTED_MAX:
                preview.changed.append(
                    ChangedCustomer(line, customer["id"], customer["name"], differences)
                )
        else:
            preview.unchanged += 1
        if MONEY in row and not self._money and _MONEY_IGNORED not in preview.notes:
            preview.notes.append(_MONEY_IGNORED)

    def _add_missing(self, connection: sa.Connection, lines_by_customer: Mapping[int, int]) -> None:
        columns, preview = schema.customers.c, self._preview
        live = columns.removed_at.is_(None) & columns.is_default.is_(False)
        query = sa.select(columns.id, columns.name).where(live).order_by(columns.id)
        for customer_id, name in connection.execute(query):
            if customer_id not in lines_by_customer:
                preview.missing_count += 1
                if len(preview.missing) < LISTED_MAX:
                    preview.missing.append(ListedCustomer(customer_id, None, name))


_MONEY_IGNORED = "totalDebt: not taken, no balance is changed; --money takes it"


def _problem(
    row: Mapping[str, Json], key_holders: list[dict[str, Json]], card_holder: dict[str, Json] | None
) -> str:
    """Return why a row's customer is not clear or the row cannot be applied; "" if neither."""
    if KEY_FIELD not in row and CARD_FIELD not in row:
        return "an update needs externalId or cardId, to know whom the row is about"
    if len(key_holders) > 1:
        names = " and ".join(f"customer {customer['id']}" for customer in key_holders)
        return f"{names} have this externalId: one of them must lose it first"
    if card_holder is None:
        return ""
    holder = f"customer {card_holder['id']}"
    if key_holders and key_holders[0]["id"] != card_holder["id"]:
        return f"{holder} has this card: take it away there first"
    if not key_holders and row.get(KEY_FIELD) and card_holder[KEY_FIELD]:
        return f"{holder} has this card, and another externalId: is this another person?"
    return ""
