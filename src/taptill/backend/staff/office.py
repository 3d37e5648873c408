"""Staff's wishes in, customers found, made or changed out; a write is sent once and then looked at.

What was sent and not heard of is never sent again: the rows tell whether it was done.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

from taptill.backend.body import NO_JSON
from taptill.backend.offers import Offers
from taptill.backend.replies import CLASH, DENIED, body_of, code_of, is_final
from taptill.backend.rows import Details, details_of, id_of, rows_of, says_failure
from taptill.backend.select import Connection, Dialect, Filter, Select, where
from taptill.backend.transport import Reply, Transport
from taptill.domain.card_id import CardId, is_spelled_alike
from taptill.domain.customer import initials
from taptill.domain.errors import (
    BackendError,
    ClashError,
    MalformedError,
    RefusedError,
    UnauthorisedError,
    UnknownOutcomeError,
    UsageError,
)
from taptill.domain.technical.exact_json import write_json

STAFF_FIELDS: Mapping[str, Any] = {"email": True, "paymentCard": True, "createdAt": True}
"""What only a person at the office asks for: it is fetched live and not kept."""

PATIENCE_S = 10.0
FOUND_MAX = 100
REMOVED_MAX = 100
"""So many customers are removed by one command, each named by its id."""

CLASHES_MAX = 5
"""So often a row that a till changed meanwhile is read again, before its change is given up."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A customer to be made; what is empty or None is left to the backend."""

    name: str
    card_id: CardId
    email: str = ""
    external_id: str = ""
    company_id: int | None = None
    credit_allowed: bool | None = None

    def fields(self) -> dict[str, Any]:
        """Give what insert is sent."""
        company = None if self.company_id is None else {"id": self.company_id}
        wished = {
            "name": self.name,
            "cardId": self.card_id or None,
            "email": self.email or None,
            "externalId": self.external_id or None,
            "company": company,
            "isCreditAllowed": self.credit_allowed,
        }
        return {name: value for name, value in wished.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be changed of a customer; None stays as it is, an empty text is taken away."""

    name: str | None = None
    email: str | None = None
    external_id: str | None = None
    company_id: int | None = None
    no_company: bool = False
    credit_allowed: bool | None = None

    def fields(self) -> dict[str, Any]:
        """Give what update is sent."""
        texts = {"name": self.name, "email": self.email, "externalId": self.external_id}
        wished: dict[str, Any] = {
            name: text or None for name, text in texts.items() if text is not None
        }
        if self.credit_allowed is not None:
            wished["isCreditAllowed"] = self.credit_allowed
        if self.no_company or self.company_id is not None:
            wished["company"] = None if self.no_company else {"id": self.company_id}
        return wished

    def is_done(self, row: Details) -> bool:
        """Tell whether a row is as wished."""
        held = {
            "name": row.customer.name,
            "email": row.email,
            "externalId": row.customer.external_id,
            "isCreditAllowed": row.customer.credit_allowed,
            "company": None if row.company_id is None else {"id": row.company_id},
        }
        return all((held[name] or None) == (wish or None) for name, wish in self.fields().items())


@dataclass(frozen=True, slots=True)
class Found:
    """Who was found, the ids of rows that make no sense, and whether there are more."""

    customers: Sequence[Details]
    unreadable: Sequence[int]
    more: bool


class Office:
    """The staff functions; every method raises BackendError and its kin, or UsageError."""

    def __init__(
        self,
        transport: Transport,
        dialect: Dialect,
        connection: Connection,
        staff: str | None = None,
    ) -> None:
        self._transport = transport
        self.form = dialect.form
        self.staff = staff
        """Who sits here, for the service that keeps who did what."""
        self._company_id = dialect.company_id
        self.select = Select(transport, dialect, connection, STAFF_FIELDS)

    async def offers(self) -> Offers:
        """Ask what the service offers beside the plain API."""
        await self.select.offers()
        return self.select.told

    async def by_card(self, card_id: CardId) -> Found:
        """Find all who have this card: more than one is a mistake of the office."""
        return await self._equal("cardId", str(card_id), lambda one: one.customer.card_id)

    async def some_cards(self, limit: int) -> frozenset[str]:
        """Give the cards of the first customers by id, as the backend spells them."""
        rows = await self.select.rows([], limit)
        cards = (row.get("cardId") for row in rows)
        return frozenset(one for one in cards if isinstance(one, str) and one)

    async def by_external_id(self, key: str) -> Found:
        """Find by the office's own key."""
        return await self._equal("externalId", key, lambda one: one.customer.external_id)

    async def by_name(self, part: str) -> Found:
        """Find up to FOUND_MAX customers by a part of the name, whatever its capitals.

        `%` stands for anything. A backend without `ilike` is asked for one spelling after the
        other, until there are enough.
        """
        pattern = part if "%" in part else f"%{part}%"
        if (await self.offers()).ilike:
            return await self._found([where("name", "ilike", pattern)])
        customers: dict[int, Details] = {}
        unreadable: dict[int, None] = {}
        for spelling in spellings(pattern):
            found = await self._found([where("name", "like", spelling)])
            customers |= {one.customer.id: one for one in found.customers}
            unreadable |= dict.fromkeys(found.unreadable)
            if found.more or len(customers) > FOUND_MAX:
                return Found(list(customers.values())[:FOUND_MAX], list(unreadable), more=True)
        return Found([customers[one] for one in sorted(customers)], list(unreadable), more=False)

    async def by_id(self, customer_id: int) -> Details:
        """Give one customer; UsageError where nobody has this id."""
        (row,) = await self._rows_of([customer_id])
        try:
            return details_of(row, self.form)
        except MalformedError as fault:
            detail = f"the row of customer {customer_id}: {fault.fields['detail']}"
            raise MalformedError(detail=detail) from fault

    async def insert(self, new: Newcomer) -> Details:
        """Make a customer; where the answer is lost, look by card or externalId whether it is."""
        await self.offers()
        await self._refuse_taken(new.card_id)
        await self._refuse_held(new.external_id)
        company_id = self._company_id if new.company_id is None else new.company_id
        fields = new.fields() | ({} if company_id is None else {"company": {"id": company_id}})
        lost = "a success code without the new row"
        try:
            made = await self._send_insert(fields)
        except UnknownOutcomeError as fault:
            made, lost = [], str(fault.fields["detail"])
        if len(made) == 1:
            return await self.by_id(id_of(made[0]))
        return await self._look_for(new, lost)

    async def bind_card(self, customer_id: int, card_id: CardId) -> Details:
        """Give a customer a card that nobody has, or with an empty one take it away."""
        await self._refuse_taken(card_id, but=customer_id)
        return await self._change(
            customer_id, {"cardId": card_id or None}, lambda one: one.customer.card_id == card_id
        )

    async def alter(self, customer_id: int, wish: "Wish") -> Details:
        """Change what a wish names of a customer."""
        if not wish.fields():
            raise UsageError(problem="say what is to be changed: see --help")
        await self._refuse_held(wish.external_id or "", but=customer_id)
        return await self._change(customer_id, wish.fields(), wish.is_done)

    async def block(self, customer_id: int, *, blocked: bool) -> Details:
        """Block a customer, or unblock."""
        return await self._change(
            customer_id, {"isBlocked": blocked}, lambda one: one.customer.blocked is blocked
        )

    async def remove(
        self, customer_ids: Sequence[int], more: Mapping[str, Any] | None = None
    ) -> None:
        """Remove exactly these customers; nothing else can be removed, and nobody without an id.

        First a select on the same condition must show them and nobody else: a server that does
        not look at conditions would remove everybody.
        """
        if not 0 < len(customer_ids) <= REMOVED_MAX:
            raise UsageError(problem=f"name 1 to {REMOVED_MAX} customers by their ids")
        await self._rows_of(customer_ids)
        lost: BackendError = MalformedError(detail="a success code, and the rows are still there")
        try:
            await self.write("remove", {"conditions": among(customer_ids), **(more or {})})
        except UnknownOutcomeError as fault:
            lost = fault
        if await self._select_all(customer_ids):
            raise lost

    async def ask(self, entity: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Select from another entity beside the customers, the ledger for example."""
        path = f"{self.select.path.rpartition('/')[0]}/{entity}/select"
        reply = await self.select.ask("POST", path, write_json(body), PATIENCE_S)
        return rows_of(body_of(reply))

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def _change(
        self, customer_id: int, fields: Mapping[str, Any], is_done: Callable[[Details], bool]
    ) -> Details:
        """Change a row as just read; what a till changes in between is read and tried again."""
        offers = await self.offers()
        for _ in range(CLASHES_MAX):
            before = await self.by_id(customer_id)
            body: dict[str, Any] = {"fields": fields}
            if offers.conditional_update:
                body["conditions"] = {"operator": "and", "filters": [_as_read(before)]}
            lost: BackendError = MalformedError(detail="a success code, and the row is as it was")
            try:
                await self.write(f"update/{customer_id}", body)
            except ClashError:
                continue
            except UnknownOutcomeError as fault:
                lost = fault
            after = await self.by_id(customer_id)
            if not is_done(after):
                raise lost
            return after
        raise ClashError

    async def _send_insert(self, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Insert one row, once; only one that was surely refused goes again without `returning`."""
        body: dict[str, Any] = {"fields": [fields]}
        try:
            reply = await self.write("insert", {**body, "returning": {"id": True}})
        except RefusedError as refusal:
            if refusal.fields["status"] != 400:  # noqa: PLR2004 - HTTP's Bad Request
                raise
            reply = await self.write("insert", body)
        try:
            return [row for row in rows_of(reply.body) if id_of(row)]
        except MalformedError:
            return []  # it says yes and does not show the row: a look will

    async def _look_for(self, new: Newcomer, lost: str) -> Details:
        found: Sequence[Details] = ()
        if new.card_id:
            found = (await self.by_card(new.card_id)).customers
        elif new.external_id:
            found = (await self.by_external_id(new.external_id)).customers
        ours = [one for one in found if one.customer.name == new.name]
        if len(ours) != 1:
            look = f"{lost}. It is not there yet; look again before you repeat it"
            raise UnknownOutcomeError(detail=look)
        return ours[0]

    async def _refuse_taken(self, card_id: CardId, but: int | None = None) -> None:
        if not card_id:
            return
        found = await self.by_card(card_id)
        others = [one for one in _ids(found) if one != but]
        if others:
            who = " and ".join(f"customer {one}" for one in others)
            raise UsageError(problem=f"{who} has this card: take it away there first")

    async def _refuse_held(self, key: str, but: int | None = None) -> None:
        if key:
            _refuse_others(await self.by_external_id(key), but)

    async def _equal(self, field: str, value: str, held: Callable[[Details], str]) -> Found:
        found = await self._found([where(field, "=", value)])
        if not all(is_spelled_alike(held(one), value) for one in found.customers):
            raise MalformedError(detail="the server ignores conditions")
        return found

    async def _found(self, filters: Sequence[Filter]) -> Found:
        rows = await self.select.rows(filters, FOUND_MAX + 1, patience_s=PATIENCE_S)
        if not rows and not await self.select.sees_rows():
            raise UsageError(problem="this token sees no customers at all")
        customers, unreadable = [], []
        for row in rows[:FOUND_MAX]:
            try:
                customers.append(details_of(row, self.form))
            except MalformedError:
                unreadable.append(id_of(row))
        return Found(customers, unreadable, len(rows) > FOUND_MAX)

    async def _rows_of(self, customer_ids: Sequence[int]) -> list[dict[str, Any]]:
        """Give the rows of these ids, every one and no other, or raise."""
        rows = await self._select_all(customer_ids)
        missing = set(customer_ids) - set(map(id_of, rows))
        if missing:
            names = ", ".join(map(str, sorted(missing)))
            blind = "" if await self.select.sees_rows() else "; this token sees nobody at all"
            raise UsageError(problem=f"there is no customer {names}{blind}")
        return rows

    async def _select_all(self, customer_ids: Sequence[int]) -> list[dict[str, Any]]:
        condition = among(customer_ids)["filters"]
        limit = len(customer_ids) + 1
        rows = await self.select.rows(condition, limit, patience_s=PATIENCE_S)
        if not set(map(id_of, rows)) <= set(customer_ids):
            raise MalformedError(detail="the server ignores conditions")
        return rows

    async def write(self, verb: str, body: Mapping[str, Any]) -> Reply:
        """Send a write, once; what its status and body mean is raised.

        Who sits here goes along where the service keeps who did what.
        """
        path = f"{self.select.path}/{verb}"
        if self.staff is not None and self.select.told.leaving:
            body = {**body, "staff": self.staff}
        reply = await self._transport.send("POST", path, write_json(body), read=False)
        if reply.status in DENIED:
            raise UnauthorisedError(status=reply.status)
        if reply.status == CLASH:
            if "conditions" in body and isinstance(reply.body, dict) and "row" in reply.body:
                raise ClashError
            raise RefusedError(status=reply.status, detail=code_of(reply))
        if is_final(reply):
            raise RefusedError(status=reply.status, detail=code_of(reply))
        if not reply.ok or reply.body is NO_JSON or says_failure(reply.body):
            raise UnknownOutcomeError(detail=f"HTTP {reply.status} {reply.detail}".rstrip())
        return reply


def among(customer_ids: Sequence[int]) -> dict[str, Any]:
    """Make conditions that only these customers meet."""
    return {"operator": "and", "filters": [where("id", "in", list(customer_ids))]}


def spellings(pattern: str) -> list[str]:
    """Give the ways in which a name is mostly written: capitals, and umlauts in both encodings."""
    cases = [pattern, pattern.title(), pattern.upper(), pattern.lower()]
    forms = [normalize(form, one) for form in ("NFC", "NFD") for one in cases]
    return list(dict.fromkeys([pattern, *forms]))


def _as_read(row: Details) -> Filter:
    if row.snapshot.version is not None:
        return where("version", "=", row.snapshot.version)
    return where("updatedAt", "=", row.snapshot.updated_at)


def _refuse_others(found: Found, but: int | None) -> None:
    """Refuse an externalId that somebody else has, and say who that is."""
    for one in found.customers:
        number = one.customer.id
        if number != but:
            who = f"customer {number} ({initials(one.customer.name)}) has this externalId"
            command = f'taptill customers set {number} --external-id ""'
            raise UsageError(problem=f"{who}: take it away there first, with {command}")
    others = [one for one in found.unreadable if one != but]
    if others:
        raise UsageError(problem=f"customer {others[0]} has this externalId, in a spoilt row")


def _ids(found: Found) -> list[int]:
    return [*(one.customer.id for one in found.customers), *found.unreadable]
