"""The entities of the API and their fields; converts between JSON values and column values."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from taptill.domain.customer import stamp
from taptill.domain.money import MINOR_MAX
from taptill.domain.technical.exact_json import Json, RawJson
from taptill.service import schema
from taptill.service.wire import ApiError, bad_request, child_path, write

MONEY_DIGITS = 2
"""How many decimals amounts have in a database that was created before it had a currency."""
TEXT_MAX = 255
JSON_MAX = 65_536
INTEGER_MAX = 2**63 - 1
CARD_DIGITS_MAX = 10
"""How many digits of a payment card's number may be stored."""
OFFICE_FIELDS = frozenset({"email", "paymentCard", "staff", "request"})
"""Fields of a customer and of the ledger that no till needs."""
NAME_FOLDED = schema.customers.c.name_folded.name

_EXACT = Context(prec=28, traps=[Inexact, InvalidOperation])
_NEVER_BLANK = frozenset({"name", "card_id"})


class FieldKind(StrEnum):
    """The type of a field's JSON values; its value is the text of the error message."""

    INTEGER = "a whole number"
    TEXT = f"a text of at most {TEXT_MAX} characters without a null character"
    BOOLEAN = "true or false"
    MONEY = "a number, no larger than a till believes"
    TIMESTAMP = "an ISO 8601 time"
    JSON = f"any JSON of at most {JSON_MAX} characters"
    RELATION = 'a relation, written {"id": 42}'


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One field of an entity. A relation has a target, and its column contains the target's id."""

    column: sa.Column[Any]
    kind: FieldKind = FieldKind.TEXT
    writable: bool = True
    target: "Entity | None" = None
    name: str = ""
    """The field's name in JSON."""
    folded_column: sa.Column[Any] | None = None
    """The column with the case-folded, normalised text, which `ilike` searches."""
    writable_on_insert: bool = False
    """Whether an insert may set it, though no update may change it."""
    is_masked: bool = False
    """Whether it contains a payment card's number, of which only some digits may be stored."""
    digits: int = 0
    """How many decimals an amount has."""

    @property
    def expected(self) -> str:
        """Return a description of valid values for an error message."""
        if self.kind is not FieldKind.MONEY:
            return str(self.kind)
        form = f"a number with at most {self.digits} decimals" if self.digits else "a whole number"
        return f"{form}, no larger than a till believes"

    @property
    def default(self) -> Any:
        """Return the value of a new row that does not set the field; None for null."""
        return getattr(self.column.default, "arg", None)


@dataclass(frozen=True, slots=True, eq=False)
class Entity:
    """A table as the API shows it; `from_clause` has the relation's table joined."""

    table: sa.Table
    from_clause: sa.FromClause
    fields: Mapping[str, Field]
    verbs: frozenset[str]
    row_filter: tuple[sa.ColumnElement[bool], ...] = ()
    """The conditions that every visible row meets."""

    def field(self, name: Json, path: str) -> Field:
        """Return a field by its JSON name; raise ApiError (400) if there is none."""
        field = self.fields.get(name) if isinstance(name, str) else None
        if field is None:
            quoted_name = f'"{child_path("", name)}" ' if isinstance(name, str) else ""
            raise bad_request("unknown-field", f"Field {quoted_name}not found", path)
        return field

    def resolve(self, name: Json, path: str) -> Field:
        """Return a field by its JSON name or by a path across relations such as `company.id`."""
        first, _, rest = name.partition(".") if isinstance(name, str) else ("", "", "")
        target = self.fields[first].target if rest and first in self.fields else None
        return target.resolve(rest, path) if target else self.field(name, path)


def column_value(field: Field, value: Json, path: str) -> Any:
    """Convert a JSON value to its column's value; raise ApiError (400) where it is invalid."""
    result = (
        _parse_minor(value, field.digits)
        if field.kind is FieldKind.MONEY
        else _parse(field.kind, value)
    )
    if result is None:
        raise bad_request("type", f"{field.expected} is expected", path)
    return result


def is_valid(field: Field, value: Json) -> bool:
    """Return whether a value can be written to a field."""
    try:
        column_value(field, value, "")
    except ApiError:
        return False
    return True


def column_values(entity: Entity, fields: Json, path: str, *, new: bool = False) -> dict[str, Any]:
    """Convert an object of fields to column values by column name; `new` for a new row.

    Raises ApiError (400) for unknown, read-only, blank and invalid fields.
    """
    if not isinstance(fields, dict) or not fields:
        raise bad_request("type", "an object with at least one field is expected", path)
    values: dict[str, Any] = {}
    for name, value in fields.items():
        field_path = child_path(path, name)
        field = entity.field(name, field_path)
        column = field.column
        if not (field.writable or (new and field.writable_on_insert)):
            raise bad_request("read-only", "the service sets this field itself", field_path)
        if (value is None and not column.nullable) or (value == "" and column.name in _NEVER_BLANK):
            raise bad_request("type", "this field cannot be left blank", field_path)
        values[column.name] = None if value is None else column_value(field, value, field_path)
        if field.is_masked and isinstance(value, str):
            _refuse_full_card_number(value, field_path)
    if "name" in values:
        values[NAME_FOLDED] = schema.fold(values["name"])
    return values


