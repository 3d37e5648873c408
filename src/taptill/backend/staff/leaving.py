"""People who leave in: removed with a word on their money, brought back, forgotten."""

from collections.abc import Sequence
from typing import Any

from taptill.backend.rows import Details, details_of, rows_of
from taptill.backend.select import where
from taptill.backend.staff.office import STAFF_FIELDS, Office, among
from taptill.domain.errors import RefusedError, UsageError

_NOT_OFFERED = "this backend does not {what}: ask who keeps it"
_FIELDS: dict[str, Any] = {
    **dict.fromkeys(("id", "name", "cardId", "isBlocked", "isCreditAllowed", "totalDebt"), True),
    **dict.fromkeys(("debtData", "externalId", "default", "updatedAt", "version"), True),
    **STAFF_FIELDS,
    "company": {"id": True, "name": True},
}
REMOVED_MAX = 1000


class Leaving:
    """What a service does beyond the plain API for people who leave."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def remove(self, ids: Sequence[int], money: str | None, reason: str | None) -> None:
        """Remove customers; `money` says what becomes of it: keep, or clear with the reason."""
        offered = (await self._office.offers()).leaving
        if money == "clear" and not offered:
            raise UsageError(problem=_NOT_OFFERED.format(what="book money away at a removal"))
        more = {"money": money, "reason": reason} if offered else {}
        said = {name: word for name, word in more.items() if word is not None}
        await self._office.remove(ids, said)

    async def removed(self, ids: Sequence[int] = ()) -> list[Details]:
        """Give who was removed and not erased, of these or of all, the first REMOVED_MAX."""
        await self._refuse_plain("list who was removed")
        body: dict[str, Any] = {"fields": _FIELDS, "removed": True, "limit": REMOVED_MAX}
        if ids:
            body["conditions"] = {"filters": [where("id", "in", list(ids))]}
        rows = await self._office.ask("Customers", body)
        return [details_of(row, self._office.form) for row in rows]

    async def restore(self, ids: Sequence[int]) -> None:
        """Bring removed customers back, all or none."""
        await self._refuse_plain("bring back who was removed")
        await self._refuse_absent(ids)
        try:
            await self._office.write("restore", {"conditions": among(ids)})
        except RefusedError as fault:
            if fault.fields["detail"] != "card-taken":
                raise
            words = "somebody else has such a card by now: take it away there first"
            raise UsageError(problem=words) from fault

    async def erase(self, ids: Sequence[int]) -> None:
        """Forget who removed customers were; the ledger stays."""
        await self._refuse_plain("erase who was removed")
        await self._refuse_absent(ids)
        reply = await self._office.write("erase", {"conditions": among(ids)})
        rows_of(reply.body)

    async def _refuse_absent(self, ids: Sequence[int]) -> None:
        missing = set(ids) - {one.customer.id for one in await self.removed(ids)}
        if missing:
            names = ", ".join(map(str, sorted(missing)))
            words = f"nobody was removed with the id {names}: see taptill customers list --removed"
            raise UsageError(problem=words)

    async def _refuse_plain(self, what: str) -> None:
        if not (await self._office.offers()).leaving:
            raise UsageError(problem=_NOT_OFFERED.format(what=what))
