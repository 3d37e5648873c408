"""A wire value in, a column's value out, and back: which fields each entity has."""

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
from taptill.service.wire import Refusal, bad, joined, write

MONEY_DIGITS = 2
"""The digits of money in a database that was made before it was asked for its currency."""
TEXT_MAX = 255
JSON_MAX = 65_536
INTEGER_MAX = 2**63 - 1
SHOWN_DIGITS_MAX = 10
"""So many digits of a payment card may be known."""
FOR_THE_OFFICE = frozenset({"email", "paymentCard", "staff", "request"})
"""Fields of a customer and of the ledger that no till needs."""
NAME_FOLDED = schema.customers.c.name_folded.name

_EXACT = Context(prec=28, traps=[Inexact, InvalidOperation])
_NEVER_BLANK = frozenset({"name", "card_id"})


class Kind(StrEnum):
    """What a field's values are on the wire, in the words of an error message."""

    INTEGER = "a whole number"
    TEXT = f"a text of at most {TEXT_MAX} characters without a null character"
    FLAG = "true or false"
    MONEY = "a number, no larger than a till believes"
    STAMP = "an ISO 8601 time"
    JSON = f"any JSON of at most {JSON_MAX} characters"
    RELATION = 'a relation, written {"id": 42}'


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One field of an entity; a relation has a target and its column holds the target's id."""

    column: sa.Column[Any]
    kind: Kind = Kind.TEXT
    writable: bool = True
    target: "Entity | None" = None
    name: str = ""
    """What it is called on the wire."""
    folded: sa.Column[Any] | None = None
    """The same without capitals, however its letters are encoded: what `ilike` looks at."""
    chosen: bool = False
    """Whether an insert may name it, though nothing may change it afterwards."""
    masked: bool = False
    """Whether it holds a card number of which only some digits may be known."""
    digits: int = 0
    """Of money: how many decimals it has."""

    @property
    def expected(self) -> str:
        """Say what its values are."""
        if self.kind is not Kind.MONEY:
            return str(self.kind)
        form = f"a number with at most {self.digits} decimals" if self.digits else "a whole number"
        return f"{form}, no larger than a till believes"

    @property
    def default(self) -> Any:
        """Give what a new row has where nothing is said; None for null."""
        return getattr(self.column.default, "arg", None)


@dataclass(frozen=True, slots=True, eq=False)
class Entity:
    """A table as the API shows it; `source` has the relation's table joined."""

    table: sa.Table
    source: sa.FromClause
    fields: Mapping[str, Field]
    verbs: frozenset[str]
    live: tuple[sa.ColumnElement[bool], ...] = ()
    """What every row that is shown meets."""

    def field(self, name: Json, path: str) -> Field:
        """Find a field by its wire name; 400 if there is none."""
        found = self.fields.get(name) if isinstance(name, str) else None
        if found is None:
            shown = f'"{joined("", name)}" ' if isinstance(name, str) else ""
            raise bad("unknown-field", f"Field {shown}not found", path)
        return found

    def dotted(self, name: Json, path: str) -> Field:
        """Find a field by its wire name or, across relations, by `company.id`."""
        first, _, rest = name.partition(".") if isinstance(name, str) else ("", "", "")
        target = self.fields[first].target if rest and first in self.fields else None
        return target.dotted(rest, path) if target else self.field(name, path)


def value_for(field: Field, value: Json, path: str) -> Any:
    """Read one wire value for its column; 400 where it does not fit."""
    read = _minor(value, field.digits) if field.kind is Kind.MONEY else _read(field.kind, value)
    if read is None:
        raise bad("type", f"{field.expected} is expected", path)
    return read


def fits(field: Field, value: Json) -> bool:
    """Tell whether a value can be written to a field."""
    try:
        value_for(field, value, "")
    except Refusal:
        return False
    return True


def written(entity: Entity, fields: Json, path: str, *, new: bool = False) -> dict[str, Any]:
    """Read an object of fields to write, of a new row or not, as column values by column name."""
    if not isinstance(fields, dict) or not fields:
        raise bad("type", "an object with at least one field is expected", path)
    values: dict[str, Any] = {}
    for name, value in fields.items():
        place = joined(path, name)
        field = entity.field(name, place)
        column = field.column
        if not (field.writable or (new and field.chosen)):
            raise bad("read-only", "the service sets this field itself", place)
        if (value is None and not column.nullable) or (value == "" and column.name in _NEVER_BLANK):
            raise bad("type", "this field cannot be left blank", place)
        values[column.name] = None if value is None else value_for(field, value, place)
        if field.masked and isinstance(value, str):
            _refuse_whole_number(value, place)
    if "name" in values:
        values[NAME_FOLDED] = schema.fold(values["name"])
    return values


