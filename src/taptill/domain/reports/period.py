"""Days in, the instants between which their entries lie out."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from taptill.domain.customer import stamp


@dataclass(frozen=True, slots=True)
class Period:
    """The business days `first` to `last`, both included; a business day is a calendar day.

    `zone` is the time zone of the days; None is the machine's.
    """

    first: date
    last: date
    zone: tzinfo | None = None

    @property
    def begin(self) -> str:
        """The first instant, written so that entries' `at` compares with it as text."""
        return _midnight(self.first, self.zone)

    @property
    def end(self) -> str:
        """The first instant after the period, written as `begin` is."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    def local(self, at: str) -> datetime | None:
        """Return an entry's time in the zone of the days; None for a text that is no time."""
        moment = stamp(at)
        return moment.astimezone(self.zone) if moment else None


def _midnight(day: date, zone: tzinfo | None) -> str:
    moment = datetime.combine(day, time(), zone).astimezone(UTC)  # without zone: the machine's
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
