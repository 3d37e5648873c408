"""What a report is of: the entries of business days, or those of a shift."""

from dataclasses import dataclass
from datetime import date, timedelta

from taptill.domain.entry import Entry
from taptill.domain.reports.business_days import BusinessDays

CALENDAR_DAYS = BusinessDays()
"""Days that end at midnight, of the machine's time zone."""


@dataclass(frozen=True, slots=True)
class Period:
    """The business days `first` to `last`, both included: each entry belongs to its own time."""

    first: date
    last: date
    days: BusinessDays = CALENDAR_DAYS

    @property
    def begin(self) -> str:
        """The first instant, written so that entries' `at` compares with it as text."""
        return self.days.begin(self.first)

    @property
    def end(self) -> str:
        """The first instant after the period, written as `begin` is."""
        return self.days.begin(self.last + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class ShiftRange:
    """A shift: all entries from `from_seq` to `to_seq`, both included, whatever their time.

    Of the running shift `to_seq` is the newest entry. Without an entry it is below `from_seq`.
    """

    number: int
    from_seq: int
    to_seq: int
    days: BusinessDays = CALENDAR_DAYS


Scope = Period | ShiftRange


class ScopeTest:
    """Tells which entries belong to a scope, for many entries one after the other."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._bounds = (scope.begin, scope.end) if isinstance(scope, Period) else ("", "")
        self._day: tuple[str, str, date] = ("", "", date.min)

    def has(self, entry: Entry) -> bool:
        """Return whether the scope has an entry."""
        if isinstance(self._scope, Period):
            return self.has_time(entry.at)
        return self._scope.from_seq <= entry.seq <= self._scope.to_seq

    def has_time(self, at: str) -> bool:
        """Return whether an instant lies within a period; never within a shift."""
        begin, end = self._bounds
        return begin <= at < end

    def is_late(self, day: date, receipt: Entry) -> bool:
        """Return whether a receipt of what was sold on a day came after that day, or the shift."""
        if isinstance(self._scope, ShiftRange):
            return receipt.seq > self._scope.to_seq
        arrived = self.day_of(receipt.at)
        return arrived is not None and arrived > day

    def day_of(self, at: str) -> date | None:
        """Return the business day of an entry's time; None for a text that is no time."""
        begin, end, day = self._day
        if not begin <= at < end:
            days = self._scope.days
            moment = days.local(at)
            if moment is None:
                return None
            day = days.day_of(moment)
            self._day = days.begin(day), days.begin(day + timedelta(days=1)), day
        return day
