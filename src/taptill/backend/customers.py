"""Card ids, row ids and pages in, customers out; updates in, echoes out."""

from collections.abc import Mapping
from typing import Any, Protocol

from taptill.backend.numbers import write_json
from taptill.backend.rows import MoneyForm, rows_of, says_failure, snapshot_of
from taptill.backend.transport import NO_JSON, Reply, Transport
from taptill.domain.card_id import CardId
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Absent, Ambiguous, Finding, Known, Unreachable
from taptill.domain.errors import (
    BackendError,
    MalformedError,
    RefusedError,
    TaptillError,
    UnauthorisedError,
    UnknownOutcomeError,
    UnreachableError,
)
from taptill.settlement.requests import (
    Echo,
    Final,
    NoAnswer,
    NotThere,
    RowAnswer,
    Unheard,
    Update,
    UpdateAnswer,
)
from taptill.settlement.schedule import Capabilities

FIELDS: Mapping[str, Any] = {
    "id": True,
    "name": True,
    "cardId": True,
    "company": {"id": True, "name": True},
    "isBlocked": True,
    "isCreditAllowed": True,
    "totalDebt": True,
    "debtData": True,
    "default": True,
    "updatedAt": True,
}

_UNKNOWN_STATUSES = frozenset({408, 409, 425, 428, 429})
_DENIED = frozenset({401, 403})
_CLASH = 409
_CLIENT_FAULTS = range(400, 500)
_SEEN_AT_ONCE = 3


class Connection(Protocol):
    """Told how every call went, so that *online* is measured and not guessed."""

    def answered(self, latency_s: float) -> None:
        """Note a good answer."""

    def failed(self, code: str) -> None:
        """Note the code of the error that came instead."""


