"""The till's client of the Customers API: find, page through and read customers, update rows."""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from taptill.backend.body import NOT_JSON
from taptill.backend.paging import Pager
from taptill.backend.rows import (
    parse_card,
    parse_id,
    parse_rows,
    parse_snapshot,
    reports_failure,
)
from taptill.backend.select import (
    TAP_PATIENCE_S,
    Dialect,
    Filter,
    HealthRecorder,
    Select,
    where,
)
from taptill.backend.status import CLASH, DENIED, error_code, is_final
from taptill.backend.transport import WARM_S, Reply, Transport
from taptill.domain.card_id import CardId, is_spelled_alike, masked, tells_by_capitals
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Ambiguous, Found, LookupResult, NotFound, Unreachable
from taptill.domain.errors import (
    BackendError,
    CurrencyError,
    MalformedError,
    TaptillError,
    UnauthorisedError,
    UnknownOutcomeError,
)
from taptill.domain.technical.exact_json import write_json
from taptill.domain.technical.till_warning import TillWarning, WarningCode, till_warning
from taptill.lookup.sync import Page
from taptill.settlement.ports import Capabilities
from taptill.settlement.requests import (
    Applied,
    NoAnswer,
    OutcomeUnknown,
    Rejected,
    RowAnswer,
    RowNotFound,
    RowUnreadable,
    Update,
    UpdateAnswer,
    UpdateCondition,
)

log = logging.getLogger("taptill.backend")

CERTIFICATE_DAYS_MIN = 14
"""The status line warns where the certificate is valid for fewer days."""

DAY_S = 86_400.0
_BAD_REQUEST = 400
_ROWS_MAX = 3
_NEVER = -1
_LONG_AGO = "1970-01-01T00:00:00.000Z"


