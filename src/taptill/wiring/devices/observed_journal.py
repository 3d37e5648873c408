"""The journal as the till needs it, and whoever listens to what was committed."""

from collections.abc import Callable, Sequence

from taptill.domain.decision import OfflineExposure
from taptill.domain.entry import Draft, Entry, Position
from taptill.journal.journal import Journal

Listener = Callable[[Sequence[Entry]], None]
"""Takes entries that have been committed; returns at once and raises nothing."""


class ObservedJournal:
    """Fits the till's `ChargeJournal`: after each COMMIT the listener hears of its entries."""

    def __init__(self, journal: Journal, listener: Listener) -> None:
        self._journal = journal
        self._listener = listener

    async def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Commit entries; raise JournalError if none of them is committed."""
        entries = await self._journal.append(drafts)
        self._listener(entries)
        return entries

    def position(self, customer_id: int) -> Position | None:
        """Return the customer's position in the journal; None without any entry."""
        return self._journal.position(customer_id)

    def offline_exposure(self, customer_id: int, above_seq: int) -> OfflineExposure:
        """Return the sums of offline charges that the newest snapshots do not contain."""
        return self._journal.offline_exposure(customer_id, above_seq)

    def closed_by(self) -> str:
        """Return why the journal cannot be written; empty while it can be."""
        return self._journal.closed_by()
