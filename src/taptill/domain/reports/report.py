"""A report as a value: every figure that a table, a chart or a close may show."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

from taptill.domain.reports.scopes import Scope


class Standing(StrEnum):
    """How far the money of an entry has come."""

    IN_BOOKS = "in-books"
    TO_SEND = "to-send"
    IN_QUESTION = "in-question"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts and sums of charges and voids, in minor units; tallies add up field by field.

    `gross_minor` is what was charged, `voided_minor` what was taken back, both positive. The net
    is shared out to `in_books_minor` (in the backend's books, or booked by the office from a
    file), `to_send_minor` and `in_question_minor` (on the conflict desk). `sales` and `voids` count
    entries, or pieces where a tally is of a good.
    """

    sales: int = 0
    gross_minor: int = 0
    voids: int = 0
    voided_minor: int = 0
    in_books_minor: int = 0
    to_send_minor: int = 0
    in_question_minor: int = 0

    @property
    def net_minor(self) -> int:
        """What was charged less what was taken back."""
        return self.gross_minor - self.voided_minor

    def __add__(self, tally: Self) -> "Tally":
        return Tally(
            sales=self.sales + tally.sales,
            gross_minor=self.gross_minor + tally.gross_minor,
            voids=self.voids + tally.voids,
            voided_minor=self.voided_minor + tally.voided_minor,
            in_books_minor=self.in_books_minor + tally.in_books_minor,
            to_send_minor=self.to_send_minor + tally.to_send_minor,
            in_question_minor=self.in_question_minor + tally.in_question_minor,
        )


@dataclass(frozen=True, slots=True)
class CountAndSum:
    """So many entries, and their sum in minor units."""

    count: int = 0
    sum_minor: int = 0

    def add(self, amount_minor: int, count: int = 1) -> "CountAndSum":
        """Add one entry, or so many."""
        return CountAndSum(self.count + count, self.sum_minor + amount_minor)


class LineKind(StrEnum):
    """What a line of a sale names."""

    GOOD = "good"
    TYPED = "typed-amount"
    UNNAMED = "no-goods-named"


@dataclass(frozen=True, slots=True)
class DayRow:
    """The tally of one business day."""

    day: date
    tally: Tally


@dataclass(frozen=True, slots=True)
class HourRow:
    """The tally of one hour of the wall clock, 0 to 23, over all days."""

    hour: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class GoodRow:
    """The tally of a good, in pieces, or of what names none: then `name` is empty."""

    kind: LineKind
    name: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class StaffRow:
    """The tally of what a member of the staff charged and voided; empty: nobody was logged in."""

    staff: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class TaxRow:
    """The tally of a tax code, in pieces; empty: no tax was recorded."""

    code: str
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    """The tally of a customer, named as the journal has it, and what else changed the debt.

    `repaid_minor` and `written_off_minor` are positive where they lower the debt.
    """

    customer_id: int
    initials: str
    external_id: str
    tally: Tally
    repaid_minor: int
    written_off_minor: int

    @property
    def change_minor(self) -> int:
        """By how much the customer's debt has changed by these entries."""
        return self.tally.net_minor - self.repaid_minor - self.written_off_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRow:
    """A reason to decline a charge that was overridden: by whom, why, and for whose charge.

    `cashier` is who was logged in at the charge, `amount_minor` the whole charge.
    """

    seq: int
    at: str
    amount_minor: int
    reason: str
    staff: str
    why: str
    cashier: str


