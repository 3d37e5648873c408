"""The list of recent sales, and how far each has come on its way to the backend."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from taptill.checkout.view import RecentSaleView, SaleState
from taptill.domain.decision import Declined
from taptill.domain.entry import Entry, EntryKind, Position
from taptill.domain.money import ZERO, Money
from taptill.domain.sales.remainder import Remainder, remainder
from taptill.domain.sales.repaying import Direction, direction_of, repayment_id, takes_back

ROWS_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentSale:
    """One row of the list: a charge, a repayment, or a decline at the till.

    `time` is local HH:MM. `amount` is what was charged, or the cash of a repayment; `left` what is
    left of a charge after its voids. `seq` is the entry that must reach the backend: the charge, or
    its last void; 0 for a decline, which has no `charge_id`, no `customer_id` and no `left` either.
    `sold_at_s` is monotonic, None where the sale was made before this boot. `repaid` says which way
    the cash of a repayment went, `is_taken_back` that it was taken back; None for anything else.
    """

    time: str
    amount: Money
    initials: str
    charge_id: str = ""
    customer_id: int = 0
    seq: int = 0
    sold_at_s: float | None = None
    decline: Declined | None = None
    left: Remainder | None = None
    repaid: Direction | None = None
    is_taken_back: bool = False

    @property
    def is_voided(self) -> bool:
        """Return whether nothing is left of the charge or repayment."""
        return self.is_taken_back or (self.left is not None and self.left.amount <= ZERO)

    @property
    def amount_left(self) -> Money:
        """Return what is left of the charge."""
        return self.left.amount if self.left else self.amount


class RecentSales:
    """The last ROWS_MAX sales and declines, newest first."""

    def __init__(self) -> None:
        self._rows: deque[RecentSale] = deque(maxlen=ROWS_MAX)
        self._last: RecentSale | None = None

    def add(self, sale: RecentSale) -> None:
        """Put a sale or a decline on top."""
        self._rows.appendleft(sale)
        if sale.seq:
            self._last = sale

    def void(self, void: Entry) -> None:
        """Take a void, of a whole sale or of a part, and follow that entry from now on."""
        for index, row in enumerate(self._rows):
            if row.left and row.charge_id == void.charge_id:
                self._rows[index] = replace(row, left=row.left.after(void), seq=void.seq)
        last = self._last
        if last and last.left and last.charge_id == void.charge_id:
            last = replace(last, left=last.left.after(void), seq=void.seq)
            self._last = None if last.is_voided else last

    def take_back(self, taking_back: Entry) -> None:
        """Take the entry that takes a repayment back, and follow that one from now on."""
        taken_id = repayment_id(taking_back)
        for index, row in enumerate(self._rows):
            if row.repaid and row.charge_id == taken_id:
                self._rows[index] = replace(row, is_taken_back=True, seq=taking_back.seq)
        if self._last and self._last.repaid and self._last.charge_id == taken_id:
            self._last = None

    def last_sale(self) -> RecentSale | None:
        """Return the newest charge or repayment if anything of it is left.

        Declines may have displaced its row.
        """
        return self._last

    @property
    def ends_with_sale(self) -> bool:
        """Return whether the newest row is a charge or repayment of which something is left."""
        last = self.last_sale()
        return bool(self._rows) and last is not None and self._rows[0].seq == last.seq

    def restore(self, entries: Iterable[Entry], boot_id: str, uptime_ms: int, now_s: float) -> None:
        """Fill the list from journal entries after a start, oldest entry first.

        A monotonic time means something within one boot only, so that sales of an earlier boot have
        none.
        """
        for entry in entries:
            if entry.kind is EntryKind.VOID:
                self.void(entry)
            elif takes_back(entry):
                self.take_back(entry)
            elif entry.kind in {EntryKind.CHARGE, EntryKind.REPAYMENT}:
                is_same_boot = entry.boot_id == boot_id
                ago_s = (uptime_ms - entry.uptime_ms) / 1000
                self.add(recent_sale_of(entry, now_s - ago_s if is_same_boot else None))

    def views(
        self, positions: dict[int, Position | None], voidable_id: str
    ) -> tuple[RecentSaleView, ...]:
        """Return the rows with the state that the journal's positions give them.

        `positions` has one per customer of `customers`. `voidable_id` is the charge that the
        cashier may void now, empty where there is none.
        """
        return tuple(_view(row, positions.get(row.customer_id), voidable_id) for row in self._rows)

    def customers(self) -> set[int]:
        """Return the ids of the customers whose positions `views` needs."""
        return {row.customer_id for row in self._rows if row.seq}


def recent_sale_of(entry: Entry, sold_at_s: float | None) -> RecentSale:
    """Return the row for the entry of a charge or a repayment."""
    is_charge = entry.kind is EntryKind.CHARGE
    amount = Money(entry.amount_minor or 0)
    return RecentSale(
        time=local_time(entry.at),
        amount=amount if is_charge else abs(amount),
        initials=str(entry.body.get("initials", "")),
        charge_id=entry.charge_id or "",
        customer_id=entry.customer_id or 0,
        seq=entry.seq,
        sold_at_s=sold_at_s,
        left=remainder(entry) if is_charge else None,
        repaid=None if is_charge else direction_of(entry),
    )


def local_time(at: str, form: str = "%H:%M") -> str:
    """Return an entry's UTC time as local time in a form of `strftime`, HH:MM for example."""
    return datetime.fromisoformat(at).astimezone().strftime(form)


def _view(row: RecentSale, position: Position | None, voidable_id: str) -> RecentSaleView:
    if row.decline:
        state = SaleState.REFUSED
    elif position and position.arrived_seq >= row.seq:
        state = SaleState.SENT
    elif position and position.conflict:
        state = SaleState.CONFLICT
    else:
        state = SaleState.KEPT
    return RecentSaleView(
        charge_id=row.charge_id,
        time=row.time,
        amount=row.amount if row.is_voided else row.amount_left,
        initials=row.initials,
        state=state,
        reason=row.decline.reason if row.decline else None,
        missing=row.decline.missing if row.decline else None,
        is_voided=row.is_voided,
        repaid=row.repaid,
        can_void=bool(row.charge_id) and row.charge_id == voidable_id,
    )
