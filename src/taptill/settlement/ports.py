"""What settlement needs from the journal and the backend, named for the need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from taptill.domain.entry import Draft, Entry
from taptill.settlement.requests import (
    JournalAnswer,
    NoAnswer,
    RowAnswer,
    Update,
    UpdateAnswer,
)


class SettlementJournal(Protocol):
    """The journal as settlement needs it; one call, one committed state."""

    def look(self, customer_id: int, mark_seq: int | None) -> JournalAnswer | None:
        """Give position and footing together; None: nothing here concerns the customer."""

    def open_customers(self, limit: int) -> list[int]:
        """Give customers with money to be sent, oldest first, without the conflict desk's."""

    def halted(self) -> bool:
        """Tell whether settlement was halted and not resumed."""

    async def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Make entries durable."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the backend offers beyond the plain API."""

    conditional_update: bool = False
    version: bool = False


class Backend(Protocol):
    """The Customers API as settlement needs it; trouble comes back as a value."""

    async def capabilities(self) -> Capabilities | NoAnswer:
        """Give what the backend offers; without an answer nothing may be settled yet."""

    async def read_row(self, customer_id: int) -> RowAnswer:
        """Read one row whole, in one select."""

    async def read_rows(self, customer_ids: Sequence[int]) -> Mapping[int, RowAnswer] | NoAnswer:
        """Read many rows in one select; one that is not shown may be missing, or not."""

    async def update_row(self, update: Update) -> UpdateAnswer:
        """Send one update, once."""