def _refuse_whole_number(card: str, path: str) -> None:
    """Refuse a payment card's number of which more is shown than its first six and last four.

    Source: PCI DSS 4.0, requirement 3.4.1.
    """
    if sum(letter.isdigit() for letter in card) > SHOWN_DIGITS_MAX:
        words = "a masked card number is expected: of its digits at most the first 6 and last 4"
        raise bad("type", words, path)


def on_the_wire(field: Field, value: Any) -> Json:
    """Give a column's value as it goes out."""
    match field.kind:
        case Kind.MONEY:
            return Decimal(value).scaleb(-field.digits)
        case Kind.JSON:
            return None if value is None else RawJson(value)
        case _:
            return value


def stamp_text(at: datetime) -> str:
    """Write an instant so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _read(kind: Kind, value: Json) -> Any:
    """Give a wire value as its column keeps it; None where it does not fit."""
    match kind, value:
        case Kind.JSON, _:
            text = write(value)
            return text if len(text) <= JSON_MAX else None
        case Kind.FLAG, bool():
            return value
        case Kind.RELATION, {"id": number} if len(value) == 1:
            return _read(Kind.INTEGER, number)
        case Kind.INTEGER, int() if not isinstance(value, bool):
            return value if abs(value) <= INTEGER_MAX else None
        case Kind.STAMP, str():
            return _stamp(value)
        case Kind.TEXT, str():
            return value if len(value) <= TEXT_MAX and _storable(value) else None
    return None


def _minor(major: Json, digits: int) -> int | None:
    if isinstance(major, bool) or not isinstance(major, int | Decimal):
        return None
    largest = MINOR_MAX // 10**digits
    if not -largest <= major <= largest:  # abs() of a Decimal would round it, or overflow
        return None
    smallest = Decimal(1).scaleb(-digits)
    try:
        return int(Decimal(major).quantize(smallest, context=_EXACT).scaleb(digits))
    except ArithmeticError:  # more decimals than the minor unit has
        return None


def _stamp(text: str) -> str | None:
    at = stamp(text)
    try:
        return stamp_text(at) if at else None
    except OverflowError:  # year 1 or 9999, moved over the edge by its time zone
        return None


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


_OF_COMPANIES = schema.companies.c
_OF_CUSTOMERS = schema.customers.c
_OF_CHANGES = schema.debt_changes.c


_OF_ACTS = schema.customer_changes.c
_OF_COMPANY_ACTS = schema.company_changes.c
_LIVE = _OF_CUSTOMERS.removed_at.is_(None)
_FOR_ALL = frozenset({"select"})


@lru_cache
def entities(digits: int, *, least: bool = False) -> Mapping[str, Entity]:
    """Give the entities of a database whose money has so many digits, by their names.

    With `least` only what a till needs: it sees no field and no row that is the office's.
    """
    companies = _companies()
    customers = _customers(companies, digits)
    if not least:
        return {
            "Customers": customers,
            "Companies": companies,
            "CustomerDebtChanges": _debt_changes(customers, digits),
            "CustomerChanges": _customer_changes(customers),
            "CompanyChanges": _company_changes(),
        }
    few = {name: one for name, one in customers.fields.items() if name not in FOR_THE_OFFICE}
    customers = replace(customers, fields=few)
    ledger = _debt_changes(customers, digits)
    shown = {name: one for name, one in ledger.fields.items() if name not in FOR_THE_OFFICE}
    ledger = replace(ledger, fields=shown, live=(_LIVE,))
    return {"Customers": customers, "Companies": companies, "CustomerDebtChanges": ledger}


@lru_cache
def removed(digits: int) -> Entity:
    """Give the customers that were removed, and whose data were not erased."""
    gone = (_OF_CUSTOMERS.removed_at.is_not(None), _OF_CUSTOMERS.erased_at.is_(None))
    return replace(entities(digits)["Customers"], live=gone)


def _named(fields: Mapping[str, Field]) -> Mapping[str, Field]:
    return {name: replace(field, name=name) for name, field in fields.items()}


def _companies() -> Entity:
    return Entity(
        table=schema.companies,
        source=schema.companies,
        fields=_named(
            {
                "id": Field(_OF_COMPANIES.id, Kind.INTEGER, writable=False, chosen=True),
                "name": Field(_OF_COMPANIES.name, folded=_OF_COMPANIES.name_folded),
                "externalId": Field(_OF_COMPANIES.external_id),
            }
        ),
        verbs=_FOR_ALL | {"insert", "update", "remove"},
    )


def _customers(companies: Entity, digits: int) -> Entity:
    return Entity(
        table=schema.customers,
        source=schema.customers.outerjoin(schema.companies),
        fields=_named(
            {
                "id": Field(_OF_CUSTOMERS.id, Kind.INTEGER, writable=False),
                "name": Field(_OF_CUSTOMERS.name, folded=_OF_CUSTOMERS.name_folded),
                "email": Field(_OF_CUSTOMERS.email),
                "cardId": Field(_OF_CUSTOMERS.card_id),
                "company": Field(_OF_CUSTOMERS.company_id, Kind.RELATION, target=companies),
                "externalId": Field(_OF_CUSTOMERS.external_id),
                "isBlocked": Field(_OF_CUSTOMERS.is_blocked, Kind.FLAG),
                "isCreditAllowed": Field(_OF_CUSTOMERS.is_credit_allowed, Kind.FLAG),
                "totalDebt": Field(_OF_CUSTOMERS.total_debt_minor, Kind.MONEY, digits=digits),
                "debtData": Field(_OF_CUSTOMERS.debt_data, Kind.JSON),
                "paymentCard": Field(_OF_CUSTOMERS.payment_card, masked=True),
                "default": Field(_OF_CUSTOMERS.is_default, Kind.FLAG),
                "createdAt": Field(_OF_CUSTOMERS.created_at, Kind.STAMP, writable=False),
                "updatedAt": Field(_OF_CUSTOMERS.updated_at, Kind.STAMP, writable=False),
                "version": Field(_OF_CUSTOMERS.version, Kind.INTEGER, writable=False),
            }
        ),
        verbs=_FOR_ALL | {"insert", "update", "remove", "restore", "erase"},
        live=(_LIVE,),
    )


def _debt_changes(customers: Entity, digits: int) -> Entity:
    return Entity(
        table=schema.debt_changes,
        source=schema.debt_changes.outerjoin(schema.customers).outerjoin(schema.companies),
        fields=_named(
            {
                "id": Field(_OF_CHANGES.id, Kind.INTEGER),
                "customer": Field(_OF_CHANGES.customer_id, Kind.RELATION, target=customers),
                "at": Field(_OF_CHANGES.at, Kind.STAMP),
                "who": Field(_OF_CHANGES.who),
                "from": Field(_OF_CHANGES.from_minor, Kind.MONEY, digits=digits),
                "to": Field(_OF_CHANGES.to_minor, Kind.MONEY, digits=digits),
                "reason": Field(_OF_CHANGES.reason),
                "staff": Field(_OF_CHANGES.staff),
                "request": Field(_OF_CHANGES.request),
            }
        ),
        verbs=_FOR_ALL,
    )


def _customer_changes(customers: Entity) -> Entity:
    joined = schema.customer_changes.outerjoin(schema.customers).outerjoin(schema.companies)
    return Entity(
        table=schema.customer_changes,
        source=joined,
        fields=_named(
            {
                "id": Field(_OF_ACTS.id, Kind.INTEGER),
                "customer": Field(_OF_ACTS.customer_id, Kind.RELATION, target=customers),
                "at": Field(_OF_ACTS.at, Kind.STAMP),
                "who": Field(_OF_ACTS.who),
                "staff": Field(_OF_ACTS.staff),
                "act": Field(_OF_ACTS.act),
                "import": Field(_OF_ACTS.import_id, Kind.INTEGER),
                "before": Field(_OF_ACTS.before, Kind.JSON),
                "after": Field(_OF_ACTS.after, Kind.JSON),
            }
        ),
        verbs=_FOR_ALL,
    )


def _company_changes() -> Entity:
    return Entity(
        table=schema.company_changes,
        source=schema.company_changes,
        fields=_named(
            {
                "id": Field(_OF_COMPANY_ACTS.id, Kind.INTEGER),
                "company": Field(_OF_COMPANY_ACTS.company_id, Kind.INTEGER),
                "at": Field(_OF_COMPANY_ACTS.at, Kind.STAMP),
                "who": Field(_OF_COMPANY_ACTS.who),
                "staff": Field(_OF_COMPANY_ACTS.staff),
                "act": Field(_OF_COMPANY_ACTS.act),
                "before": Field(_OF_COMPANY_ACTS.before, Kind.JSON),
                "after": Field(_OF_COMPANY_ACTS.after, Kind.JSON),
            }
        ),
        verbs=_FOR_ALL,
    )


ENTITIES = entities(MONEY_DIGITS)
CUSTOMERS, COMPANIES, DEBT_CHANGES, *_ = ENTITIES.values()
"""Those of two digits, and where only their names, columns and tables count."""