def _refuse_full_card_number(card: str, path: str) -> None:
    """Raise ApiError (400) if more of a payment card's number is visible than six and four digits.

    Source: PCI DSS 4.0, requirement 3.4.1.
    """
    if sum(letter.isdigit() for letter in card) > CARD_DIGITS_MAX:
        message = "a masked card number is expected: of its digits at most the first 6 and last 4"
        raise bad_request("type", message, path)


def json_value(field: Field, value: Any) -> Json:
    """Convert a column's value to JSON."""
    match field.kind:
        case FieldKind.MONEY:
            return Decimal(value).scaleb(-field.digits)
        case FieldKind.BOOLEAN:  # SQLite's own are 0 and 1
            return None if value is None else bool(value)
        case FieldKind.JSON:
            return None if value is None else RawJson(value)
        case _:
            return value


def format_timestamp(at: datetime) -> str:
    """Return an instant as ISO 8601 text in UTC, whose text order is its time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _parse(kind: FieldKind, value: Json) -> Any:
    """Return the column's value of a JSON value; None where it is invalid."""
    match kind, value:
        case FieldKind.JSON, _:
            text = write(value)
            return text if len(text) <= JSON_MAX else None
        case FieldKind.BOOLEAN, bool():
            return value
        case FieldKind.RELATION, {"id": number} if len(value) == 1:
            return _parse(FieldKind.INTEGER, number)
        case FieldKind.INTEGER, int() if not isinstance(value, bool):
            return value if abs(value) <= INTEGER_MAX else None
        case FieldKind.TIMESTAMP, str():
            return _parse_timestamp(value)
        case FieldKind.TEXT, str():
            return value if len(value) <= TEXT_MAX and _is_storable(value) else None
    return None


def _parse_minor(major: Json, digits: int) -> int | None:
    if isinstance(major, bool) or not isinstance(major, int | Decimal):
        return None
    largest = MINOR_MAX // 10**digits
    if not -largest <= major <= largest:  # abs() would round or overflow a Decimal
        return None
    smallest = Decimal(1).scaleb(-digits)
    try:
        return int(Decimal(major).quantize(smallest, context=_EXACT).scaleb(digits))
    except ArithmeticError:  # more decimals than the minor unit has
        return None


def _parse_timestamp(text: str) -> str | None:
    at = stamp(text)
    try:
        return format_timestamp(at) if at else None
    except OverflowError:  # the time zone moves it before year 1 or beyond 9999
        return None


def _is_storable(text: str) -> bool:
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


_COMPANY = schema.companies.c
_CUSTOMER = schema.customers.c
_DEBT_CHANGE = schema.debt_changes.c


_CUSTOMER_CHANGE = schema.customer_changes.c
_COMPANY_CHANGE = schema.company_changes.c
_LIVE = _CUSTOMER.removed_at.is_(None)
_SELECT_ONLY = frozenset({"select"})


@lru_cache
def entities(digits: int, *, for_till: bool = False) -> Mapping[str, Entity]:
    """Return the entities by name for amounts with this number of decimals.

    With `for_till` they lack the fields and rows that only the office may see.
    """
    companies = _companies()
    customers = _customers(companies, digits)
    if not for_till:
        return {
            "Customers": customers,
            "Companies": companies,
            "CustomerDebtChanges": _debt_changes(customers, digits),
            "CustomerChanges": _customer_changes(customers),
            "CompanyChanges": _company_changes(),
        }
    till_fields = {
        name: field for name, field in customers.fields.items() if name not in OFFICE_FIELDS
    }
    customers = replace(customers, fields=till_fields)
    ledger = _debt_changes(customers, digits)
    ledger_fields = {
        name: field for name, field in ledger.fields.items() if name not in OFFICE_FIELDS
    }
    ledger = replace(ledger, fields=ledger_fields, row_filter=(_LIVE,))
    return {"Customers": customers, "Companies": companies, "CustomerDebtChanges": ledger}


@lru_cache
def removed_customers(digits: int) -> Entity:
    """Return the entity of the customers that are removed but not erased."""
    row_filter = (_CUSTOMER.removed_at.is_not(None), _CUSTOMER.erased_at.is_(None))
    return replace(entities(digits)["Customers"], row_filter=row_filter)


def _with_names(fields: Mapping[str, Field]) -> Mapping[str, Field]:
    return {name: replace(field, name=name) for name, field in fields.items()}


def _companies() -> Entity:
    return Entity(
        table=schema.companies,
        from_clause=schema.companies,
        fields=_with_names(
            {
                "id": Field(
                    _COMPANY.id, FieldKind.INTEGER, writable=False, writable_on_insert=True
                ),
                "name": Field(_COMPANY.name, folded_column=_COMPANY.name_folded),
                "externalId": Field(_COMPANY.external_id),
            }
        ),
        verbs=_SELECT_ONLY | {"insert", "update", "remove"},
    )


