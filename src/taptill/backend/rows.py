"""Parses rows of the Customers API: tolerant of shapes, strict about amounts."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from taptill.domain.card_id import CardId
from taptill.domain.customer import Customer, Snapshot
from taptill.domain.errors import MalformedError
from taptill.domain.mark import read_marks
from taptill.domain.money import MINOR_MAX

NAME_LENGTH_MAX = 200
KEY_LENGTH_MAX = 128
_LIST_KEYS = ("data", "rows", "items", "result")
_BOOLEAN_WORDS = {
    **dict.fromkeys(("true", "1", "yes", "t"), True),
    **dict.fromkeys(("false", "0", "no", "f", ""), False),
}
_INTEGER_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class MoneyFormat:
    """How this backend writes `totalDebt`: the scale, and which sign means *owed*."""

    digits: int
    owed_positive: bool = True

    def to_minor(self, figure: Decimal) -> Decimal:
        """Return an amount in minor units, positive where the customer owes, exactly."""
        minor = figure.scaleb(self.digits)
        return minor if self.owed_positive else -minor

    def to_wire(self, minor: Decimal) -> Decimal:
        """Return an amount in minor units as this backend writes it, exactly."""
        figure = minor.scaleb(-self.digits)
        return figure if self.owed_positive else -figure


@dataclass(frozen=True, slots=True)
class StaffCustomer:
    """A customer as staff see them: a snapshot with fields that a till neither needs nor stores."""

    snapshot: Snapshot
    email: str
    payment_card: str
    company_id: int | None
    created_at: str

    @property
    def customer(self) -> Customer:
        """The customer of the snapshot."""
        return self.snapshot.customer


def parse_rows(answer: Any) -> list[dict[str, Any]]:
    """Return the list of rows in any 2xx body; MalformedError where there is none."""
    if reports_failure(answer):
        raise MalformedError(detail="a success code with a failure inside")
    rows = _find_list(answer, depth=2)
    if rows is None or not all(isinstance(row, dict) for row in rows):
        raise MalformedError(detail="no list of rows")
    return rows


def reports_failure(answer: Any) -> bool:
    """Return whether a 2xx body says that the request failed."""
    if not isinstance(answer, dict):
        return False
    return answer.get("success") is False or answer.get("error") not in (None, False, "")


def parse_id(row: dict[str, Any]) -> int:
    """Return a row's id; MalformedError where it has none."""
    return _integer(row.get("id"), "id")


def parse_card(row: dict[str, Any]) -> CardId:
    """Return a row's card id; empty where it has none."""
    return CardId(_text(row.get("cardId")))


def parse_snapshot(row: dict[str, Any], form: MoneyFormat) -> Snapshot:
    """Return a row's snapshot; MalformedError where id, block or debt cannot be read."""
    for field in ("isBlocked", "totalDebt"):
        if field not in row:
            raise MalformedError(detail=f"a row without {field}")
    customer = Customer(
        id=parse_id(row),
        name=_localised_text(row.get("name")),
        company=_company(row.get("company")),
        card_id=parse_card(row),
        blocked=_boolean(row["isBlocked"], "isBlocked"),
        credit_allowed=_boolean(row.get("isCreditAllowed"), "isCreditAllowed"),
        is_default=_boolean(row.get("default"), "default"),
        external_id=_text(row.get("externalId"))[:KEY_LENGTH_MAX],
    )
    version = row.get("version")
    return Snapshot(
        customer=customer,
        total=_debt(row["totalDebt"], form),
        updated_at=_text(row.get("updatedAt")),
        version=None if version is None else _integer(version, "version"),
        marks=read_marks(row.get("debtData")),
    )


def parse_staff_customer(row: dict[str, Any], form: MoneyFormat) -> StaffCustomer:
    """Return a row as staff see it; errors as in `parse_snapshot`."""
    company = row.get("company")
    key = company.get("id") if isinstance(company, dict) else company
    return StaffCustomer(
        snapshot=parse_snapshot(row, form),
        email=_localised_text(row.get("email")),
        payment_card=_localised_text(row.get("paymentCard")),
        company_id=None if key is None else _integer(key, "company"),
        created_at=_localised_text(row.get("createdAt")),
    )


def _find_list(answer: Any, depth: int) -> list[Any] | None:
    if answer is None:
        return []
    if isinstance(answer, list):
        return answer
    if not isinstance(answer, dict):
        return None
    for key in _LIST_KEYS:
        if key in answer and depth:
            inner = _find_list(answer[key], depth - 1)
            if inner is not None:
                return inner
    return [answer] if "id" in answer else None


def _debt(value: Any, form: MoneyFormat) -> Decimal:
    try:
        figure = Decimal(0) if value is None else _figure(value)
        minor = form.to_minor(figure)
    except ArithmeticError as fault:
        raise MalformedError(detail="totalDebt is no figure") from fault
    if isinstance(value, bool) or not minor.is_finite():
        raise MalformedError(detail="totalDebt is no figure")
    if abs(minor) > MINOR_MAX:
        raise MalformedError(detail="totalDebt is beyond belief")
    return minor


def _figure(value: Any) -> Decimal:
    return value if type(value) is Decimal else Decimal(str(value).strip())


def _integer(value: Any, field: str) -> int:
    if type(value) is int and -_INTEGER_MAX <= value <= _INTEGER_MAX:
        return value  # nearly every value is an int: a million rows take this path
    fault = MalformedError(detail=f"{field} is no whole number")
    try:
        figure = Decimal(str(value).strip())
    except ArithmeticError:
        raise fault from None
    if isinstance(value, bool) or not figure.is_finite() or abs(figure) > _INTEGER_MAX:
        raise fault
    if figure != figure.to_integral_value():
        raise fault
    return int(figure)


def _boolean(value: Any, field: str) -> bool:
    match value:
        case None:
            return False
        case bool():
            return value
        case int() | Decimal():
            return bool(value)  # comparing a NaN with 0 could raise
        case str() if value.strip().lower() in _BOOLEAN_WORDS:
            return _BOOLEAN_WORDS[value.strip().lower()]
        case _:
            raise MalformedError(detail=f"{field} is neither true nor false")


def _localised_text(value: Any) -> str:
    """Return a text that may be given as a map from languages to texts."""
    if isinstance(value, dict):
        texts = [text for text in (value.get("en"), *value.values()) if isinstance(text, str)]
        value = texts[0] if texts else ""
    return _text(value)[:NAME_LENGTH_MAX] if isinstance(value, str) else ""


def _text(value: Any) -> str:
    """Return a scalar as text without lone surrogates, which no file and no screen takes."""
    if type(value) is str and value.isascii():
        return value
    return "" if value is None else str(value).encode("utf-8", "replace").decode("utf-8")


def _company(value: Any) -> str:
    return _localised_text(value.get("name")) if isinstance(value, dict) else ""