class CustomersApi:
    """The Customers API as the till uses it."""

    def __init__(self, transport: Transport, dialect: Dialect, health: HealthRecorder) -> None:
        self._transport = transport
        self._health = health
        self._money = dialect.money
        self.select = Select(transport, dialect, health)
        self._pages = Pager(self.select)
        self._returning_supported = True
        self.spelling_differs = False
        """Whether the office spells a card that was found otherwise than the till."""
        self.case_variant = ""
        """The end of an unknown card that differs by capitals alone from a known one; or empty."""
        self._case_sensitive = False
        self.probe_warnings: Sequence[TillWarning] = ()
        """What the probe warns of."""

    @property
    def sees_nothing(self) -> bool:
        """Whether this token was answered without a single customer, and never with one."""
        return self.select.sees_nothing

    def warnings(self) -> tuple[TillWarning, ...]:
        """Return warnings for staff, such as a missing field or a certificate that expires soon."""
        messages = [
            till_warning(WarningCode.MISSING_FIELD, field=name)
            for name in self.select.missing_fields
        ]
        if self.spelling_differs:
            messages.append(till_warning(WarningCode.SPELLING))
        if self.case_variant:
            messages.append(till_warning(WarningCode.CAPITALS, card=self.case_variant))
        if self.select.currency_error is not None:
            fields = self.select.currency_error.fields
            messages.append(till_warning(WarningCode.CURRENCY, **fields))
        days = self.certificate_days()
        if days is not None and days < CERTIFICATE_DAYS_MIN:
            messages.append(till_warning(WarningCode.CERTIFICATE, count=max(0, days)))
        return (*messages, *self.probe_warnings)

    @property
    def pages_by_id(self) -> bool:
        """Whether pages are selected by comparing ids, and not by offset."""
        return self._pages.by_id

    def certificate_days(self) -> int | None:
        """Return the days until the certificate expires; None without TLS, or before a request."""
        expires_s = self._transport.certificate_expires_at
        return None if expires_s is None else int((expires_s - time.time()) // DAY_S)

    async def keep_warm(self, check_s: float = WARM_S) -> None:
        """Keep a connection open, so that a tap needs no handshake; runs until cancelled."""
        await self._transport.keep_warm(self.select.capabilities_path, check_s)

    async def find(self, card_id: CardId) -> LookupResult:
        """Return who has this card; `NotFound` only for a token that is known to see rows."""
        try:
            filters = [where("cardId", "=", str(card_id))]
            rows = await self.select.rows(filters, _ROWS_MAX, patience_s=TAP_PATIENCE_S)
            if not rows:
                return NotFound() if await self.select.sees_rows() else Unreachable()
            snapshots = [parse_snapshot(row, self._money) for row in rows]
        except TaptillError as fault:
            log.info("customer.not_found_out", extra={"code": fault.code})
            return Unreachable()
        matches = {
            snapshot.customer.id: snapshot
            for snapshot in snapshots
            if snapshot.customer.card_id == card_id
        }
        if not matches:  # a server whose `=` ignores capitals or blanks
            matches = self._by_spelling(snapshots, card_id)
            self.spelling_differs = self.spelling_differs or bool(matches)
        if not matches:
            return self._no_match(snapshots, card_id)
        if len(matches) > 1:
            return Ambiguous()
        return Found(matches.popitem()[1], age_s=0.0)

    def _by_spelling(self, snapshots: Sequence[Snapshot], card_id: CardId) -> dict[int, Snapshot]:
        self._learn_case_sensitivity(snapshot.customer.card_id for snapshot in snapshots)
        case_sensitive = self._case_sensitive or tells_by_capitals(card_id)
        return {
            snapshot.customer.id: snapshot
            for snapshot in snapshots
            if is_spelled_alike(snapshot.customer.card_id, card_id, capitals_tell=case_sensitive)
        }

    def _no_match(self, snapshots: Sequence[Snapshot], card_id: CardId) -> LookupResult:
        """Return `NotFound`; remember a card that differs from the office's by capitals alone."""
        folded_id = card_id.strip().lower()
        if any(snapshot.customer.card_id.strip().lower() != folded_id for snapshot in snapshots):
            return Unreachable()  # no answer to our question: the server ignores conditions
        self.case_variant = masked(card_id)
        return NotFound()

    def _learn_case_sensitivity(self, card_ids: Iterable[CardId]) -> None:
        if not self._case_sensitive:
            self._case_sensitive = any(map(tells_by_capitals, card_ids))

    async def ping(self) -> None:
        """Ask for any one customer, once: the cheapest proof that look-ups work.

        The result is recorded. Raises BackendError or a subclass.
        """
        await self.select.rows([], 1, patience_s=0.0)

    async def page(self, after_id: int, limit: int, since: str = "") -> Page:
        """Return customers with larger ids, changed after `since`, in order of id."""
        rows = await self._pages.rows(after_id, limit, since)
        if not rows:
            # An empty page proves nothing; a token that sees nobody becomes a warning
            await self.select.sees_rows()
        self._learn_case_sensitivity(map(parse_card, rows))
        return Page(tuple(map(parse_id, rows)), self.parse_readable(_let_go(rows)))

    async def capabilities(self) -> Capabilities | NoAnswer:
        """Return what the service offers; without an answer nothing may be settled yet."""
        try:
            return await self.select.capabilities(anew=True)
        except CurrencyError as fault:  # from now on look-ups are refused too
            self._health.lookup_failed(fault.code)
            return _to_no_answer(fault)
        except BackendError as fault:
            return self._update_not_answered(fault)

    async def read_row(self, customer_id: int) -> RowAnswer:
        """Return the answer of one row for settling."""
        try:
            rows = await self.select.rows([where("id", "=", customer_id)], _ROWS_MAX)
            matches = [row for row in rows if parse_id(row) == customer_id]
            if rows and not matches:
                return NoAnswer("the server ignores conditions")
            if not rows:
                # An empty answer is proof only while the token is seen to see rows.
                visible = await self.select.sees_rows(anew=True)
                return RowNotFound() if visible else NoAnswer("no customer is visible")
        except BackendError as fault:
            return _to_no_answer(fault)
        try:
            return parse_snapshot(matches[0], self._money)
        except MalformedError as fault:
            return RowUnreadable(str(fault.fields["detail"]))

    async def read_rows(self, customer_ids: Sequence[int]) -> Mapping[int, RowAnswer] | NoAnswer:
        """Return the answers of many rows; one that is not among them is for `read_row` to find."""
        try:
            filters = [where("id", "in", list(customer_ids))]
            rows = await self.select.rows(filters, len(customer_ids))
        except BackendError as fault:
            return _to_no_answer(fault)
        return {snapshot.customer.id: snapshot for snapshot in self.parse_readable(rows)}

    async def update_row(self, update: Update) -> UpdateAnswer:
        """Send one update once; only after a certain refusal again, without `returning`."""
        try:
            reply = await self._send_update(update)
            if self._returning_supported and reply.status == _BAD_REQUEST and is_final(reply):
                reply = await self._send_update(update, returning=False)
                self._returning_supported = not reply.ok
        except UnknownOutcomeError as fault:
            self._health.update_failed(fault.code)
            return OutcomeUnknown(fault.code)
        except BackendError as fault:
            return self._update_not_answered(fault)
        return self._interpret_update(update, reply)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def _send_update(self, update: Update, *, returning: bool = True) -> Reply:
        debt_data: Any = update.debt_data
        if update.read.marks.as_text:
            debt_data = write_json(update.debt_data)
        fields = {"totalDebt": self._money.to_wire(update.total), "debtData": debt_data}
        body: dict[str, Any] = {"fields": fields}
        if update.condition is not UpdateCondition.NONE:
            body["conditions"] = {"operator": "and", "filters": self._conditions(update)}
        if returning and self._returning_supported:
            body["returning"] = self.select.fields
        path = f"{self.select.path}/update/{update.read.customer.id}"
        return await self._transport.send("POST", path, write_json(body), read=False)

    def _conditions(self, update: Update) -> list[Filter]:
        read, never = update.read, update.condition is UpdateCondition.NEVER
        if read.version is not None:
            return [where("version", "=", _NEVER if never else read.version)]
        stamp = _LONG_AGO if never else read.updated_at
        return [
            where("updatedAt", "=", stamp),
            where("totalDebt", "=", self._money.to_wire(read.total)),
        ]

    def _interpret_update(self, update: Update, reply: Reply) -> UpdateAnswer:
        """Return what a reply means; all but 2xx, 401, 403 and a final refusal are unknown."""
        if reply.status in DENIED:
            return self._update_not_answered(UnauthorisedError(status=reply.status))
        if not (reply.ok or reply.status == CLASH or is_final(reply)):
            self._health.update_failed(UnknownOutcomeError.code)
            return OutcomeUnknown(f"HTTP {reply.status}", reply.retry_after_s)
        self._health.update_answered()
        if reply.ok:
            return self._interpret_success(update, reply)
        if reply.status == CLASH:
            return OutcomeUnknown(
                "HTTP 409", version_conflict=True, current_row=self._current_row(reply)
            )
        return Rejected(reply.status, error_code(reply))

    def _update_not_answered(self, fault: BackendError) -> NoAnswer:
        self._health.update_failed(fault.code)
        return _to_no_answer(fault)

    def _interpret_success(self, update: Update, reply: Reply) -> UpdateAnswer:
        """Return what a 2xx means: applied, with the row if it is shown; unknown if not clear."""
        if reply.body is NOT_JSON or reports_failure(reply.body):
            return OutcomeUnknown("a success code without a clear answer")
        try:
            rows = [
                row for row in parse_rows(reply.body) if parse_id(row) == update.read.customer.id
            ]
            return Applied(parse_snapshot(rows[0], self._money) if rows else None)
        except MalformedError:
            return Applied(None)  # a success that does not show the row: settlement reads it

    def parse_readable(self, rows: Iterable[dict[str, Any]]) -> Iterator[Snapshot]:
        """Yield the snapshots of the rows that can be parsed; the others are logged."""
        for row in rows:
            try:
                yield parse_snapshot(row, self._money)
            except MalformedError as fault:
                extra = {"customer": row.get("id"), "detail": fault.fields["detail"]}
                log.warning("customer.unreadable", extra=extra)

    def _current_row(self, reply: Reply) -> Snapshot | None:
        """Return the row as it is now, which a 409 may show; None where it does not."""
        row = reply.body.get("row") if isinstance(reply.body, dict) else None
        try:
            return parse_snapshot(row, self._money) if isinstance(row, dict) else None
        except MalformedError:
            return None


def _let_go(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield rows and keep none of them: to free a page at once would keep a tap waiting."""
    rows.reverse()
    while rows:
        yield rows.pop()


def _to_no_answer(fault: BackendError) -> NoAnswer:
    retry_after_s = fault.fields.get("retry_after_s")
    after_s = retry_after_s if isinstance(retry_after_s, float) else None
    return NoAnswer(fault.code, after_s, access_denied=isinstance(fault, UnauthorisedError))
