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
    """The journal as settlement needs it; each call sees one committed state."""

    def query(self, customer_id: int, mark_seq: int | None) -> JournalAnswer | None:
        """Return position and entry at the mark together; None: the customer is not known here."""

    def open_customers(self, limit: int) -> list[int]:
        """Return customers with money to be sent, oldest first, without open cases."""

    def halted(self) -> bool:
        """Return whether settlement was halted and not resumed."""

    async def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Make entries durable."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the backend offers beyond the plain API."""

    conditional_update: bool = False
    version: bool = False


class Backend(Protocol):
    """The Customers API as settlement needs it; failures are returned as values."""

    async def capabilities(self) -> Capabilities | NoAnswer:
        """Return what the backend offers; without an answer nothing is settled."""

    async def read_row(self, customer_id: int) -> RowAnswer:
        """Read one row in one select."""

    async def read_rows(self, customer_ids: Sequence[int]) -> Mapping[int, RowAnswer] | NoAnswer:
        """Read many rows in one select; a row that is not in the answer may exist all the same."""

    async def update_row(self, update: Update) -> UpdateAnswer:
        """Send one update, once."""
