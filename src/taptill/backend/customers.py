"""Card ids, row ids and pages in, customers out; updates in, echoes out."""

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from taptill.backend.numbers import write_json
from taptill.backend.rows import MoneyForm, id_of, rows_of, says_failure, snapshot_of
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
from taptill.lookup.sync import Page
from taptill.settlement.ports import Capabilities
from taptill.settlement.requests import (
    Condition,
    Echo,
    Final,
    NoAnswer,
    NotThere,
    RowAnswer,
    Unheard,
    Unreadable,
    Update,
    UpdateAnswer,
)

log = logging.getLogger("taptill.backend")

FIELDS: Mapping[str, Any] = {
    "id": True,
    "name": True,
    "cardId": True,
    "company": {"id": True, "name": True},
    "isBlocked": True,
    "isCreditAllowed": True,
    "totalDebt": True,
    "debtData": True,
    "externalId": True,
    "default": True,
    "updatedAt": True,
}

_UNKNOWN_STATUSES = frozenset({408, 409, 425, 428, 429})
_DENIED = frozenset({401, 403})
_CLASH = 409
_CLIENT_FAULTS = range(400, 500)
_BAD_REQUEST = 400
_SEEN_AT_ONCE = 3
_NEVER = -1
_LONG_AGO = "1970-01-01T00:00:00.000Z"
_CODE = re.compile(r"[a-z0-9_-]{1,40}")


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
        self.sees_nothing = False
        """Whether this token was answered without a single customer, and never with one."""

    async def find(self, card_id: CardId) -> Finding:
        """Ask who has this card; `Absent` only from a token that has been seen to see rows."""
        try:
            rows = await self._select([_filter("cardId", "=", str(card_id))], _SEEN_AT_ONCE)
            if not rows:
                return Absent() if await self.sees_rows() else Unreachable()
            seen = [snapshot_of(row, self._form) for row in rows]
        except TaptillError as fault:
            log.info("customer.not_found_out", extra={"code": fault.code})
            return Unreachable()
        found = {one.customer.id: one for one in seen if one.customer.card_id == card_id}
        if not found:
            return Unreachable()  # a server that ignores conditions: no answer to our question
        if len(found) > 1:
            return Ambiguous()
        return Known(found.popitem()[1], age_s=0.0)

    async def page(self, after_id: int, limit: int, since: str = "") -> Page:
        """Give customers with larger ids, changed after `since`, in order of id."""
        conditions = [_filter("id", ">", after_id)]
        if since:
            conditions.append(_filter("updatedAt", ">", since))
        rows = await self._select(conditions, limit)
        if not rows:
            await self.sees_rows()  # an empty page proves nothing; seeing nobody at all is an alarm
        return Page(tuple(map(id_of, rows)), self._readable(rows))

    async def sees_rows(self) -> bool:
        """Tell whether this token sees any customer at all; asked once, then remembered."""
        if not self._sees_rows:
            await self._select([], 1)
        self.sees_nothing = not self._sees_rows
        return self._sees_rows

    async def capabilities(self) -> Capabilities | NoAnswer:
        """Ask what the service offers; without an answer nothing may be settled yet."""
        try:
            reply = await self._transport.send("GET", self._capabilities_path, None, read=True)
            offers = _offers(reply)
        except BackendError as fault:
            return self._no_answer(fault)
        self._connection.answered(reply.latency_s)
        self._fields = {**FIELDS, "version": True} if offers.version else dict(FIELDS)
        return offers

    async def read_row(self, customer_id: int) -> RowAnswer:
        """Read one row for settling."""
        try:
            rows = await self._select([_filter("id", "=", customer_id)], _SEEN_AT_ONCE)
            found = [row for row in rows if id_of(row) == customer_id]
            if rows and not found:
                return NoAnswer("the server ignores conditions")
            if not rows:
                self._sees_rows = False  # an empty answer is proof only beside a row seen just now
                seen = await self.sees_rows()
                return NotThere() if seen else NoAnswer("no customer is visible")
        except BackendError as fault:
            return _refused_answer(fault)
        try:
            return snapshot_of(found[0], self._form)
        except MalformedError as fault:
            return Unreadable(str(fault.fields["detail"]))

    async def read_rows(self, customer_ids: Sequence[int]) -> Mapping[int, RowAnswer] | NoAnswer:
        """Read many rows for settling; one that is not among them is for `read_row` to find."""
        try:
            rows = await self._select([_filter("id", "in", list(customer_ids))], len(customer_ids))
        except BackendError as fault:
            return _refused_answer(fault)
        return {one.customer.id: one for one in self._readable(rows)}

    async def update_row(self, update: Update) -> UpdateAnswer:
        """Send one update, once; only a surely refused one is tried again without `returning`."""
        try:
            reply = await self._send_update(update)
            if self._returning and reply.status == _BAD_REQUEST and _is_final(reply):
                reply = await self._send_update(update, returning=False)
                self._returning = not reply.ok
        except UnknownOutcomeError as fault:
            self._connection.failed(fault.code)
            return Unheard(fault.code)
        except BackendError as fault:
            return self._no_answer(fault)
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
        if update.condition is not Condition.NONE:
            body["conditions"] = {"operator": "and", "filters": self._conditions(update)}
        if returning and self._returning:
            body["returning"] = self._fields
        path = f"{self._path}/update/{update.read.customer.id}"
        return await self._transport.send("POST", path, write_json(body), read=False)

    def _conditions(self, update: Update) -> list[dict[str, Any]]:
        read, never = update.read, update.condition is Condition.NEVER
        if read.version is not None:
            return [_filter("version", "=", _NEVER if never else read.version)]
        stamp = _LONG_AGO if never else read.updated_at
        return [
            _filter("updatedAt", "=", stamp),
            _filter("totalDebt", "=", self._form.to_wire(read.total)),
        ]

    def _judge_update(self, update: Update, reply: Reply) -> UpdateAnswer:
        if reply.status in _DENIED:
            return self._no_answer(UnauthorisedError(status=reply.status))
        if not (reply.ok or reply.status == _CLASH or _is_final(reply)):
            self._connection.failed(UnknownOutcomeError.code)
            return Unheard(f"HTTP {reply.status}", reply.retry_after_s)
        self._connection.answered(reply.latency_s)
        if reply.ok:
            return self._echo(update, reply)
        if reply.status == _CLASH:
            return Unheard("HTTP 409", clash=True, clash_row=self._clash_row(reply))
        return Final(reply.status, _code_of(reply))

    def _no_answer(self, fault: BackendError) -> NoAnswer:
        self._connection.failed(fault.code)
        return _refused_answer(fault)

    def _echo(self, update: Update, reply: Reply) -> UpdateAnswer:
        if reply.body is NO_JSON or says_failure(reply.body):
            return Unheard("a success code without a clear answer")
        try:
            rows = [row for row in rows_of(reply.body) if id_of(row) == update.read.customer.id]
            return Echo(snapshot_of(rows[0], self._form) if rows else None)
        except MalformedError:
            return Echo(None)  # it says yes and does not show the row: a read will

    def _readable(self, rows: list[dict[str, Any]]) -> list[Snapshot]:
        found = []
        for row in rows:
            try:
                found.append(snapshot_of(row, self._form))
            except MalformedError as fault:
                extra = {"customer": row.get("id"), "detail": fault.fields["detail"]}
                log.warning("customer.unreadable", extra=extra)
        return found

    def _clash_row(self, reply: Reply) -> Snapshot | None:
        row = reply.body.get("row") if isinstance(reply.body, dict) else None
        try:
            return snapshot_of(row, self._form) if isinstance(row, dict) else None
        except MalformedError:
            return None

    async def _select(self, filters: list[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
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
            rows = rows_of(_read_body(reply))
        except BackendError as fault:
            self._connection.failed(fault.code)
            raise
        self._connection.answered(reply.latency_s)
        self._sees_rows = self._sees_rows or bool(rows)
        self.sees_nothing = self.sees_nothing and not rows
        return rows


def _offers(reply: Reply) -> Capabilities:
    """Read what a service offers; one that does not know the question offers nothing."""
    if not reply.ok:
        _refuse_for_now(reply)
    body = reply.body if reply.ok and isinstance(reply.body, dict) else {}
    return Capabilities(body.get("conditional_update") is True, body.get("version") is True)


def _read_body(reply: Reply) -> Any:
    """Give the body of a successful read, or raise what the status means."""
    if reply.ok and reply.body is not NO_JSON:
        return reply.body
    if not reply.ok:
        _refuse_for_now(reply)
    if reply.body is NO_JSON:
        raise MalformedError(detail=f"HTTP {reply.status} without JSON")
    raise RefusedError(status=reply.status, detail=_code_of(reply))


def _refuse_for_now(reply: Reply) -> None:
    """Raise where a status says nothing about the request itself."""
    if reply.status in _DENIED:
        raise UnauthorisedError(status=reply.status)
    if reply.status in _UNKNOWN_STATUSES or reply.status not in _CLIENT_FAULTS or _passing(reply):
        raise UnreachableError(
            place="the Customers API",
            detail=f"HTTP {reply.status}",
            retry_after_s=reply.retry_after_s,
        )


def _is_final(reply: Reply) -> bool:
    """Tell a refusal of this very update: nothing was changed, and nothing will be."""
    theirs = reply.body is not NO_JSON and reply.body is not None and not _passing(reply)
    return theirs and reply.status in _CLIENT_FAULTS and reply.status not in _UNKNOWN_STATUSES


def _code_of(reply: Reply) -> str:
    """Give a refusal's code where it is one: its message may hold a person's name."""
    error = reply.body.get("error") if isinstance(reply.body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "no code given"


def _refused_answer(fault: BackendError) -> NoAnswer:
    retry_after_s = fault.fields.get("retry_after_s")
    after_s = retry_after_s if isinstance(retry_after_s, float) else None
    return NoAnswer(fault.code, after_s, denied=isinstance(fault, UnauthorisedError))


def _passing(reply: Reply) -> bool:
    """Tell PostgreSQL's 25P02 (a transaction that failed before ours), which passes by itself."""
    return "25P02" in str(reply.body)[:2000]


def _filter(field: str, comparator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "comparator": comparator, "value": value}
