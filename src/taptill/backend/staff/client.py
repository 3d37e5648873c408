"""The client of staff's functions: find, insert, change and remove customers.

A write is sent once. Where its outcome is unknown it is never sent again: the rows are read, and
they tell whether it was done.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from unicodedata import normalize

from taptill.backend.body import NOT_JSON
from taptill.backend.capabilities import ServiceCapabilities
from taptill.backend.rows import (
    StaffCustomer,
    parse_id,
    parse_rows,
    parse_staff_customer,
    reports_failure,
)
from taptill.backend.select import Dialect, Filter, HealthRecorder, Select, where
from taptill.backend.staff.changes import CustomerUpdate, NewCustomer, SearchResult
from taptill.backend.staff.spelling import is_another_card, is_equal_text
from taptill.backend.staff.updating import Expected, anything, change_row
from taptill.backend.status import CLASH, DENIED, error_code, is_final, successful_body
from taptill.backend.transport import Reply, Transport
from taptill.domain.card_id import CardId
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
"""Fields that only staff need: they are always fetched live and never stored."""

PATIENCE_S = 10.0
RESULTS_MAX = 100
REMOVED_MAX = 100
"""One request removes at most so many customers, each named by its id."""

_NOT_REMOVED = "a success code, and the rows are still there"


class StaffClient:
    """Staff's functions; every method raises BackendError, a subclass of it, or UsageError.

    `more_fields` are asked for beside those that a till needs.
    """

    def __init__(
        self,
        transport: Transport,
        dialect: Dialect,
        health: HealthRecorder,
        staff: str | None = None,
        more_fields: Mapping[str, Any] = STAFF_FIELDS,
    ) -> None:
        self._transport = transport
        self.money = dialect.money
        self.staff = staff
        """The person who acts, sent to services that keep an audit record; None: not sent."""
        self._company_id = dialect.company_id
        self.select = Select(transport, dialect, health, more_fields)

    async def capabilities(self) -> ServiceCapabilities:
        """Return what the service offers beside the plain API."""
        await self.select.capabilities()
        return self.select.service

    async def by_card(self, card_id: CardId) -> SearchResult:
        """Return all customers with this card; more than one is a mistake of the office."""
        return await self._search_equal("cardId", str(card_id), lambda row: row.customer.card_id)

    async def some_cards(self, limit: int) -> frozenset[str]:
        """Return the cards of the first customers by id, as the backend spells them."""
        rows = await self.select.rows([], limit)
        cards = (row.get("cardId") for row in rows)
        return frozenset(card for card in cards if isinstance(card, str) and card)

    async def by_external_id(self, key: str) -> SearchResult:
        """Return all customers with this key of the office."""
        return await self._search_equal("externalId", key, lambda row: row.customer.external_id)

    async def by_name(self, part: str) -> SearchResult:
        """Return up to RESULTS_MAX customers by a part of the name, in capitals or not.

        `%` stands for any text. A backend without `ilike` is asked for one spelling after another,
        until there are enough results.
        """
        pattern = part if "%" in part else f"%{part}%"
        if (await self.capabilities()).ilike:
            return await self._search([where("name", "ilike", pattern)])
        customers: dict[int, StaffCustomer] = {}
        unreadable: dict[int, None] = {}
        for spelling in spellings(pattern):
            result = await self._search([where("name", "like", spelling)])
            customers |= {row.customer.id: row for row in result.customers}
            unreadable |= dict.fromkeys(result.unreadable)
            if result.has_more or len(customers) > RESULTS_MAX:
                first = list(customers.values())[:RESULTS_MAX]
                return SearchResult(first, list(unreadable), has_more=True)
        by_id = [customers[customer_id] for customer_id in sorted(customers)]
        return SearchResult(by_id, list(unreadable), has_more=False)

    async def by_id(self, customer_id: int) -> StaffCustomer:
        """Return one customer; UsageError where nobody has this id."""
        (row,) = await self._rows_of([customer_id])
        try:
            return parse_staff_customer(row, self.money)
        except MalformedError as fault:
            detail = f"the row of customer {customer_id}: {fault.fields['detail']}"
            raise MalformedError(detail=detail) from fault

    async def insert(self, new: NewCustomer) -> StaffCustomer:
        """Insert a customer; where the answer is lost, search for it by card or externalId."""
        await self.capabilities()
        await self._require_free_card(new.card_id)
        await self._require_free_external_id(new.external_id)
        company_id = self._company_id if new.company_id is None else new.company_id
        fields = new.fields() | ({} if company_id is None else {"company": {"id": company_id}})
        problem = "a success code without the new row"
        try:
            rows = await self._send_insert(fields)
        except UnknownOutcomeError as fault:
            rows, problem = [], str(fault.fields["detail"])
        if len(rows) != 1:
            return await self._find_inserted(new, problem)
        try:
            return await self.by_id(parse_id(rows[0]))
        except BackendError as fault:
            raise _inserted_unseen(parse_id(rows[0]), fault) from fault

    async def bind_card(
        self, customer_id: int, card_id: CardId, expected: Expected = anything
    ) -> StaffCustomer:
        """Give a customer a card that nobody else has, or take it away with an empty card id."""
        await self._require_free_card(card_id, owner=customer_id)
        fields = {"cardId": card_id or None}
        return await change_row(
            self,
            customer_id,
            fields,
            lambda row: not is_another_card(row.customer.card_id, card_id),
            expected,
        )

    async def update(self, customer_id: int, update: CustomerUpdate) -> StaffCustomer:
        """Change these fields of a customer."""
        if not update.fields():
            raise UsageError(problem="say what is to be changed: see --help")
        await self._require_free_external_id(update.external_id or "", owner=customer_id)
        return await change_row(self, customer_id, update.fields(), update.matches)

    async def block(
        self, customer_id: int, *, blocked: bool, expected: Expected = anything
    ) -> StaffCustomer:
        """Block or unblock a customer."""
        fields = {"isBlocked": blocked}
        return await change_row(
            self, customer_id, fields, lambda row: row.customer.blocked is blocked, expected
        )

    async def remove(
        self, customer_ids: Sequence[int], options: Mapping[str, Any] | None = None
    ) -> None:
        """Remove exactly the customers with these ids; `options` are added to the request.

        A select with the same condition must return them and nobody else first: a server that
        ignores conditions would remove everybody.
        """
        if not 0 < len(customer_ids) <= REMOVED_MAX:
            raise UsageError(problem=f"name 1 to {REMOVED_MAX} customers by their ids")
        await self._rows_of(customer_ids)
        problem: BackendError = MalformedError(detail=_NOT_REMOVED)
        try:
            await self.write(
                "remove", {"conditions": id_conditions(customer_ids), **(options or {})}
            )
        except UnknownOutcomeError as fault:
            problem = fault
        if await self._select_by_id(customer_ids):
            raise problem

    async def ask(self, entity: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the rows of a select on another entity than Customers, the ledger for example."""
        path = f"{self.select.path.rpartition('/')[0]}/{entity}/select"
        reply = await self.select.ask("POST", path, write_json(body), PATIENCE_S)
        return parse_rows(successful_body(reply))

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def _send_insert(self, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Send an insert once; only after a certain refusal once more, without `returning`."""
        body: dict[str, Any] = {"fields": [fields]}
        try:
            reply = await self.write("insert", {**body, "returning": {"id": True}})
        except RefusedError as refusal:
            if refusal.fields["status"] != 400:  # noqa: PLR2004 - HTTP's Bad Request
                raise
            reply = await self.write("insert", body)
        try:
            return [row for row in parse_rows(reply.body) if parse_id(row)]
        except MalformedError:
            return []  # a success that does not show the row: a search will

    async def _find_inserted(self, new: NewCustomer, problem: str) -> StaffCustomer:
        """Return the customer whose insert had an unknown outcome, or raise the problem."""
        candidates: Sequence[StaffCustomer] = ()
        if new.card_id:
            candidates = (await self.by_card(new.card_id)).customers
        elif new.external_id:
            candidates = (await self.by_external_id(new.external_id)).customers
        matches = [row for row in candidates if row.customer.name == new.name]
        if len(matches) != 1:
            detail = f"{problem}. It is not there yet; look again before you repeat it"
            raise UnknownOutcomeError(detail=detail)
        return matches[0]

    async def _require_free_card(self, card_id: CardId, owner: int | None = None) -> None:
        if not card_id:
            return
        ids = [number for number in (await self.by_card(card_id)).ids() if number != owner]
        if ids:
            names = " and ".join(f"customer {number}" for number in ids)
            raise UsageError(problem=f"{names} has this card: take it away there first")

    async def _require_free_external_id(self, key: str, owner: int | None = None) -> None:
        if key:
            _require_no_other(await self.by_external_id(key), owner)

    async def _search_equal(
        self, field: str, value: str, read: Callable[[StaffCustomer], str]
    ) -> SearchResult:
        return _meant(await self._search([where(field, "=", value)]), field, value, read)

    async def _search(self, filters: Sequence[Filter]) -> SearchResult:
        rows = await self.select.rows(filters, RESULTS_MAX + 1, patience_s=PATIENCE_S)
        if not rows and await self.select.is_blind():
            raise UsageError(problem="this token sees no customers at all")
        customers, unreadable = [], []
        for row in rows[:RESULTS_MAX]:
            try:
                customers.append(parse_staff_customer(row, self.money))
            except MalformedError:
                unreadable.append(parse_id(row))
        return SearchResult(customers, unreadable, len(rows) > RESULTS_MAX)

    async def _rows_of(self, customer_ids: Sequence[int]) -> list[dict[str, Any]]:
        """Return the rows of exactly these ids; raises UsageError where one is missing."""
        rows = await self._select_by_id(customer_ids)
        missing = set(customer_ids) - set(map(parse_id, rows))
        if missing:
            names = ", ".join(map(str, sorted(missing)))
            blind = "; this token sees nobody at all" if await self.select.is_blind() else ""
            raise UsageError(problem=f"there is no customer {names}{blind}")
        return rows

    async def _select_by_id(self, customer_ids: Sequence[int]) -> list[dict[str, Any]]:
        condition = id_conditions(customer_ids)["filters"]
        limit = len(customer_ids) + 1
        rows = await self.select.rows(condition, limit, patience_s=PATIENCE_S)
        if not set(map(parse_id, rows)) <= set(customer_ids):
            raise MalformedError(detail="the server ignores conditions")
        return rows

    async def write(self, verb: str, body: Mapping[str, Any]) -> Reply:
        """Send a write once, with the acting person where that is kept, or raise what it met."""
        path = f"{self.select.path}/{verb}"
        if self.staff is not None and self.select.service.leaving:
            body = {**body, "staff": self.staff}
        reply = await self._transport.send("POST", path, write_json(body), read=False)
        if reply.status in DENIED:
            raise UnauthorisedError(status=reply.status)
        if reply.status == CLASH:
            if "conditions" in body and isinstance(reply.body, dict) and "row" in reply.body:
                raise ClashError
            raise RefusedError(status=reply.status, detail=error_code(reply))
        if is_final(reply):
            raise RefusedError(status=reply.status, detail=error_code(reply))
        if not reply.ok or reply.body is NOT_JSON or reports_failure(reply.body):
            raise UnknownOutcomeError(detail=f"HTTP {reply.status} {reply.detail}".rstrip())
        return reply


def id_conditions(customer_ids: Sequence[int]) -> dict[str, Any]:
    """Return the conditions that only customers with these ids meet."""
    return {"operator": "and", "filters": [where("id", "in", list(customer_ids))]}


def spellings(pattern: str) -> list[str]:
    """Return the usual spellings of a name: cases of letters, and umlauts in both encodings."""
    cases = [pattern, pattern.title(), pattern.upper(), pattern.lower()]
    forms = [normalize(form, case) for form in ("NFC", "NFD") for case in cases]
    return list(dict.fromkeys([pattern, *forms]))


def _meant(
    result: SearchResult, field: str, value: str, read: Callable[[StaffCustomer], str]
) -> SearchResult:
    """Return whom a text means; MalformedError where a row is not about it at all."""
    if not all(is_equal_text(read(row), value) for row in result.customers):
        raise MalformedError(detail="the server ignores conditions")
    meant = [row for row in result.customers if not is_another_card(read(row), value)]
    return replace(result, customers=meant) if field == "cardId" else result


def _inserted_unseen(customer_id: int, fault: BackendError) -> UnknownOutcomeError:
    """Say that a customer is made: an error of the look alone would have a second one made."""
    words = f"customer {customer_id} is made, do not repeat it; the look at it failed: {fault}"
    return UnknownOutcomeError(detail=words)


def _require_no_other(result: SearchResult, owner: int | None) -> None:
    """Raise UsageError where a customer other than the owner has this externalId."""
    for row in result.customers:
        number = row.customer.id
        if number != owner:
            name = f"customer {number} ({initials(row.customer.name)}) has this externalId"
            command = f'taptill customers set {number} --external-id ""'
            raise UsageError(problem=f"{name}: take it away there first, with {command}")
    others_ids = [number for number in result.unreadable if number != owner]
    if others_ids:
        raise UsageError(problem=f"customer {others_ids[0]} has this externalId, in a spoilt row")
