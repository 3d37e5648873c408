"""Charges and voids in, their tallies by day, hour, good and customer out."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from taptill.domain.entry import ChargedLine, Entry, EntryKind
from taptill.domain.reports.report import (
    DayRow,
    GoodRow,
    HourRow,
    LineKind,
    Standing,
    Tally,
)
from taptill.domain.sales.remainder import lines_of_void

_LINE_KINDS = tuple(LineKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A charge or a void of the period; `charge` is the charge itself, or what a void takes back.

    None: the charge of a void is not known. `moment` is local.
    """

    entry: Entry
    charge: Entry | None
    moment: datetime
    standing: Standing

    @property
    def amount_minor(self) -> int:
        """What was charged or taken back, without the sign that a void has."""
        amount = self.entry.amount_minor or 0
        return amount if self.entry.kind is EntryKind.CHARGE else -amount

    @property
    def lines(self) -> Sequence[ChargedLine]:
        """The lines that were charged or taken back; a void without lines takes back all."""
        charged = self.charge.lines if self.charge else ()
        return lines_of_void(self.entry, charged) if self.is_void else charged

    @property
    def is_void(self) -> bool:
        """Whether this takes a charge back."""
        return self.entry.kind is EntryKind.VOID

    def tally(self, pieces: int, amount_minor: int) -> Tally:
        """Return the tally of the movement, or of so many pieces of it."""
        make = Tally.of_void if self.is_void else Tally.of_sale
        return make(pieces, amount_minor, self.standing)


class SalesTables:
    """The tallies so far. Each movement is in each table once, so all tables have one sum."""

    def __init__(self) -> None:
        self.total = Tally()
        self._days: defaultdict[date, Tally] = defaultdict(Tally)
        self._hours: defaultdict[int, Tally] = defaultdict(Tally)
        self._goods: defaultdict[tuple[LineKind, str], Tally] = defaultdict(Tally)
        self.customers: defaultdict[int, Tally] = defaultdict(Tally)

    def add(self, movement: Movement) -> None:
        """Add a charge or a void."""
        tally = movement.tally(1, movement.amount_minor)
        self.total += tally
        self._days[movement.moment.date()] += tally
        self._hours[movement.moment.hour] += tally
        self.customers[movement.entry.customer_id or 0] += tally
        rest = movement.amount_minor
        for name, price, quantity in movement.lines:
            kind = LineKind.GOOD if name else LineKind.TYPED
            self._goods[kind, name] += movement.tally(quantity, price * quantity)
            rest -= price * quantity
        if rest:
            self._goods[LineKind.UNNAMED, ""] += movement.tally(1, rest)

    def days(self) -> tuple[DayRow, ...]:
        """Return the days with a charge or a void, in order."""
        return tuple(DayRow(*row) for row in sorted(self._days.items(), key=_first))

    def hours(self) -> tuple[HourRow, ...]:
        """Return the hours with a charge or a void, in order."""
        return tuple(HourRow(*row) for row in sorted(self._hours.items(), key=_first))

    def goods(self) -> tuple[GoodRow, ...]:
        """Return the goods, most net first, then typed amounts, then what names no goods."""

        def order(row: GoodRow) -> tuple[int, int, str]:
            return _LINE_KINDS.index(row.kind), -row.tally.net_minor, row.name

        rows = (GoodRow(kind, name, tally) for (kind, name), tally in self._goods.items())
        return tuple(sorted(rows, key=order))


def _first(row: tuple[Any, Tally]) -> Any:
    return row[0]
