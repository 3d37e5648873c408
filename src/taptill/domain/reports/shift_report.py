"""The report of a shift as a value: an X while the shift runs, its Z once it is closed.

What of it must agree is written down as identities, which each printed report shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from taptill.domain.money import ZERO, Money
from taptill.domain.reports.report import CountAndSum, Report, Tally
from taptill.domain.reports.scopes import ShiftRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Cash:
    """The money in the drawer over a shift, in minor units; None: it was not counted.

    `repaid_minor` is what customers paid in cash at the till, `paid_out_minor` what was paid out to
    customers, and what was taken out before the drawer was counted.
    """

    opening_minor: int | None = None
    repaid_minor: int = 0
    paid_out_minor: int = 0
    counted_minor: int | None = None
    comment: str = ""

    @property
    def expected_minor(self) -> int | None:
        """What should be in the drawer; None where it was not counted at the opening."""
        if self.opening_minor is None:
            return None
        return self.opening_minor + self.repaid_minor - self.paid_out_minor

    @property
    def difference_minor(self) -> int | None:
        """What is in the drawer beyond what should be; below zero something is missing."""
        if self.counted_minor is None or self.expected_minor is None:
            return None
        return self.counted_minor - self.expected_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftReport:
    """All of a shift, as of its last entry.

    - `first_hash`, `last_hash`: of the entries `from_seq` and `to_seq` of the range.
    - `business_day`: the first day with a sale or a void, else that of the opening or the report.
    - `zone`: the name of the time zone of days and hours; empty where the machine does not say it.
    - `began_at`: the time of the first entry. `opened_at`, `opened_by`: empty where the shift was
      never opened, or with nobody logged in. `closed_at`, `closed_by`: empty while it runs.
    - `unsent`: customers with money that is not in the backend's books, and its sum.
    - `cases`: open cases on the conflict desk, and the sum of what may be missing, without signs.
    - `figures`: the report of the range, without its rows by customer.
    """

    journal_id: str
    till: str
    currency: str
    first_hash: str
    last_hash: str
    business_day: date
    zone: str
    began_at: str
    opened_at: str
    opened_by: str
    closed_at: str
    closed_by: str
    cash: Cash
    unsent: CountAndSum
    cases: CountAndSum
    figures: Report

    @property
    def shift(self) -> ShiftRange:
        """The number of the shift, and its range of entries."""
        assert isinstance(self.figures.scope, ShiftRange)
        return self.figures.scope

    @property
    def is_closed(self) -> bool:
        """Whether this is a Z."""
        return bool(self.closed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What a person says who closes a shift; `counted` None: the drawer was not counted.

    `staff` is the name of who is logged in, None: nobody.
    """

    counted: Money | None = None
    paid_out: Money = ZERO
    comment: str = ""
    staff: str | None = None


def cash_until_now(opening_minor: int | None, figures: Report) -> Cash:
    """Return the drawer of a shift that runs, with what customers paid in and were paid out."""
    return Cash(
        opening_minor=opening_minor,
        repaid_minor=figures.paid_in.sum_minor,
        paid_out_minor=figures.paid_out.sum_minor,
    )


def closed(report: ShiftReport, closing: Closing, at: str) -> ShiftReport:
    """Return the Z that an X becomes when its shift is closed."""
    cash = replace(
        report.cash,
        paid_out_minor=report.cash.paid_out_minor + closing.paid_out.minor,
        counted_minor=closing.counted.minor if closing.counted is not None else None,
        comment=closing.comment,
    )
    return replace(report, cash=cash, closed_at=at, closed_by=closing.staff or "")


class IdentityName(StrEnum):
    """What two ways to one sum are about."""

    NET = "gross - voided = net"
    BY_DAY = "sum by day = net"
    BY_HOUR = "sum by hour = net"
    BY_GOOD = "sum by good = net"
    BY_STAFF = "sum by staff = net"
    BY_TAX = "sum by tax code = net"
    STANDING = "in the books + not sent + in question = net"
    ENTRIES = "net - repayments - written off = sum of the entries"
    CASH = "opening + repayments - paid out = expected"
    DIFFERENCE = "counted - expected = difference"


@dataclass(frozen=True, slots=True)
class Identity:
    """Two ways to one sum, in minor units; where they differ, the report must not be trusted."""

    name: IdentityName
    left_minor: int
    right_minor: int

    @property
    def holds(self) -> bool:
        """Whether both ways come to the same."""
        return self.left_minor == self.right_minor


def identities(report: ShiftReport) -> tuple[Identity, ...]:
    """Return the identities of a shift; those of cash only where it was counted."""
    figures, cash = report.figures, report.cash
    total, net = figures.total, figures.total.net_minor
    standing = total.in_books_minor + total.to_send_minor + total.in_question_minor
    rows = {
        IdentityName.BY_DAY: [row.tally for row in figures.days],
        IdentityName.BY_HOUR: [row.tally for row in figures.hours],
        IdentityName.BY_GOOD: [row.tally for row in figures.goods],
        IdentityName.BY_STAFF: [row.tally for row in figures.staff],
        IdentityName.BY_TAX: [row.tally for row in figures.taxes],
    }
    checks = [
        Identity(IdentityName.NET, total.gross_minor - total.voided_minor, net),
        *(Identity(name, _net(tallies), net) for name, tallies in rows.items()),
        Identity(IdentityName.STANDING, standing, net),
        Identity(IdentityName.ENTRIES, figures.change_minor, figures.money_minor),
    ]
    if cash.opening_minor is not None and cash.expected_minor is not None:
        drawer = cash.opening_minor + cash.repaid_minor - cash.paid_out_minor
        checks.append(Identity(IdentityName.CASH, drawer, cash.expected_minor))
        if cash.counted_minor is not None and cash.difference_minor is not None:
            beyond = cash.counted_minor - cash.expected_minor
            checks.append(Identity(IdentityName.DIFFERENCE, beyond, cash.difference_minor))
    return tuple(checks)


def _net(tallies: Iterable[Tally]) -> int:
    return sum(tally.net_minor for tally in tallies)
