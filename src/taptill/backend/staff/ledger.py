"""The client of the ledger and the audit record: book an amount, and list who did what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from secrets import token_hex
from typing import Any

from taptill.backend.rows import StaffCustomer
from taptill.backend.select import Filter, where
from taptill.backend.staff.client import StaffClient
from taptill.domain.errors import (
    BackendError,
    MalformedError,
    RefusedError,
    UnknownOutcomeError,
    UsageError,
)
from taptill.domain.money import Money, round_against_customer

LEDGER = "CustomerDebtChanges"
AUDIT = "CustomerChanges"
COMPANY_AUDIT = "CompanyChanges"
REQUEST_BYTES = 8
"""The length of a generated request id, which the ledger shows."""
ENTRIES_MAX = 1000
"""At most so many entries are asked for at once."""
_NO_INCREMENT = (
    "this backend takes no increments, and a balance is never written over: "
    "book it in its own office program"
)
_NO_LEDGER = "this backend keeps no ledger that can be asked"
_NO_COMPANY_AUDIT = "this backend keeps no record of what was done to companies"
_ALREADY_BOOKED = "request-known"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One entry of a customer's ledger: the change `by` an amount, and the `debt` after it."""

    id: int
    at: str
    who: str
    by: Money
    debt: Money
    reason: str
    staff: str = ""
    """The person who did it, where one is named; for a till there is only its token's name."""
    request: str = ""
    customer: int | None = None


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An audit record of a customer: who did what, and which fields were changed."""

    at: str
    customer: int | None
    act: str
    who: str
    staff: str
    fields: Sequence[str]


@dataclass(frozen=True, slots=True)
class CompanyAuditRecord:
    """An audit record of a company: who did what, with its fields before and after."""

    at: str
    company: int
    act: str
    who: str
    staff: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class LedgerClient:
    """Staff's functions with money; every method raises BackendError, a subclass, or UsageError."""

    def __init__(self, client: StaffClient) -> None:
        self._client = client

    async def book(
        self, customer_id: int, by: Money, reason: str, request: str = ""
    ) -> StaffCustomer | None:
        """Raise a customer's debt by an amount, at most once; a payment is negative.

        None: it is booked, and the customer could not be read afterwards.
        A service that keeps our `request` id makes the booking once for it, and tells after a lost
        answer whether it was made. For any other backend the outcome stays unknown: an equal entry
        may be somebody else's.
        """
        service = await self._client.capabilities()
        if not service.increment:
            raise UsageError(problem=_NO_INCREMENT)
        await self._client.by_id(customer_id)
        amount = self._client.money.to_wire(Decimal(by.minor))
        body: dict[str, Any] = {"fields": {"totalDebt": {"increment": amount}}, "reason": reason}
        if service.request:
            body["request"] = request = request or token_hex(REQUEST_BYTES)
            body |= {"staff": self._client.staff} if self._client.staff else {}
        try:
            await self._client.write(f"update/{customer_id}", body)
        except UnknownOutcomeError as fault:
            if not service.request:
                raise _outcome_unknown(fault, customer_id) from fault
            entry = await self._entry_after(request, fault)
            _require_same_booking(entry, customer_id, by, request)
        except RefusedError as fault:
            if fault.fields["detail"] != _ALREADY_BOOKED:
                raise
            _require_same_booking(await self._entry_of(request), customer_id, by, request)
        try:
            return await self._client.by_id(customer_id)
        except (BackendError, UsageError):
            return None  # an error would have it booked again

    async def history(self, customer_id: int) -> list[LedgerEntry]:
        """Return a customer's ledger, the oldest entry first."""
        found: list[LedgerEntry] = []
        while True:
            older = [where("id", "<", found[-1].id)] if found else []
            filters = [where("customer.id", "=", customer_id), *older]
            page = await self._entries(filters, ENTRIES_MAX)
            if found and page and page[0].id >= found[-1].id:
                raise MalformedError(detail="pages repeat")
            found += page
            if len(page) < ENTRIES_MAX:
                return found[::-1]

    async def audit_records(self, customer_id: int | None, count: int) -> list[AuditRecord]:
        """Return who did what, the newest first; of all customers, or of one."""
        fields = dict.fromkeys(("at", "act", "who", "staff", "after"), True)
        body: dict[str, Any] = {
            "fields": {**fields, "customer": {"id": True}},
            "orderBy": [{"field": "id", "order": "desc"}],
            "limit": count,
        }
        if customer_id is not None:
            body["conditions"] = {"filters": [where("customer.id", "=", customer_id)]}
        return [_audit_record(row) for row in await self._client.ask(AUDIT, body)]

    async def entries_by_staff(self, customer_id: int | None, count: int) -> list[LedgerEntry]:
        """Return what people booked, the newest first, where the service keeps that."""
        customer_filter = [] if customer_id is None else [where("customer.id", "=", customer_id)]
        return await self._entries([where("staff", "is not null", None), *customer_filter], count)

    async def company_audit_records(self, count: int) -> list[CompanyAuditRecord]:
        """Return who did what to companies, the newest first."""
        if not (await self._client.capabilities()).request:
            raise UsageError(problem=_NO_COMPANY_AUDIT)
        body = {"orderBy": [{"field": "id", "order": "desc"}], "limit": count}
        return [_company_audit_record(row) for row in await self._client.ask(COMPANY_AUDIT, body)]

    async def _entries(self, filters: Sequence[Filter], limit: int) -> list[LedgerEntry]:
        fields: dict[str, Any] = dict.fromkeys(("id", "at", "who", "from", "to", "reason"), True)
        if (await self._client.capabilities()).request:
            fields |= {"staff": True, "request": True}
        body = {
            "fields": {**fields, "customer": {"id": True}},
            "conditions": {"filters": list(filters)},
            "orderBy": [{"field": "id", "order": "desc"}],
            "limit": limit,
        }
        try:
            rows = await self._client.ask(LEDGER, body)
        except RefusedError as fault:
            raise UsageError(problem=_NO_LEDGER) from fault
        return [self._movement(row) for row in rows]

    async def _entry_of(self, request: str) -> LedgerEntry | None:
        """Return the entry of our request id, if there is one."""
        entries = await self._entries([where("request", "=", request)], limit=1)
        return entries[0] if entries and entries[0].request == request else None

    async def _entry_after(self, request: str, fault: UnknownOutcomeError) -> LedgerEntry:
        """Return the entry of our request id, or raise where there is none that can be seen."""
        look = "it is not in the ledger yet"
        try:
            if (entry := await self._entry_of(request)) is not None:
                return entry
        except (BackendError, UsageError):  # a backend that lost our answer is often still away
            look = "nor can its ledger be asked"
        advice = f"repeat it with --request {request}: it is booked once, however often it is sent"
        detail = f"{fault.fields['detail']}; {look}. {advice}"
        raise UnknownOutcomeError(detail=detail) from fault

    def _movement(self, row: dict[str, Any]) -> LedgerEntry:
        before, after = (self._money(row[name]) for name in ("from", "to"))
        customer = row.get("customer")
        return LedgerEntry(
            id=int(row["id"]),
            at=str(row["at"]),
            who=row["who"],
            by=after - before,
            debt=after,
            reason=str(row["reason"] or ""),
            staff=str(row.get("staff") or ""),
            request=str(row.get("request") or ""),
            customer=customer.get("id") if isinstance(customer, dict) else None,
        )

    def _money(self, figure: Any) -> Money:
        return round_against_customer(self._client.money.to_minor(Decimal(str(figure))))[0]


