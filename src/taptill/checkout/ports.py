"""The ports of the till: what it needs from journal, look-up and settlement."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from taptill.checkout.view import StatusView
from taptill.domain.card_id import CardId
from taptill.domain.clock import Clock
from taptill.domain.decision import LookupResult, OfflineExposure
from taptill.domain.entry import Draft, Entry, Position


class Finder(Protocol):
    """Looks up whose card it is; neither method raises."""

    async def cached(self, card_id: CardId) -> LookupResult:
        """Return what the cache knows, at once."""

    async def live(self, card_id: CardId) -> LookupResult:
        """Return what the backend answers, however long that takes."""


class ChargeJournal(Protocol):
    """The journal as the till needs it."""

    async def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Commit entries; raise JournalError if none of them is committed."""

    def position(self, customer_id: int) -> Position | None:
        """Return the customer's position in the journal; None without any entry."""

    def offline_exposure(self, customer_id: int, above_seq: int) -> OfflineExposure:
        """Return the sums of offline charges that the newest snapshots do not contain."""

    def closed_by(self) -> str:
        """Return why the journal cannot be written; empty while it can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything that the till calls; `status` returns the facts that other rooms own."""

    finder: Finder
    journal: ChargeJournal
    clock: Clock
    new_id: Callable[[], str]
    status: Callable[[], StatusView]
    settle: Callable[[], None]
