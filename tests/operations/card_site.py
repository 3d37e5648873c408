"""A till that may change cards, beside a real service, through a network that may lie."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
from tests.cli.office import CommandSite
from tests.fakes.proxy import LyingNetwork, lying_network
from tests.fakes.service import RunningService

from taptill.clock import SystemClock
from taptill.config import Config, load
from taptill.customer_cache.cache import CustomerCache
from taptill.domain.card_id import CardId
from taptill.domain.cards.change import CardAct, CardChange, CardRefusal
from taptill.domain.customer import Customer, Snapshot
from taptill.domain.decision import LookupResult
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.journal.file import entries
from taptill.journal.journal import Journal
from taptill.operations.card_desk import CardDesk
from taptill.wiring.cards.parts import card_parts
from taptill.wiring.opening import identity, journal_of

T = TypeVar("T")
KINDS = (EntryKind.CARD_ATTEMPT, EntryKind.CARD_OUTCOME)


@dataclass
class OpenDesk:
    """A desk with its journal and its copy of the customers; `seen` are the rows it has read."""

    desk: CardDesk
    journal: Journal
    cache: CustomerCache
    seen: list[Snapshot] = field(default_factory=list)

    async def customer(self, customer_id: int) -> Customer:
        """Return a customer who must be there."""
        customer = await self.desk.customer(customer_id)
        assert isinstance(customer, Customer), customer
        return customer

    async def change(self, act: CardAct, customer_id: int, card: str = "") -> CardRefusal | None:
        """Read a customer and change them, as a supervisor does."""
        customer = await self.customer(customer_id)
        change = CardChange(act=act, customer=customer, card_id=CardId(card), staff="Kim")
        return await self.desk.change(change)

    async def finds(self, card: str) -> LookupResult:
        """Return whom this till finds for a card without asking anybody."""
        return await self.cache.find(CardId(card))

    def kept(self) -> list[Entry]:
        """Return the entries about cards, oldest first."""
        found = entries(self.journal.queries.connection, "1")
        return [entry for entry in found if entry.kind in KINDS]


class CardSite(CommandSite):
    """A till's folder; its requests go through `network`."""

    def __init__(self, folder: Path, service: RunningService, network: LyingNetwork) -> None:
        super().__init__(folder, service)
        self.network = network
        self.office_token = folder / "office-token"
        self.office_token.write_text(service.cards_token)
        self.office_token.chmod(0o600)
        text = self.config.read_text().replace(service.url, network.url)
        text = text.replace(
            "\n[[reader]]", f'\noffice_token_file = "{self.office_token}"\n[[reader]]'
        )
        self.config.write_text(text)

    def set_read_timeout(self, seconds: float) -> None:
        """Let the till wait for an answer for so long."""
        text = self.config.read_text()
        line = f"\nread_timeout_s = {seconds}\n[[reader]]"
        self.config.write_text(text.replace("\n[[reader]]", line))

    def loaded(self) -> Config:
        """Return the config."""
        return load(self.config)

    def at_desk(self, work: Callable[[OpenDesk], Awaitable[T]]) -> T:
        """Do something at the desk of a till, and return what came of it."""
        config, clock = self.loaded(), SystemClock()
        journal = journal_of(config, self.state, clock)
        journal.open(identity(config))
        cache = CustomerCache(self.state / "cache.db", clock, frozenset({"name", "company"}))

        async def connected() -> T:
            seen: list[Snapshot] = []

            async def note(snapshot: Snapshot) -> None:
                seen.append(snapshot)

            desk = CardDesk(card_parts(config, journal.append, cache, note))
            return await work(OpenDesk(desk, journal, cache, seen))

        with closing(journal), closing(cache):
            return asyncio.run(connected())

    def append(self, *drafts: Draft) -> None:
        """Keep entries in the journal."""

        async def keep(open_desk: OpenDesk) -> None:
            await open_desk.journal.append(list(drafts))

        self.at_desk(keep)

    def insert(self, **fields: Any) -> int:
        """Insert a customer as the office does, and return the id."""
        answer = self._post("insert", {"fields": [fields], "returning": {"id": True}})
        assert answer.status_code == 201, answer.text
        (row,) = answer.json()
        return int(row["id"])

    def now(self, customer: int) -> dict[str, Any]:
        """Return card, block and money of a customer."""
        conditions = {"filters": [{"field": "id", "comparator": "=", "value": customer}]}
        fields = dict.fromkeys(("cardId", "isBlocked", "totalDebt"), True)
        answer: httpx.Response = self._post("select", {"fields": fields, "conditions": conditions})
        (row,) = answer.json()
        assert isinstance(row, dict)
        return row

    def audited(self, customer: int) -> list[tuple[str, list[str]]]:
        """Return who changed which fields of a customer, oldest first."""
        fields = {**dict.fromkeys(("staff", "after"), True), "customer": {"id": True}}
        condition = {"field": "customer.id", "comparator": "=", "value": customer}
        body = {
            "fields": fields,
            "conditions": {"filters": [condition]},
            "orderBy": [{"field": "id", "order": "asc"}],
        }
        headers = {"Authorization": f"Bearer {self.service.office_token}"}
        url = f"{self.service.url}/core/data/CustomerChanges/select"
        answer = httpx.post(url, json=body, headers=headers, trust_env=False)
        rows = [row for row in answer.json() if row["staff"]]
        return [(row["staff"], sorted(row["after"])) for row in rows]


@contextmanager
def card_site(folder: Path, service: RunningService) -> Iterator[CardSite]:
    """Run a network before the service, with a till's folder beside it."""
    with lying_network(service.url) as network:
        yield CardSite(folder, service, network)
