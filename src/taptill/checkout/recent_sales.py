"""Entries in, the last sales with how far each has come out."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from taptill.checkout.view import RecentSaleView, SaleState
from taptill.domain.decision import Declined
from taptill.domain.entry import Entry, EntryKind, Position
from taptill.domain.money import Money

ROWS_MAX = 10


@dataclass(frozen=True, slots=True)
class RecentSale:
    """A row of the strip; `seq` 0 for a refusal, `sold_at_s` monotonic, None: before this boot."""

    charge_id: str
    at: str
    amount: Money
    initials: str
    customer_id: int
    seq: int
    sold_at_s: float | None
    refused: Declined | None = None
    voided: bool = False


class RecentSales:
    """The last few sales, newest first; what was kept turns to sent in place."""

    def __init__(self) -> None:
        self._rows: deque[RecentSale] = deque(maxlen=ROWS_MAX)
        self._last: RecentSale | None = None

    def add(self, recent_sale: RecentSale) -> None:
        """Put a sale or a refusal on top."""
        self._rows.appendleft(recent_sale)
        if recent_sale.seq:
            self._last = recent_sale

    def void(self, charge_id: str, seq: int) -> None:
        """Mark a sale as voided by entry `seq`, which is sent or kept from now on."""
        if self._last and self._last.charge_id == charge_id:
            self._last = None
        for index, row in enumerate(self._rows):
            if row.charge_id == charge_id:
                self._rows[index] = replace(row, voided=True, seq=seq)

    def last_sale(self) -> RecentSale | None:
        """Give the newest charge, if it stands; refusals may have pushed it out of the rows."""
        return self._last

    @property
    def ends_with_sale(self) -> bool:
        """Whether the newest row is a sale that stands."""
        return bool(self._rows) and self._rows[0] is self.last_sale()

    def restore(self, entries: Iterable[Entry], boot_id: str, uptime_ms: int, now_s: float) -> None:
        """Fill from the journal after a start, oldest entry first."""
        for entry in entries:
            if entry.kind is EntryKind.VOID:
                self.void(entry.charge_id or "", entry.seq)
            elif entry.kind is EntryKind.CHARGE:
                same_boot = entry.boot_id == boot_id
                ago_s = (uptime_ms - entry.uptime_ms) / 1000
                self.add(recent_sale_of(entry, now_s - ago_s if same_boot else None))

    def views(
        self, positions: dict[int, Position | None], voidable: str
    ) -> tuple[RecentSaleView, ...]:
        """Give the rows as they stand against the journal's positions."""
        return tuple(_view(row, positions.get(row.customer_id), voidable) for row in self._rows)

    def customers(self) -> set[int]:
        """Give the ids whose positions `views` wants."""
        return {row.customer_id for row in self._rows if row.seq}


def recent_sale_of(entry: Entry, sold_at_s: float | None) -> RecentSale:
    """Read a charge's entry as a row of the strip."""
    return RecentSale(
        entry.charge_id or "",
        local_time(entry.at),
        Money(entry.amount_minor or 0),
        str(entry.body.get("initials", "")),
        entry.customer_id or 0,
        entry.seq,
        sold_at_s,
    )


def local_time(at: str) -> str:
    """Give an entry's UTC time as local HH:MM."""
    return datetime.fromisoformat(at).astimezone().strftime("%H:%M")


def _arrived_seq(position: Position) -> int:
    """Give the seq up to which a customer's entries are surely in the backend's books.

    What is on the desk begins beyond it, and so does what a journal has begun under a new id.
    """
    sure = position.certain_mark if position.conflict else position.row_mark
    return max(sure.seq if sure else 0, position.start_seq)


def _view(row: RecentSale, position: Position | None, voidable: str) -> RecentSaleView:
    if row.refused:
        state = SaleState.REFUSED
    elif position and _arrived_seq(position) >= row.seq:
        state = SaleState.SENT
    elif position and position.conflict:
        state = SaleState.CONFLICT
    else:
        state = SaleState.KEPT
    return RecentSaleView(
        row.charge_id,
        row.at,
        row.amount,
        row.initials,
        state,
        row.refused.reason if row.refused else None,
        row.refused.missing if row.refused else None,
        row.voided,
        can_void=bool(row.charge_id) and row.charge_id == voidable,
    )
