"""Select requests with retries within a deadline, without the fields that a server lacks."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol

from taptill.backend.capabilities import ServiceCapabilities
from taptill.backend.rows import MoneyFormat, parse_rows
from taptill.backend.status import is_transient, raise_for_status, successful_body, unknown_field
from taptill.backend.transport import Reply, Transport
from taptill.domain.errors import BackendError, CurrencyError, UnreachableError
from taptill.domain.money import Currency
from taptill.domain.technical.backoff import Backoff
from taptill.domain.technical.exact_json import write_json
from taptill.settlement.ports import Capabilities

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
"""All fields that taptill asks for."""

NEEDED = frozenset({"id", "cardId", "isBlocked", "totalDebt", "debtData"})
"""Without these no customer can be found, judged or charged: they are always asked for."""

PATIENCE_S = 2.0
"""A read that met a transient error is repeated for so long; later retries are the callers'."""

TAP_PATIENCE_S = 0.4
"""The same while somebody waits at the till."""

PAUSE_S = 0.1
"""The delay before the second attempt, half as much more or less; it doubles each time."""

BACKOFF = Backoff.doubling(PAUSE_S, 60.0, factor_min=0.5, factor_span=1.0)
"""Its bound is beyond any patience, so that the patience alone ends a read."""

USUAL_DIGITS = 2
"""The number of decimals of most currencies."""

Filter = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How this backend speaks: the path's prefix, its money, and which fields are asked for.

    Without `fields` all fields are asked for; those in NEEDED always are.
    """

    prefix: str
    money: MoneyFormat
    company_id: int | None = None
    fields: frozenset[str] = frozenset()
    currency: Currency | None = None
    """The till's currency, which the service must be able to keep."""
    ask_first: bool = False
    """Whether it is checked before any other request, even if it has the usual two decimals."""


class HealthRecorder(Protocol):
    """Records the result of every call, so that *online* is measured and not guessed."""

    def lookup_succeeded(self, latency_s: float) -> None:
        """Record a look-up that succeeded."""

    def lookup_failed(self, code: str) -> None:
        """Record the code of a look-up's error."""

    def update_answered(self) -> None:
        """Record that an update was answered."""

    def update_failed(self, code: str) -> None:
        """Record the code of an update's error."""


