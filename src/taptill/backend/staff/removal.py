"""People who leave in: removed with a word on their money, brought back, forgotten."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from taptill.backend.rows import StaffCustomer, parse_rows, parse_staff_customer
from taptill.backend.select import where
from taptill.backend.staff.client import STAFF_FIELDS, StaffClient, id_conditions
from taptill.domain.errors import MoneyMovedError, RefusedError, UsageError
from taptill.domain.money import ZERO, Money

_NOT_OFFERED = "this backend does not {what}: ask who keeps it"
_FIELDS: dict[str, Any] = {
    **dict.fromkeys(("id", "name", "cardId", "isBlocked", "isCreditAllowed", "totalDebt"), True),
    **dict.fromkeys(("debtData", "externalId", "default", "updatedAt", "version"), True),
    **STAFF_FIELDS,
    "company": {"id": True, "name": True},
}
REMOVED_MAX = 1000
_CONFLICTING_KEYS = {"card-taken": "a card", "external-id-taken": "an externalId"}
_DEBT_CHANGED = frozenset({"money-left", "money-moved"})


class RemovalClient:
    """What a service does beyond the plain API for people who leave."""

    def __init__(self, office: StaffClient) -> None:
        self._client = office

    async def remove(
        self,
        ids: Sequence[int],
        money: str | None,
        reason: str | None,
        seen: Mapping[int, Money] | None = None,
    ) -> None:
        """Remove customers; `money` says what becomes of it: keep, or clear with the reason.

        `seen` are the debts that this was decided on: where one is another by now nobody is
        removed. A backend that takes no such condition is looked at once more just before.
        """
        offers = await self._client.capabilities()
        if money == "clear" and not offers.leaving:
            raise UsageError(problem=_NOT_OFFERED.format(what="book money away at a removal"))
        more: dict[str, Any] = {"money": money, "reason": reason} if offers.leaving else {}
        if seen is not None and offers.totals:
            more["totals"] = [
                {"id": one, "totalDebt": self._client.money.to_wire(Decimal(debt.minor))}
                for one, debt in seen.items()
            ]
        elif seen is not None:
            await self._require_unmoved_debts(ids, seen)
        said = {name: word for name, word in more.items() if word is not None}
        try:
            await self._client.remove(ids, said)
        except RefusedError as fault:
            if fault.fields["detail"] in _DEBT_CHANGED and seen is not None:
                await self._require_unmoved_debts(ids, seen)
            raise

    async def _require_unmoved_debts(self, ids: Sequence[int], seen: Mapping[int, Money]) -> None:
        """Raise where the debt of one is not what was seen."""
        for number in ids:
            debt = (await self._client.by_id(number)).snapshot.debt
            if debt != seen.get(number, ZERO):
                raise MoneyMovedError(customer=number, debt=debt, now="another sum")

    async def list_removed(self, ids: Sequence[int] = ()) -> list[StaffCustomer]:
        """Give who was removed and not erased, of these or of all, the first REMOVED_MAX."""
        await self._require_removal_support("list who was removed")
        body: dict[str, Any] = {"fields": _FIELDS, "removed": True, "limit": REMOVED_MAX}
        if ids:
            body["conditions"] = {"filters": [where("id", "in", list(ids))]}
        rows = await self._client.ask("Customers", body)
        return [parse_staff_customer(row, self._client.money) for row in rows]

    async def restore(self, ids: Sequence[int]) -> None:
        """Bring removed customers back, all or none."""
        await self._require_removal_support("bring back who was removed")
        await self._require_removed(ids)
        try:
            await self._client.write("restore", {"conditions": id_conditions(ids)})
        except RefusedError as fault:
            what = _CONFLICTING_KEYS.get(str(fault.fields["detail"]))
            if what is None:
                raise
            words = f"somebody else has such {what} by now: take it away there first"
            raise UsageError(problem=words) from fault

    async def erase(self, ids: Sequence[int]) -> None:
        """Forget who removed customers were; the ledger stays."""
        await self._require_removal_support("erase who was removed")
        await self._require_removed(ids)
        reply = await self._client.write("erase", {"conditions": id_conditions(ids)})
        parse_rows(reply.body)

    async def _require_removed(self, ids: Sequence[int]) -> None:
        missing = set(ids) - {one.customer.id for one in await self.list_removed(ids)}
        if missing:
            names = ", ".join(map(str, sorted(missing)))
            words = f"nobody was removed with the id {names}: see taptill customers list --removed"
            raise UsageError(problem=words)

    async def _require_removal_support(self, what: str) -> None:
        if not (await self._client.capabilities()).leaving:
            raise UsageError(problem=_NOT_OFFERED.format(what=what))
