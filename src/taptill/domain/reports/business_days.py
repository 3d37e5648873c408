"""A site's hour in, business days out: when each begins, and which one a moment belongs to."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from taptill.domain.customer import stamp

MIDNIGHT = time()


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """Business days that end at a local wall time, `ends_at`, instead of at midnight.

    The day of a date begins at the first instant at which clocks on the wall show that date and
    `ends_at` or later, and ends where the next one begins. So each instant belongs to one day, also
    where clocks are put forward over that time, or show it twice. `zone` None is the machine's.
    """

    ends_at: time = MIDNIGHT
    zone: tzinfo | None = None

    def begin(self, day: date) -> str:
        """Return the first instant of a day, written so that entries' `at` compares as text."""
        return self._begin(day).replace(tzinfo=None).isoformat(timespec="milliseconds")

    def day_of(self, moment: datetime) -> date:
        """Return the business day of a moment, which must have a zone."""
        local = moment.astimezone(self.zone)
        day = local.date() if local.time() >= self.ends_at else local.date() - timedelta(days=1)
        if moment < self._begin(day):
            return day - timedelta(days=1)
        following = day + timedelta(days=1)
        return following if moment >= self._begin(following) else day

    def local(self, at: str) -> datetime | None:
        """Return an entry's time in the zone of the days; None for a text that is no time."""
        moment = stamp(at)
        return moment.astimezone(self.zone) if moment else None

    def _begin(self, day: date) -> datetime:
        wall = datetime.combine(day, self.ends_at)
        begin, second = (self._instant(wall.replace(fold=fold)) for fold in (0, 1))
        # Earlier than the first: clocks are put forward over this time, between the two instants.
        return self._first_showing(wall, second, begin) if second < begin else begin

    def _instant(self, wall: datetime) -> datetime:
        return wall.replace(tzinfo=self.zone).astimezone(UTC)  # without zone: the machine's

    def _first_showing(self, wall: datetime, early: datetime, late: datetime) -> datetime:
        """Return the first second, after `early` and at most `late`, that shows `wall` or later."""
        while late - early > timedelta(seconds=1):
            middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
            if middle.astimezone(self.zone).replace(tzinfo=None) >= wall:
                late = middle
            else:
                early = middle
        return late
