"""Money that people bring or get in, an increment and its entry in the ledger out."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from taptill.backend.rows import Details
from taptill.backend.select import where
from taptill.backend.staff.office import Office
from taptill.domain.errors import RefusedError, UnknownOutcomeError, UsageError
from taptill.domain.money import Money, round_against_customer

LEDGER = "CustomerDebtChanges"
ACTS = "CustomerChanges"
ENTRIES_MAX = 1000
"""So many entries of the ledger are shown, the newest."""
_NO_INCREMENT = (
    "this backend takes no increments, and a balance is never written over: "
    "book it in its own office program"
)
_NO_LEDGER = "this backend keeps no ledger that can be asked"


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry of a customer's ledger: by how much the debt changed, and what it is since."""

    id: int
    at: str
    who: str
    by: Money
    debt: Money
    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """Who did what to a customer, and which fields were changed."""

    at: str
    customer: int | None
    act: str
    who: str
    staff: str
    fields: Sequence[str]


class Accounts:
    """The office's side of money; every method raises BackendError and its kin, or UsageError."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def book(self, customer_id: int, by: Money, reason: str) -> Details:
        """Raise a customer's debt by an amount, a payment by a negative one; once at most.

        Where the answer is lost the ledger tells whether it was booked.
        """
        if not (await self._office.offers()).increment:
            raise UsageError(problem=_NO_INCREMENT)
        await self._office.by_id(customer_id)
        newest = await self._entries(customer_id, limit=1)
        figure = self._office.form.to_wire(Decimal(by.minor))
        body = {"fields": {"totalDebt": {"increment": figure}}, "reason": reason}
        try:
            await self._office.write(f"update/{customer_id}", body)
        except UnknownOutcomeError as fault:
            last = newest[0].id if newest else 0
            if not await self._is_booked(customer_id, by, reason, last):
                look = "It is not in the ledger yet; look again before you repeat it"
                detail = (
                    f"{fault.fields['detail']}. {look}: taptill customers history {customer_id}"
                )
                raise UnknownOutcomeError(detail=detail) from fault
        return await self._office.by_id(customer_id)

    async def history(self, customer_id: int) -> list[Movement]:
        """Give a customer's ledger, the oldest entry first; at most the newest ENTRIES_MAX."""
        return (await self._entries(customer_id, ENTRIES_MAX))[::-1]

    async def acts(self, customer_id: int | None, count: int) -> list[Done]:
        """Give who did what, the newest first; of all customers, or of one."""
        fields = dict.fromkeys(("at", "act", "who", "staff", "after"), True)
        body: dict[str, Any] = {
            "fields": {**fields, "customer": {"id": True}},
            "orderBy": [{"field": "id", "order": "desc"}],
            "limit": count,
        }
        if customer_id is not None:
            body["conditions"] = {"filters": [where("customer.id", "=", customer_id)]}
        return [_done(row) for row in await self._office.ask(ACTS, body)]

    async def _entries(self, customer_id: int, limit: int) -> list[Movement]:
        body = {
            "fields": dict.fromkeys(("id", "at", "who", "from", "to", "reason"), True),
            "conditions": {"filters": [where("customer.id", "=", customer_id)]},
            "orderBy": [{"field": "id", "order": "desc"}],
            "limit": limit,
        }
        try:
            rows = await self._office.ask(LEDGER, body)
        except RefusedError as fault:
            raise UsageError(problem=_NO_LEDGER) from fault
        return [self._movement(row) for row in rows]

    async def _is_booked(self, customer_id: int, by: Money, reason: str, last: int) -> bool:
        fresh = [one for one in await self._entries(customer_id, ENTRIES_MAX) if one.id > last]
        return any(one.by == by and one.reason == reason for one in fresh)

    def _movement(self, row: dict[str, Any]) -> Movement:
        before, after = (self._money(row[name]) for name in ("from", "to"))
        reason = str(row["reason"] or "")
        return Movement(int(row["id"]), str(row["at"]), row["who"], after - before, after, reason)

    def _money(self, figure: Any) -> Money:
        return round_against_customer(self._office.form.to_minor(Decimal(str(figure))))[0]


def _done(row: dict[str, Any]) -> Done:
    customer, after = row.get("customer"), row.get("after")
    return Done(
        at=str(row["at"]),
        customer=customer["id"] if isinstance(customer, dict) else None,
        act=str(row["act"]),
        who=str(row["who"]),
        staff=str(row.get("staff") or ""),
        fields=sorted(after) if isinstance(after, dict) else (),
    )