class CustomersApi:
    """The Customers API as the till uses it: find, page, read, update."""

    def __init__(
        self,
        transport: Transport,
        prefix: str,
        form: MoneyForm,
        connection: Connection,
        company_id: int | None = None,
    ) -> None:
        self._transport = transport
        self._connection = connection
        self._path = f"{prefix.rstrip('/')}/Customers"
        self._capabilities_path = f"{prefix.rstrip('/').rpartition('/')[0]}/capabilities"
        self._form = form
        self._company = [_filter("company.id", "=", company_id)] if company_id is not None else []
        self._fields: dict[str, Any] = dict(FIELDS)
        self._returning = True
        self._sees_rows = False

    async def find(self, card_id: CardId) -> Finding:
        """Ask who has this card; `Absent` only from a token that has been seen to see rows."""
        try:
            rows = await self._select([_filter("cardId", "=", str(card_id))], _SEEN_AT_ONCE)
            if not rows:
                return Absent() if await self.sees_rows() else Unreachable()
        except TaptillError:
            return Unreachable()
        found = [row for row in rows if row.customer.card_id == card_id]
        if not found:
            return Unreachable()  # a server that ignores conditions: no answer to our question
        return Known(found[0], age_s=0.0) if len(found) == 1 else Ambiguous()

    async def page(self, after_id: int, limit: int, since: str = "") -> list[Snapshot]:
        """Give customers with larger ids, changed after `since`, in order of id."""
        conditions = [_filter("id", ">", after_id)]
        if since:
            conditions.append(_filter("updatedAt", ">", since))
        return await self._select(conditions, limit)

    async def sees_rows(self) -> bool:
        """Tell whether this token sees any customer at all; asked once, then remembered."""
        if not self._sees_rows:
            await self._select([], 1)
        return self._sees_rows

    async def capabilities(self) -> Capabilities | None:
        """Ask what the service offers; None: no answer, nothing may be settled yet."""
        try:
            reply = await self._transport.send("GET", self._capabilities_path, None, read=True)
        except BackendError:
            return None
        offers = _offers(reply)
        if offers is None:
            return None
        self._fields = {**FIELDS, "version": True} if offers.version else dict(FIELDS)
        return offers

    async def read_row(self, customer_id: int) -> RowAnswer:
        """Read one row for settling."""
        try:
            rows = await self._select([_filter("id", "=", customer_id)], _SEEN_AT_ONCE)
            found = [row for row in rows if row.customer.id == customer_id]
            if found:
                return found[0]
            self._sees_rows = False  # an empty answer is proof only beside a row seen just now
            return NotThere() if await self.sees_rows() else NoAnswer("no customer is visible")
        except UnauthorisedError as fault:
            return NoAnswer(fault.code, denied=True)
        except TaptillError as fault:
            return NoAnswer(fault.code, _retry_after(fault))

    async def update_row(self, update: Update) -> UpdateAnswer:
        """Send one update, once; only an enrolment is tried again without `returning`."""
        try:
            reply = await self._send_update(update)
            moves_no_money = update.total == update.read.total
            if reply.status == 400 and self._returning and moves_no_money:  # noqa: PLR2004
                plain = await self._send_update(update, returning=False)
                self._returning = not plain.ok
                reply = plain
        except ValueError as fault:
            return Final(0, str(fault))
        except UnknownOutcomeError as fault:
            self._connection.failed(fault.code)
            return Unheard(fault.code)
        except BackendError as fault:
            self._connection.failed(fault.code)
            return NoAnswer(fault.code)
        return self._judge_update(update, reply)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def _send_update(self, update: Update, *, returning: bool = True) -> Reply:
        debt_data: Any = update.debt_data
        if update.read.marks.as_text:
            debt_data = write_json(update.debt_data)
        fields = {"totalDebt": self._form.to_wire(update.total), "debtData": debt_data}
        body: dict[str, Any] = {"fields": fields}
        if update.conditional:
            body["conditions"] = {"operator": "and", "filters": self._as_read(update.read)}
        if returning and self._returning:
            body["returning"] = self._fields
        path = f"{self._path}/update/{update.read.customer.id}"
        return await self._transport.send("POST", path, write_json(body), read=False)

    def _as_read(self, read: Snapshot) -> list[dict[str, Any]]:
        if read.version is not None:
            return [_filter("version", "=", read.version)]
        total = self._form.to_wire(read.total)
        return [_filter("updatedAt", "=", read.updated_at), _filter("totalDebt", "=", total)]

    def _judge_update(self, update: Update, reply: Reply) -> UpdateAnswer:
        if reply.ok:
            self._connection.answered(reply.latency_s)
            return self._echo(update, reply)
        if reply.status in _DENIED:
            self._connection.failed(UnauthorisedError.code)
            return NoAnswer("backend-token", denied=True)
        if reply.status == _CLASH:
            return Unheard("409", clash=True, clash_row=self._clash_row(reply))
        unknown = reply.status in _UNKNOWN_STATUSES or reply.status not in _CLIENT_FAULTS
        if unknown or reply.body is NO_JSON or reply.body is None or _passing(reply):
            return Unheard(f"HTTP {reply.status}", reply.retry_after_s)
        return Final(reply.status, "the Customers API refuses this update")

    def _echo(self, update: Update, reply: Reply) -> UpdateAnswer:
        if reply.body is NO_JSON or says_failure(reply.body):
            return Unheard("a success code without a clear answer")
        try:
            rows = [snapshot_of(row, self._form) for row in rows_of(reply.body)]
        except MalformedError:
            return Echo(None)  # it says yes and does not show the row: a read will
        found = [row for row in rows if row.customer.id == update.read.customer.id]
        return Echo(found[0] if found else None)

    def _clash_row(self, reply: Reply) -> Snapshot | None:
        row = reply.body.get("row") if isinstance(reply.body, dict) else None
        try:
            return snapshot_of(row, self._form) if isinstance(row, dict) else None
        except MalformedError:
            return None

    async def _select(self, filters: list[dict[str, Any]], limit: int) -> list[Snapshot]:
        body: dict[str, Any] = {
            "fields": self._fields,
            "orderBy": [{"field": "id", "order": "asc"}],
            "limit": limit,
        }
        if filters or self._company:
            body["conditions"] = {"operator": "and", "filters": [*filters, *self._company]}
        path = f"{self._path}/select"
        try:
            reply = await self._transport.send("POST", path, write_json(body), read=True)
            rows = [snapshot_of(row, self._form) for row in rows_of(_read_body(reply))]
        except BackendError as fault:
            self._connection.failed(fault.code)
            raise
        self._connection.answered(reply.latency_s)
        self._sees_rows = self._sees_rows or bool(rows)
        return rows


def _offers(reply: Reply) -> Capabilities | None:
    if reply.ok and isinstance(reply.body, dict):
        body = reply.body
        return Capabilities(body.get("conditional_update") is True, body.get("version") is True)
    final = reply.status in _CLIENT_FAULTS and reply.status not in _UNKNOWN_STATUSES | _DENIED
    return Capabilities() if reply.ok or final else None


def _read_body(reply: Reply) -> Any:
    """Give the body of a successful read, or raise what the status means."""
    if reply.ok and reply.body is not NO_JSON:
        return reply.body
    if reply.status in _DENIED:
        raise UnauthorisedError(status=reply.status)
    if reply.ok:
        raise MalformedError(detail="no JSON, perhaps a captive portal's page")
    if reply.status in _UNKNOWN_STATUSES or reply.status not in _CLIENT_FAULTS or _passing(reply):
        raise UnreachableError(
            place="the Customers API",
            detail=f"HTTP {reply.status}",
            retry_after_s=reply.retry_after_s,
        )
    if reply.body is NO_JSON:
        raise MalformedError(detail=f"HTTP {reply.status} without JSON")
    raise RefusedError(status=reply.status, detail="a select was refused")


def _passing(reply: Reply) -> bool:
    """Tell PostgreSQL's 25P02 (a transaction that failed before ours), which passes by itself."""
    return "25P02" in str(reply.body)[:2000]


def _retry_after(fault: TaptillError) -> float | None:
    value = fault.fields.get("retry_after_s")
    return value if isinstance(value, float) else None


def _filter(field: str, comparator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "comparator": comparator, "value": value}
