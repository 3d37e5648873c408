"""The client of removals: remove customers with or without their money, restore and erase them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from taptill.backend.rows import StaffCustomer, parse_id, parse_rows, parse_staff_customer
from taptill.backend.select import where
from taptill.backend.staff.client import STAFF_FIELDS, StaffClient, id_conditions
from taptill.domain.errors import MalformedError, MoneyMovedError, RefusedError, UsageError
from taptill.domain.money import ZERO, Money

_NOT_OFFERED = "this backend does not {what}: ask who keeps it"
_FIELDS: dict[str, Any] = {
    **dict.fromkeys(("id", "name", "cardId", "isBlocked", "isCreditAllowed", "totalDebt"), True),
    **dict.fromkeys(("debtData", "externalId", "default", "updatedAt", "version"), True),
    **STAFF_FIELDS,
    "company": {"id": True, "name": True},
}
REMOVED_MAX = 1000
"""At most so many are asked for at once."""
_CONFLICTING_KEYS = {"card-taken": "a card", "external-id-taken": "an externalId"}
_DEBT_CHANGED = frozenset({"money-left", "money-moved"})


class RemovalClient:
    """Removals as a service offers them beyond the plain API."""

    def __init__(self, client: StaffClient) -> None:
        self._client = client

    async def remove(
        self,
        ids: Sequence[int],
        money: str | None,
        reason: str | None,
        expected_debts: Mapping[int, Money] | None = None,
    ) -> None:
        """Remove customers; `money` says what becomes of it: keep, or clear with the reason.

        `expected_debts` are the debts that this was decided on: where one differs by now nobody is
        removed. For a backend that takes no such condition the rows are read just before.
        """
        service = await self._client.capabilities()
        if money == "clear" and not service.leaving:
            raise UsageError(problem=_NOT_OFFERED.format(what="book money away at a removal"))
        fields: dict[str, Any] = {"money": money, "reason": reason} if service.leaving else {}
        if expected_debts is not None and service.totals:
            fields["totals"] = [
                {"id": customer_id, "totalDebt": self._client.money.to_wire(Decimal(debt.minor))}
                for customer_id, debt in expected_debts.items()
            ]
        elif expected_debts is not None:
            await self._require_unmoved_debts(ids, expected_debts)
        options = {name: value for name, value in fields.items() if value is not None}
        try:
            await self._client.remove(ids, options)
        except RefusedError as fault:
            if fault.fields["detail"] in _DEBT_CHANGED and expected_debts is not None:
                await self._require_unmoved_debts(ids, expected_debts)
            raise

    async def _require_unmoved_debts(
        self, ids: Sequence[int], expected_debts: Mapping[int, Money]
    ) -> None:
        """Raise MoneyMovedError where a debt is not as expected."""
        for number in ids:
            debt = (await self._client.by_id(number)).snapshot.debt
            if debt != expected_debts.get(number, ZERO):
                raise MoneyMovedError(customer=number, debt=debt, now="another sum")

    async def list_removed(self, ids: Sequence[int] = ()) -> list[StaffCustomer]:
        """Return customers removed and not erased, of these or of all, in order of id."""
        await self._require_removal_support("list who was removed")
        these, last_id = [where("id", "in", list(ids))] if ids else [], 0
        found: list[StaffCustomer] = []
        while True:
            body = {
                "fields": _FIELDS,
                "removed": True,
                "limit": REMOVED_MAX,
                "conditions": {"filters": [where("id", ">", last_id), *these]},
                "orderBy": [{"field": "id", "order": "asc"}],
            }
            rows = await self._client.ask("Customers", body)
            if rows and parse_id(rows[0]) <= last_id:
                raise MalformedError(detail="pages repeat")
            found += [parse_staff_customer(row, self._client.money) for row in rows]
            if len(rows) < REMOVED_MAX:
                return found
            last_id = parse_id(rows[-1])

    async def restore(self, ids: Sequence[int]) -> None:
        """Restore removed customers, all or none."""
        await self._require_removal_support("bring back who was removed")
        await self._require_removed(ids)
        try:
            await self._client.write("restore", {"conditions": id_conditions(ids)})
        except RefusedError as fault:
            key_words = _CONFLICTING_KEYS.get(str(fault.fields["detail"]))
            if key_words is None:
                raise
            words = f"somebody else has such {key_words} by now: take it away there first"
            raise UsageError(problem=words) from fault

    async def erase(self, ids: Sequence[int]) -> None:
        """Erase the personal data of removed customers; the ledger stays."""
        await self._require_removal_support("erase who was removed")
        await self._require_removed(ids)
        reply = await self._client.write("erase", {"conditions": id_conditions(ids)})
        parse_rows(reply.body)

    async def _require_removed(self, ids: Sequence[int]) -> None:
        missing_ids = set(ids) - {row.customer.id for row in await self.list_removed(ids)}
        if missing_ids:
            names = ", ".join(map(str, sorted(missing_ids)))
            words = f"nobody was removed with the id {names}: see taptill customers list --removed"
            raise UsageError(problem=words)

    async def _require_removal_support(self, feature: str) -> None:
        if not (await self._client.capabilities()).leaving:
            raise UsageError(problem=_NOT_OFFERED.format(what=feature))
