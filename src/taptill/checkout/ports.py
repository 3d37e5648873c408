"""What the till needs from the other rooms, named for the need."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from taptill.checkout.view import StatusView
from taptill.domain.card_id import CardId
from taptill.domain.clock import Clock
from taptill.domain.decision import LookupResult, OfflineExposure
from taptill.domain.entry import Draft, Entry, Position


class Finder(Protocol):
    """Finds who has a card; both never raise."""

    async def cached(self, card_id: CardId) -> LookupResult:
        """Answer at once from the cache."""

    async def live(self, card_id: CardId) -> LookupResult:
        """Ask the backend, as long as that takes."""


class ChargeJournal(Protocol):
    """The journal as the till needs it."""

    async def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Make entries durable; JournalError means that none of them is."""

    def position(self, customer_id: int) -> Position | None:
        """Tell where the journal stands with a customer."""

    def offline_exposure(self, customer_id: int, above_seq: int) -> OfflineExposure:
        """Sum the offline charges that the newest snapshots do not hold."""

    def closed_by(self) -> str:
        """Name what keeps the journal from being written; empty while it can be."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All that the till calls; `status` draws the facts that other rooms own."""

    finder: Finder
    books: ChargeJournal
    clock: Clock
    new_id: Callable[[], str]
    status: Callable[[], StatusView]
    settle: Callable[[], None]