def _customers(companies: Entity, digits: int) -> Entity:
    return Entity(
        table=schema.customers,
        from_clause=schema.customers.outerjoin(schema.companies),
        fields=_with_names(
            {
                "id": Field(_CUSTOMER.id, FieldKind.INTEGER, writable=False),
                "name": Field(_CUSTOMER.name, folded_column=_CUSTOMER.name_folded),
                "email": Field(_CUSTOMER.email),
                "cardId": Field(_CUSTOMER.card_id),
                "company": Field(_CUSTOMER.company_id, FieldKind.RELATION, target=companies),
                "externalId": Field(_CUSTOMER.external_id),
                "isBlocked": Field(_CUSTOMER.is_blocked, FieldKind.BOOLEAN),
                "isCreditAllowed": Field(_CUSTOMER.is_credit_allowed, FieldKind.BOOLEAN),
                "totalDebt": Field(_CUSTOMER.total_debt_minor, FieldKind.MONEY, digits=digits),
                "debtData": Field(_CUSTOMER.debt_data, FieldKind.JSON),
                "paymentCard": Field(_CUSTOMER.payment_card, is_masked=True),
                "default": Field(_CUSTOMER.is_default, FieldKind.BOOLEAN),
                "createdAt": Field(_CUSTOMER.created_at, FieldKind.TIMESTAMP, writable=False),
                "updatedAt": Field(_CUSTOMER.updated_at, FieldKind.TIMESTAMP, writable=False),
                "version": Field(_CUSTOMER.version, FieldKind.INTEGER, writable=False),
            }
        ),
        verbs=_SELECT_ONLY | {"insert", "update", "remove", "restore", "erase"},
        row_filter=(_LIVE,),
    )


def _debt_changes(customers: Entity, digits: int) -> Entity:
    return Entity(
        table=schema.debt_changes,
        from_clause=schema.debt_changes.outerjoin(schema.customers).outerjoin(schema.companies),
        fields=_with_names(
            {
                "id": Field(_DEBT_CHANGE.id, FieldKind.INTEGER),
                "customer": Field(_DEBT_CHANGE.customer_id, FieldKind.RELATION, target=customers),
                "at": Field(_DEBT_CHANGE.at, FieldKind.TIMESTAMP),
                "who": Field(_DEBT_CHANGE.who),
                "from": Field(_DEBT_CHANGE.from_minor, FieldKind.MONEY, digits=digits),
                "to": Field(_DEBT_CHANGE.to_minor, FieldKind.MONEY, digits=digits),
                "reason": Field(_DEBT_CHANGE.reason),
                "staff": Field(_DEBT_CHANGE.staff),
                "request": Field(_DEBT_CHANGE.request),
            }
        ),
        verbs=_SELECT_ONLY,
    )


def _customer_changes(customers: Entity) -> Entity:
    tables = schema.customer_changes.outerjoin(schema.customers).outerjoin(schema.companies)
    return Entity(
        table=schema.customer_changes,
        from_clause=tables,
        fields=_with_names(
            {
                "id": Field(_CUSTOMER_CHANGE.id, FieldKind.INTEGER),
                "customer": Field(
                    _CUSTOMER_CHANGE.customer_id, FieldKind.RELATION, target=customers
                ),
                "at": Field(_CUSTOMER_CHANGE.at, FieldKind.TIMESTAMP),
                "who": Field(_CUSTOMER_CHANGE.who),
                "staff": Field(_CUSTOMER_CHANGE.staff),
                "act": Field(_CUSTOMER_CHANGE.act),
                "import": Field(_CUSTOMER_CHANGE.import_id, FieldKind.INTEGER),
                "before": Field(_CUSTOMER_CHANGE.before, FieldKind.JSON),
                "after": Field(_CUSTOMER_CHANGE.after, FieldKind.JSON),
            }
        ),
        verbs=_SELECT_ONLY,
    )


def _company_changes() -> Entity:
    return Entity(
        table=schema.company_changes,
        from_clause=schema.company_changes,
        fields=_with_names(
            {
                "id": Field(_COMPANY_CHANGE.id, FieldKind.INTEGER),
                "company": Field(_COMPANY_CHANGE.company_id, FieldKind.INTEGER),
                "at": Field(_COMPANY_CHANGE.at, FieldKind.TIMESTAMP),
                "who": Field(_COMPANY_CHANGE.who),
                "staff": Field(_COMPANY_CHANGE.staff),
                "act": Field(_COMPANY_CHANGE.act),
                "before": Field(_COMPANY_CHANGE.before, FieldKind.JSON),
                "after": Field(_COMPANY_CHANGE.after, FieldKind.JSON),
            }
        ),
        verbs=_SELECT_ONLY,
    )


ENTITIES = entities(MONEY_DIGITS)
CUSTOMERS, COMPANIES, DEBT_CHANGES, *_ = ENTITIES.values()
"""The entities of amounts with two decimals; also for whoever needs only names and columns."""
