"""Charges and voids in, their tallies by day, hour, good, tax code, staff and customer out."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from taptill.domain.entry import Entry, EntryKind
from taptill.domain.reports.report import (
    DayRow,
    GoodRow,
    HourRow,
    LineKind,
    StaffRow,
    Standing,
    Tally,
    TaxRow,
)
from taptill.domain.reports.voided import TaxedLine

_LINE_KINDS = tuple(LineKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A charge or a void of the report; `lines` are those that it charges or takes back.

    `day` is its business day, `hour` that of its own time on the wall.
    """

    entry: Entry
    lines: Sequence[TaxedLine]
    day: date
    hour: int
    standing: Standing

    @property
    def amount_minor(self) -> int:
        """What was charged or taken back, without the sign that a void has."""
        amount = self.entry.amount_minor or 0
        return amount if self.entry.kind is EntryKind.CHARGE else -amount

    @property
    def is_void(self) -> bool:
        """Whether this takes a charge back."""
        return self.entry.kind is EntryKind.VOID

    def tally(self, pieces: int, amount_minor: int) -> Tally:
        """Return the tally of the movement, or of so many pieces of it."""
        make = Tally.of_void if self.is_void else Tally.of_sale
        return make(pieces, amount_minor, self.standing)


class SalesTables:
    """The tallies so far. Each movement is in each table once, so all tables have one sum.

    `first_hour` is the hour of the wall clock in which a business day begins.
    """

    def __init__(self, first_hour: int) -> None:
        self.total = Tally()
        self._first_hour = first_hour
        self._days: defaultdict[date, Tally] = defaultdict(Tally)
        self._hours: defaultdict[int, Tally] = defaultdict(Tally)
        self._goods: defaultdict[tuple[LineKind, str], Tally] = defaultdict(Tally)
        self._staff: defaultdict[str, Tally] = defaultdict(Tally)
        self._taxes: defaultdict[str, Tally] = defaultdict(Tally)
        self.customers: defaultdict[int, Tally] = defaultdict(Tally)

    def add(self, movement: Movement) -> None:
        """Add a charge or a void."""
        tally = movement.tally(1, movement.amount_minor)
        self.total += tally
        self._days[movement.day] += tally
        self._hours[movement.hour] += tally
        self._staff[movement.entry.staff or ""] += tally
        self.customers[movement.entry.customer_id or 0] += tally
        rest = movement.amount_minor
        for name, price, quantity, code in movement.lines:
            kind = LineKind.GOOD if name else LineKind.TYPED
            line = movement.tally(quantity, price * quantity)
            self._goods[kind, name] += line
            self._taxes[code] += line
            rest -= price * quantity
        if rest:
            line = movement.tally(1, rest)
            self._goods[LineKind.UNNAMED, ""] += line
            self._taxes[""] += line

    def days(self) -> tuple[DayRow, ...]:
        """Return the days with a charge or a void, in order."""
        return tuple(DayRow(*row) for row in sorted(self._days.items(), key=_first))

    def hours(self) -> tuple[HourRow, ...]:
        """Return the hours with a charge or a void, in the order of a business day."""

        def order(row: HourRow) -> int:
            return (row.hour - self._first_hour) % 24

        return tuple(sorted((HourRow(*row) for row in self._hours.items()), key=order))

    def staff(self) -> tuple[StaffRow, ...]:
        """Return the staff, most net first, then what was done with nobody logged in."""

        def order(row: StaffRow) -> tuple[bool, int, str]:
            return not row.staff, -row.tally.net_minor, row.staff

        return tuple(sorted((StaffRow(*row) for row in self._staff.items()), key=order))

    def taxes(self) -> tuple[TaxRow, ...]:
        """Return the tax codes in their order, then what no tax was recorded of."""

        def order(row: TaxRow) -> tuple[bool, str]:
            return not row.code, row.code

        return tuple(sorted((TaxRow(*row) for row in self._taxes.items()), key=order))

    def goods(self) -> tuple[GoodRow, ...]:
        """Return the goods, most net first, then typed amounts, then what names no goods."""

        def order(row: GoodRow) -> tuple[int, int, str]:
            return _LINE_KINDS.index(row.kind), -row.tally.net_minor, row.name

        rows = (GoodRow(kind, name, tally) for (kind, name), tally in self._goods.items())
        return tuple(sorted(rows, key=order))


def _first(row: tuple[Any, Tally]) -> Any:
    return row[0]
