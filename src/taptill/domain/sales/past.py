"""Sales as the journal has them: what lists and the search of the history are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from taptill.domain.entry import ChargedLine, Entry, EntryKind
from taptill.domain.money import ZERO, Currency, Money
from taptill.domain.sales.remainder import Remainder, lines_of_void, remainder

WITHOUT_CARD = "without_card"
"""Key of an entry about a customer who was chosen by name, and tapped no card."""

SELF_SERVICE = "self_service"
"""Key of a charge that the customer has made alone."""

PAGE_ROWS = 50
"""Rows of a page, where nobody asks for another number."""


@dataclass(frozen=True, slots=True)
class PastSale:
    """A charge with its voids, oldest first; or a repayment, with the entry that takes it back.

    `written_off`: a repayment that was given up with all that its customer's row lacked then.
    """

    charge: Entry
    voids: tuple[Entry, ...] = ()
    written_off: bool = False

    @property
    def is_repayment(self) -> bool:
        """Return whether this is a repayment."""
        return self.charge.kind is EntryKind.REPAYMENT

    @property
    def is_taken_back(self) -> bool:
        """Return whether nothing is left that could be taken back."""
        return bool(self.voids) if self.is_repayment else self.left.amount <= ZERO

    @property
    def left(self) -> Remainder:
        """Return what is left of the charge."""
        return remainder(self.charge, self.voids)

    @property
    def initials(self) -> str:
        """Return the customer's initials."""
        return _text(self.charge, "initials")


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A charge, void, repayment or decline, with what the search of the history looks at.

    `charge` is the charge or repayment itself, or what a void takes back; None for a decline, and
    where the journal does not have it, a closed year's for example.
    """

    entry: Entry
    charge: Entry | None

    @property
    def amount(self) -> Money:
        """Return what was charged, taken back or paid in (below zero), or declined."""
        minor = self.entry.amount_minor
        if self.entry.kind is EntryKind.DECLINED:
            minor = self.entry.body.get("amount")
        return Money(minor if isinstance(minor, int) else 0)

    @property
    def currency(self) -> Currency | None:
        """Return the currency of the sale; None for a decline, which has the till's."""
        return Currency.named(_text(self.charge, "currency")) if self.charge else None

    @property
    def initials(self) -> str:
        """Return the customer's initials; empty for a decline."""
        return _text(self.charge, "initials")

    @property
    def external_id(self) -> str:
        """Return the office's own key of the customer; empty where there is none."""
        return _text(self.charge, "external_id")

    @property
    def lines(self) -> Sequence[ChargedLine]:
        """Return what was sold or taken back."""
        charged = self.charge.lines if self.charge else ()
        is_void = self.entry.kind is EntryKind.VOID
        return lines_of_void(self.entry, charged) if is_void else charged

    @property
    def is_without_card(self) -> bool:
        """Return whether the customer was chosen by name, and tapped no card."""
        return bool(self.charge and self.charge.body.get(WITHOUT_CARD))

    @property
    def reason(self) -> str:
        """Return why a sale was taken back or declined; empty for a charge."""
        return _text(self.entry, "reason")


@dataclass(frozen=True, slots=True)
class SalesPage:
    """Sales, newest first. `next_seq`: there may be older ones before this entry; None: no."""

    sales: tuple[PastSale, ...]
    next_seq: int | None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Rows, newest first. `next_seq`: there may be older ones before this entry; None: no.

    A page may have few rows or none although older ones follow: one step of a search looks at a
    bounded number of entries. `looked_at` is that number, for a count of the progress.
    """

    rows: tuple[HistoryRow, ...]
    next_seq: int | None
    looked_at: int


def _text(entry: Entry | None, key: str) -> str:
    value: Any = entry.body.get(key) if entry else None
    return value if isinstance(value, str) else ""
