"""What the service says that it offers, and whether it can keep the till's currency."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from taptill.domain.errors import CurrencyError
from taptill.domain.money import Currency


@dataclass(frozen=True, slots=True)
class ServiceCapabilities:
    """The answer to `capabilities`; the defaults are those of the plain API, which gives none."""

    conditional_update: bool = False
    version: bool = False
    increment: bool = False
    ilike: bool = False
    leaving: bool = False
    """Whether a removal settles the money, and removed customers can be restored or erased."""
    request: bool = False
    """Whether a booking with a request id is made only once, and kept with the person."""
    totals: bool = False
    """Whether a removal carries the debts that it was decided on."""
    currency: str | None = None
    digits: int | None = None

    @classmethod
    def from_body(cls, body: Any) -> Self:
        """Return the capabilities in an answer's body; values of a wrong type are not offered."""
        values: Mapping[str, Any] = body if isinstance(body, dict) else {}
        currency, digits = values.get("currency"), values.get("digits")
        return cls(
            conditional_update=values.get("conditional_update") is True,
            version=values.get("version") is True,
            increment=values.get("increment") is True,
            ilike=values.get("ilike") is True,
            leaving=values.get("leaving") is True,
            request=values.get("request") is True,
            totals=values.get("totals") is True,
            currency=currency if isinstance(currency, str) else None,
            digits=digits if type(digits) is int else None,
        )

    def require_currency(self, till: Currency) -> None:
        """Raise CurrencyError where this service cannot keep the till's money exactly."""
        other_currency = self.currency is not None and self.currency != till.code
        fewer_digits = self.digits is not None and self.digits < till.digits
        if other_currency or fewer_digits:
            kept_money = f"{self.currency or 'money'} with {self.digits} decimals"
            raise CurrencyError(
                keeps=kept_money, till=f"{till.code} with {till.digits}", code=till.code
            )
