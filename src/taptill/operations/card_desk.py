"""The cards of customers at a running till: who has one, and what a supervisor changes.

The order of a change is such that no end of the program and no loss of power leaves an old card
able to buy here: the entry `card-attempt` is on the disk; the till's own copy of the customer is,
without the old card or blocked; then the request is sent; then the answer is stored, and the entry
`card-outcome` says what came of it. What was certainly not done is put back.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from taptill.backend.rows import StaffCustomer
from taptill.backend.staff.changes import SearchResult
from taptill.backend.staff.client import StaffClient
from taptill.domain.card_id import CardId
from taptill.domain.cards.change import (
    CardAct,
    CardChange,
    CardRefusal,
    FreeCard,
    attempt_draft,
    outcome_draft,
)
from taptill.domain.customer import Customer, Snapshot
from taptill.domain.errors import (
    BackendError,
    ClashError,
    ConfigError,
    CurrencyError,
    MalformedError,
    RefusedError,
    TaptillError,
    UnauthorisedError,
    UnknownOutcomeError,
    UsageError,
)
from taptill.readers.spelling import check_tapped_uid
from taptill.wiring.cards.parts import CardParts

CARDS_COMPARED = 200
"""Number of customers, the first by id, whose cards show how the office spells card ids."""

_TAKEN = "card-taken"
"""What the embedded service calls a card that another customer has."""


@dataclass(frozen=True, slots=True)
class CardDesk:
    """Reads and changes customers with the office's token, and keeps who did it."""

    parts: CardParts

    async def customer(self, customer_id: int) -> Customer | CardRefusal:
        """Return a customer as the backend has them now."""
        try:
            async with self._client() as client:
                return await self._read(client, customer_id)
        except (BackendError, UsageError, ConfigError) as fault:
            return _refusal(fault)

    async def owner(self, card_id: CardId) -> Customer | FreeCard | CardRefusal:
        """Return who has this card, or that it can be bound."""
        try:
            async with self._client() as client:
                found = await client.by_card(card_id)
                if len(found.ids()) > 1:
                    return CardRefusal.SHARED
                if found.ids():
                    return await self._read(client, found.ids()[0])
                return await self._unbindable(client, card_id) or FreeCard(card_id)
        except (BackendError, UsageError, ConfigError) as fault:
            return _refusal(fault)

    async def change(self, change: CardChange) -> CardRefusal | None:
        """Carry out a change, and return why it was not done; None: it was. Errors: JournalError.

        Nothing is journaled of a change that was not even attempted.
        """
        try:
            async with self._client(change.staff) as client:
                row = await client.by_id(change.customer.id)
                if refusal := await self._before(client, change, row.customer):
                    return refusal
                return await self._attempt(client, change, row.snapshot)
        except (BackendError, UsageError, ConfigError) as fault:
            return _refusal(fault)

    async def _before(
        self, client: StaffClient, change: CardChange, customer: Customer
    ) -> CardRefusal | None:
        """Return why a change is not attempted for a customer as they are now."""
        if customer.is_default:
            return CardRefusal.SYSTEM
        if not change.is_shown_as(customer):
            return CardRefusal.CHANGED
        if not change.card_id:
            return None
        if (found := await client.by_card(change.card_id)).ids():
            return _taken(found)
        return await self._unbindable(client, change.card_id)

    async def _attempt(
        self, client: StaffClient, change: CardChange, row: Snapshot
    ) -> CardRefusal | None:
        await self.parts.append([attempt_draft(change)])
        meanwhile = replace(row, customer=_as_changed(row.customer, change.meanwhile))
        await self.parts.rows.keep(meanwhile, card_wins=True)
        refusal = await self._send(client, change)
        match refusal:
            case None:
                pass
            case CardRefusal.UNKNOWN:  # a row that was read before may have been stored since
                await self.parts.rows.keep(meanwhile, card_wins=True)
            case CardRefusal.CHANGED:  # somebody else did: what was read before counts no more
                with suppress(BackendError, UsageError):
                    await self._read(client, change.customer.id)
            case _:  # nothing was changed: what the card could buy, it can again
                await self.parts.rows.keep(row, card_wins=True)
        await self.parts.append([outcome_draft(change, refusal)])
        return refusal

    async def _send(self, client: StaffClient, change: CardChange) -> CardRefusal | None:
        """Send the update, and return why it was not done; None: the row shows it."""
        customer_id = change.customer.id

        def expected(row: StaffCustomer) -> bool:
            return change.is_shown_as(row.customer)

        try:
            if change.act in {CardAct.BIND, CardAct.REPLACE}:
                row = await client.bind_card(customer_id, change.card_id, expected)
            else:
                is_block = change.act is CardAct.BLOCK
                row = await client.block(customer_id, blocked=is_block, expected=expected)
        except UsageError:  # the customer was there just now, and nobody had the card
            return CardRefusal.CHANGED
        except BackendError as fault:
            return _refusal(fault)
        await self.parts.rows.keep(row.snapshot)
        await self.parts.seen(row.snapshot)
        return None

    async def _read(self, client: StaffClient, customer_id: int) -> Customer | CardRefusal:
        row = await client.by_id(customer_id)
        self.parts.rows.store([row.snapshot])
        await self.parts.seen(row.snapshot)
        return CardRefusal.SYSTEM if row.customer.is_default else row.customer

    async def _unbindable(self, client: StaffClient, card_id: CardId) -> CardRefusal | None:
        others = await client.some_cards(CARDS_COMPARED)
        return CardRefusal.RANDOM if check_tapped_uid(card_id, self.parts.rules, others) else None

    @asynccontextmanager
    async def _client(self, staff: str = "") -> AsyncIterator[StaffClient]:
        client = self.parts.connect(staff)
        try:
            yield client
        finally:
            await client.close()


def _as_changed(customer: Customer, changed: Customer) -> Customer:
    """Return a customer as just read, with card and block as they are changed to."""
    return replace(customer, card_id=changed.card_id, blocked=changed.blocked)


def _taken(found: SearchResult) -> CardRefusal:
    return CardRefusal.SHARED if len(found.ids()) > 1 else CardRefusal.TAKEN


def _refusal(fault: TaptillError) -> CardRefusal:
    """Return what an error means for whoever stands at the till."""
    match fault:
        case ConfigError():
            return CardRefusal.NO_TOKEN
        case UnauthorisedError():
            return CardRefusal.DENIED
        case UnknownOutcomeError():
            return CardRefusal.UNKNOWN
        case ClashError():
            return CardRefusal.CHANGED
        case RefusedError():
            is_taken = fault.fields["detail"] == _TAKEN
            return CardRefusal.TAKEN if is_taken else CardRefusal.REFUSED
        case UsageError():
            return CardRefusal.GONE
        case MalformedError() | CurrencyError():
            return CardRefusal.REFUSED
        case _:
            return CardRefusal.NO_ANSWER