@dataclass(frozen=True, slots=True)
class ShiftVoids:
    """Voids of a shift that take back charges of an earlier one, None where it has no number."""

    shift: int | None
    voids: CountAndSum


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A jump of wall time: when it was noted, by the new time, and by how many milliseconds."""

    at: str
    jumped_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All figures of days or of a shift.

    - `repaid`, `written_off`: of their entries; sums are positive where they lower a debt. `repaid`
      is what was paid in less what was paid out; `paid_out` is that part, positive for cash out.
      An entry that takes a repayment back counts with the other sign, on the side of that one.
    - `pay_ins_taken_back`, `pay_outs_taken_back`: those entries alone, with positive sums.
    - `without_card`: charges to customers who were chosen by name. `self_service`: those that the
      customers made alone.
    - `offline`: charges that were decided from the cache; `offline_from` and `offline_to` are the
      times of the first and the last, empty without one.
    - `sent_later`: charges and voids that reached the books on a later day than their own, or
      after the end of the shift; net.
    - `voids_of_outside`: voids that take back a charge of another day, or of an earlier shift;
      `voids_of_shifts` says of which, and is empty for days.
    - `voided_outside`: charges of which voids of another day, or of a later shift, take something
      back, and how much; a charge counts once.
    - `declined`: how often for which reason, most frequent first; a decline has no sum.
    - `untrusted`: charges and voids whose time was noted while the clock was not known to be set.
    - `office_moved`: how often the office was seen to have changed a customer's total.
    - `money_minor`: the plain sum of the entries' amounts, which the tables must come to.
    - `first_at`, `last_at`: first and last charge in time, empty without one.
    - `first_seq`, `last_seq`: the lowest and highest number of these entries, 0 without one.
    """

    scope: Scope
    total: Tally
    days: tuple[DayRow, ...]
    hours: tuple[HourRow, ...]
    goods: tuple[GoodRow, ...]
    staff: tuple[StaffRow, ...]
    taxes: tuple[TaxRow, ...]
    customers: tuple[CustomerRow, ...]
    repaid: CountAndSum
    written_off: CountAndSum
    offline: CountAndSum
    offline_from: str
    offline_to: str
    sent_later: CountAndSum
    voids_of_outside: CountAndSum
    voids_of_shifts: tuple[ShiftVoids, ...]
    voided_outside: CountAndSum
    declined: tuple[tuple[str, int], ...]
    overrides: tuple[OverrideRow, ...]
    untrusted: CountAndSum
    office_moved: int
    money_minor: int
    clock_changes: tuple[ClockChange, ...]
    currencies: tuple[str, ...]
    first_at: str
    last_at: str
    first_seq: int
    last_seq: int
    paid_out: CountAndSum = CountAndSum()
    pay_ins_taken_back: CountAndSum = CountAndSum()
    pay_outs_taken_back: CountAndSum = CountAndSum()
    without_card: CountAndSum = CountAndSum()
    self_service: CountAndSum = CountAndSum()

    @property
    def paid_in(self) -> CountAndSum:
        """What was paid in, in cash, and the entries that take back such a repayment."""
        return self.repaid.add(self.paid_out.sum_minor, -self.paid_out.count)

    @property
    def pay_ins(self) -> CountAndSum:
        """The cash that was paid in, whether or not it was taken back."""
        taken_back = self.pay_ins_taken_back
        return self.paid_in.add(taken_back.sum_minor, -taken_back.count)

    @property
    def pay_outs(self) -> CountAndSum:
        """The cash that was paid out, whether or not it was taken back."""
        taken_back = self.pay_outs_taken_back
        return self.paid_out.add(taken_back.sum_minor, -taken_back.count)

    @property
    def change_minor(self) -> int:
        """By how much these entries have changed the debts of all customers."""
        return self.total.net_minor - self.repaid.sum_minor - self.written_off.sum_minor

    @property
    def average_minor(self) -> int:
        """The gross of an average sale, rounded half up; 0 without a sale."""
        sales = self.total.sales
        return (2 * self.total.gross_minor + sales) // (2 * sales) if sales else 0

    @property
    def void_rate_permille(self) -> int:
        """What was voided of each thousand charged, rounded half up; 0 where nothing was."""
        gross = self.total.gross_minor
        return (2000 * self.total.voided_minor + gross) // (2 * gross) if gross > 0 else 0
