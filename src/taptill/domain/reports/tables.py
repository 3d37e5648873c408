"""Charges and voids in, their tallies by day, hour, good, tax code, staff and customer out."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

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

K = TypeVar("K")
R = TypeVar("R")


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


class _RunningTally:
    """A tally that is still added to: several times as fast as a new `Tally` for each addition."""

    __slots__ = ("gross", "sales", "shares", "voided", "voids")

    def __init__(self) -> None:
        self.sales = self.gross = self.voids = self.voided = 0
        self.shares = dict.fromkeys(Standing, 0)

    def add(self, movement: Movement, pieces: int, amount_minor: int) -> None:
        """Add a movement, or so many pieces of it."""
        if movement.is_void:
            self.voids += pieces
            self.voided += amount_minor
            amount_minor = -amount_minor
        else:
            self.sales += pieces
            self.gross += amount_minor
        self.shares[movement.standing] += amount_minor

    def tally(self) -> Tally:
        """Return the tally so far."""
        return Tally(
            sales=self.sales,
            gross_minor=self.gross,
            voids=self.voids,
            voided_minor=self.voided,
            in_books_minor=self.shares[Standing.IN_BOOKS],
            to_send_minor=self.shares[Standing.TO_SEND],
            in_question_minor=self.shares[Standing.IN_QUESTION],
        )


class SalesTables:
    """The tallies so far. Each movement is in each table once, so all tables have one sum.

    `first_hour` is the hour of the wall clock in which a business day begins.
    """

    def __init__(self, first_hour: int) -> None:
        self._first_hour = first_hour
        self._total = _RunningTally()
        self._days: defaultdict[date, _RunningTally] = defaultdict(_RunningTally)
        self._hours: defaultdict[int, _RunningTally] = defaultdict(_RunningTally)
        self._goods: defaultdict[tuple[LineKind, str], _RunningTally] = defaultdict(_RunningTally)
        self._staff: defaultdict[str, _RunningTally] = defaultdict(_RunningTally)
        self._taxes: defaultdict[str, _RunningTally] = defaultdict(_RunningTally)
        self._customers: defaultdict[int, _RunningTally] = defaultdict(_RunningTally)

    def add(self, movement: Movement) -> None:
        """Add a charge or a void."""
        amount = rest = movement.amount_minor
        for table in (
            self._total,
            self._days[movement.day],
            self._hours[movement.hour],
            self._staff[movement.entry.staff or ""],
            self._customers[movement.entry.customer_id or 0],
        ):
            table.add(movement, 1, amount)
        for name, price, quantity, code in movement.lines:
            kind = LineKind.GOOD if name else LineKind.TYPED
            self._goods[kind, name].add(movement, quantity, price * quantity)
            self._taxes[code].add(movement, quantity, price * quantity)
            rest -= price * quantity
        if rest:
            self._goods[LineKind.UNNAMED, ""].add(movement, 1, rest)
            self._taxes[""].add(movement, 1, rest)

    def total(self) -> Tally:
        """Return the tally of all movements."""
        return self._total.tally()

    def customers(self) -> dict[int, Tally]:
        """Return the tally of each customer with a charge or a void."""
        return {key: running.tally() for key, running in self._customers.items()}

    def days(self) -> tuple[DayRow, ...]:
        """Return the days with a charge or a void, in order."""
        return tuple(DayRow(day, self._days[day].tally()) for day in sorted(self._days))

    def hours(self) -> tuple[HourRow, ...]:
        """Return the hours with a charge or a void, in the order of a business day."""

        def order(row: HourRow) -> int:
            return (row.hour - self._first_hour) % 24

        return tuple(sorted(_rows(HourRow, self._hours), key=order))

    def staff(self) -> tuple[StaffRow, ...]:
        """Return the staff, most net first, then what was done with nobody logged in."""

        def order(row: StaffRow) -> tuple[bool, int, str]:
            return not row.staff, -row.tally.net_minor, row.staff

        return tuple(sorted(_rows(StaffRow, self._staff), key=order))

    def taxes(self) -> tuple[TaxRow, ...]:
        """Return the tax codes in their order, then what no tax was recorded of."""

        def order(row: TaxRow) -> tuple[bool, str]:
            return not row.code, row.code

        return tuple(sorted(_rows(TaxRow, self._taxes), key=order))

    def goods(self) -> tuple[GoodRow, ...]:
        """Return the goods, most net first, then typed amounts, then what names no goods."""

        def order(row: GoodRow) -> tuple[int, int, str]:
            return _LINE_KINDS.index(row.kind), -row.tally.net_minor, row.name

        rows = (GoodRow(kind, name, sums.tally()) for (kind, name), sums in self._goods.items())
        return tuple(sorted(rows, key=order))


def _rows(row: Callable[[K, Tally], R], sums: Mapping[K, _RunningTally]) -> Iterator[R]:
    return (row(key, running.tally()) for key, running in sums.items())