def _outcome_unknown(fault: UnknownOutcomeError, customer_id: int) -> UnknownOutcomeError:
    look = "this backend does not tell whose an entry is, so it is unknown whether it was booked"
    advice = f"look before you repeat it: taptill customers history {customer_id}"
    return UnknownOutcomeError(detail=f"{fault.fields['detail']}; {look}. {advice}")


def _require_same_booking(
    entry: LedgerEntry | None, customer_id: int, by: Money, request: str
) -> None:
    """Raise UsageError where the request id is in the ledger for another booking."""
    if entry is None or (entry.customer, entry.by) != (customer_id, by):
        raise UsageError(problem=f"the request {request} is another booking: leave --request out")


def _company_audit_record(row: dict[str, Any]) -> CompanyAuditRecord:
    before, after = row.get("before"), row.get("after")
    return CompanyAuditRecord(
        at=str(row["at"]),
        company=int(row["company"]),
        act=str(row["act"]),
        who=str(row["who"]),
        staff=str(row.get("staff") or ""),
        before=before if isinstance(before, dict) else {},
        after=after if isinstance(after, dict) else {},
    )


def _audit_record(row: dict[str, Any]) -> AuditRecord:
    customer, after = row.get("customer"), row.get("after")
    return AuditRecord(
        at=str(row["at"]),
        customer=customer["id"] if isinstance(customer, dict) else None,
        act=str(row["act"]),
        who=str(row["who"]),
        staff=str(row.get("staff") or ""),
        fields=sorted(after) if isinstance(after, dict) else (),
    )