class Select:
    """All reads of one token; remembers which fields the server lacks and whether it shows rows."""

    def __init__(
        self,
        transport: Transport,
        dialect: Dialect,
        health: HealthRecorder,
        more_fields: Mapping[str, Any] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.money = dialect.money
        prefix = dialect.prefix.rstrip("/")
        self.path = f"{prefix}/Customers"
        self.capabilities_path = f"{prefix.rpartition('/')[0]}/capabilities"
        self.fields = _field_tree(dialect.fields) | dict(more_fields or {})
        self.missing_fields: list[str] = []
        """Fields that the server says it does not have."""
        self.sees_nothing = False
        """Whether this token was answered without a single customer, and never with one."""
        self._transport = transport
        self._health = health
        self._chance = chance
        company = dialect.company_id
        self._company = [where("company.id", "=", company)] if company is not None else []
        self._has_seen_rows = False
        self._currency = dialect.currency
        self.service = ServiceCapabilities()
        """What the service offers, once it has answered."""
        # Most services keep two decimals; for any other number we ask before the first customer.
        usual = self._currency is not None and self._currency.digits == USUAL_DIGITS
        self._currency_fits_unasked = self._currency is None or (usual and not dialect.ask_first)
        self._currency_fits = self._currency_fits_unasked
        self._capabilities: Capabilities | None = None
        self.currency_error: CurrencyError | None = None
        """Why the service cannot keep the till's currency, if it said so."""

    async def rows(
        self,
        filters: Sequence[Filter],
        limit: int,
        *,
        offset: int = 0,
        patience_s: float = PATIENCE_S,
    ) -> list[dict[str, Any]]:
        """Return rows in order of id; raises BackendError or a subclass. The result is recorded.

        Where the currency must be checked first, that counts towards the same patience.
        """
        ends_s = time.monotonic() + patience_s
        try:
            if not self._currency_fits:
                await self.capabilities(patience_s)
            left_s = max(0.0, ends_s - time.monotonic())
            reply = await self._select_known_fields(filters, limit, offset, left_s)
            rows = parse_rows(successful_body(reply))
        except BackendError as fault:
            self._health.lookup_failed(fault.code)
            if isinstance(fault, UnreachableError):
                self._forget_capabilities()
            raise
        self._health.lookup_succeeded(reply.latency_s)
        self._has_seen_rows = self._has_seen_rows or bool(rows)
        self.sees_nothing = self.sees_nothing and not rows
        return rows

    async def sees_rows(self, *, anew: bool = False) -> bool:
        """Return whether this token sees any customer at all; asked once, then remembered."""
        self._has_seen_rows = self._has_seen_rows and not anew
        if not self._has_seen_rows:
            await self.rows([], 1)
        self.sees_nothing = not self._has_seen_rows
        return self._has_seen_rows

    async def is_blind(self) -> bool:
        """Return whether an empty answer proves nothing: this token may see no customer at all.

        The plain API gives a token without rights empty pages. A service that says what money it
        keeps refuses such a token, so that its empty answer means that nobody is there yet.
        """
        if await self.sees_rows():
            return False
        await self.capabilities()
        return self.service.digits is None

    async def ask(
        self, method: str, path: str, body: str | None, patience_s: float = PATIENCE_S
    ) -> Reply:
        """Send a read, and repeat it after transient errors while patience lasts; not recorded."""
        ends_s, attempt = time.monotonic() + patience_s, 0
        reply = await self._send_read(method, path, body, None)
        while isinstance(reply, UnreachableError) or is_transient(reply):
            after_s = _retry_after(reply)
            wait_s = BACKOFF.delay_s(attempt, self._chance()) if after_s is None else after_s
            if time.monotonic() + wait_s >= ends_s:
                break
            await asyncio.sleep(wait_s)
            left_s, attempt = ends_s - time.monotonic(), attempt + 1
            try:
                reply = await self._send_read(method, path, body, left_s)
            except TimeoutError:
                break
        if isinstance(reply, UnreachableError):
            raise reply
        return reply

    async def capabilities(
        self, patience_s: float = PATIENCE_S, *, anew: bool = False
    ) -> Capabilities:
        """Return what the service offers; from now on ask for each row's version where it has one.

        It is asked once, again if `anew`, and again after a time without an answer, as another
        service may have come. One that does not know the question offers nothing. Raises
        BackendError, and CurrencyError where the service cannot keep the till's money.
        """
        if self._capabilities is not None and not anew:
            return self._capabilities
        reply = await self.ask("GET", self.capabilities_path, None, patience_s)
        if not reply.ok:
            raise_for_status(reply)
        self.service = ServiceCapabilities.from_body(reply.body if reply.ok else None)
        self._require_currency()
        self.fields.pop("version", None)
        if self.service.version:
            self.fields["version"] = True
        self._capabilities = Capabilities(self.service.conditional_update, self.service.version)
        return self._capabilities

    def _forget_capabilities(self) -> None:
        self._capabilities = None
        self._currency_fits = self._currency_fits_unasked and self.currency_error is None

    def _require_currency(self) -> None:
        try:
            if self._currency is not None:
                self.service.require_currency(self._currency)
        except CurrencyError as fault:
            self._currency_fits, self.currency_error = False, fault
            raise
        self._currency_fits, self.currency_error = True, None

    async def _send_read(
        self, method: str, path: str, body: str | None, left_s: float | None
    ) -> Reply | UnreachableError:
        """Send once; a transient error is returned. Raises other BackendErrors and TimeoutError."""
        try:
            async with asyncio.timeout(left_s):
                return await self._transport.send(method, path, body, read=True)
        except UnreachableError as fault:
            if not fault.fields.get("passing"):
                raise
            return fault

    async def _select_known_fields(
        self, filters: Sequence[Filter], limit: int, offset: int, patience_s: float
    ) -> Reply:
        """Send a select without the fields that the server turns out not to have."""
        while True:
            body: dict[str, Any] = {
                "fields": self.fields,
                "orderBy": [{"field": "id", "order": "asc"}],
                "limit": limit,
            }
            if filters or self._company:
                body["conditions"] = {"operator": "and", "filters": [*filters, *self._company]}
            if offset:
                body["offset"] = offset
            path = f"{self.path}/select"
            reply = await self.ask("POST", path, write_json(body), patience_s)
            unknown = unknown_field(reply)
            if unknown is None or not self._drop_field(unknown):
                return reply

    def _drop_field(self, name: str) -> bool:
        """Stop asking for a field; return False where it is needed, or was not asked for."""
        tree, _, last = name.rpartition(".")
        inner = self.fields.get(tree or "company")
        if not tree and last in self.fields:
            if last in NEEDED:
                return False
            del self.fields[last]
        elif isinstance(inner, dict) and last in inner and len(inner) > 1:
            del inner[last]
        else:
            return False
        self.missing_fields.append(name)
        log.warning("field.not_there", extra={"field": name})
        return True


def where(field: str, comparator: str, value: Any) -> Filter:
    """Return one filter of a request's conditions."""
    return {"field": field, "comparator": comparator, "value": value}


def _field_tree(names: frozenset[str]) -> dict[str, Any]:
    all_names = names | NEEDED if names else frozenset(FIELDS)
    return {name: deepcopy(tree) for name, tree in FIELDS.items() if name in all_names}


def _retry_after(answer: Reply | UnreachableError) -> float | None:
    return answer.retry_after_s if isinstance(answer, Reply) else None
