"""What staff say of customers: a new one, a change, and the result of a search."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from taptill.backend.rows import StaffCustomer
from taptill.domain.card_id import CardId


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer to insert; the backend decides on fields that are empty or None."""

    name: str
    card_id: CardId
    email: str = ""
    external_id: str = ""
    company_id: int | None = None
    credit_allowed: bool | None = None

    def fields(self) -> dict[str, Any]:
        """Return the fields of the insert request by the API's names."""
        company = None if self.company_id is None else {"id": self.company_id}
        values = {
            "name": self.name,
            "cardId": self.card_id or None,
            "email": self.email or None,
            "externalId": self.external_id or None,
            "company": company,
            "isCreditAllowed": self.credit_allowed,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class CustomerUpdate:
    """Fields of a customer to change; None leaves a field as it is, an empty text clears it."""

    name: str | None = None
    email: str | None = None
    external_id: str | None = None
    company_id: int | None = None
    no_company: bool = False
    credit_allowed: bool | None = None

    def fields(self) -> dict[str, Any]:
        """Return the fields of the update request by the API's names."""
        texts = {"name": self.name, "email": self.email, "externalId": self.external_id}
        values: dict[str, Any] = {
            name: text or None for name, text in texts.items() if text is not None
        }
        if self.credit_allowed is not None:
            values["isCreditAllowed"] = self.credit_allowed
        if self.no_company or self.company_id is not None:
            values["company"] = None if self.no_company else {"id": self.company_id}
        return values

    def matches(self, row: StaffCustomer) -> bool:
        """Return whether a row has all these values already."""
        current = {
            "name": row.customer.name,
            "email": row.email,
            "externalId": row.customer.external_id,
            "isCreditAllowed": row.customer.credit_allowed,
            "company": None if row.company_id is None else {"id": row.company_id},
        }
        fields = self.fields().items()
        return all((current[name] or None) == (value or None) for name, value in fields)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The customers of a search, the ids of unreadable rows, and whether there are more."""

    customers: Sequence[StaffCustomer]
    unreadable: Sequence[int]
    has_more: bool

    def ids(self) -> list[int]:
        """Return the ids of all rows, of the unreadable ones too."""
        return [*(row.customer.id for row in self.customers), *self.unreadable]
