"""Business days: which one a moment belongs to, also where clocks are put forward or back."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taptill.domain.reports.business_days import BusinessDays

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",  # puts its clocks forward at midnight
    "Asia/Beirut",  # the same
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Casablanca",
    "Pacific/Apia",  # left out the 30th of December 2011
    "Asia/Kathmandu",
    "UTC",
)


def at(text: str, zone: tzinfo = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


@pytest.mark.parametrize(
    ("ends_at", "moment", "day"),
    [
        pytest.param(time(4), at("2026-03-03T03:59:59"), "2026-03-02", id="a moment before"),
        pytest.param(time(4), at("2026-03-03T04:00:00"), "2026-03-03", id="the moment itself"),
        pytest.param(time(4), at("2026-03-02T23:30:00"), "2026-03-02", id="late in the evening"),
        pytest.param(time(), at("2026-03-03T00:00:00"), "2026-03-03", id="midnight"),
        pytest.param(time(4), at("2026-03-02T22:30:00", UTC), "2026-03-02", id="another zone"),
        pytest.param(time(2, 30), at("2026-03-29T01:59:59"), "2026-03-28", id="before the gap"),
        pytest.param(time(2, 30), at("2026-03-29T03:00:00"), "2026-03-29", id="after the gap"),
        pytest.param(time(2, 30), at("2026-10-25T02:29:00"), "2026-10-24", id="once shown"),
        pytest.param(time(2, 30), at("2026-10-25T02:30:00"), "2026-10-25", id="the first time"),
        pytest.param(time(2, 30), at("2026-10-25T02:10:00", fold=1), "2026-10-25", id="back again"),
        pytest.param(time(4), at("2026-10-25T03:59:00"), "2026-10-24", id="on the long night"),
    ],
)
def test_each_moment_has_its_day(ends_at: time, moment: datetime, day: str) -> None:
    assert str(BusinessDays(ends_at, BERLIN).day_of(moment)) == day


@pytest.mark.parametrize(
    ("day", "ends_at", "hours"),
    [
        (date(2026, 3, 29), time(), 23),
        (date(2026, 3, 28), time(4), 23),
        (date(2026, 3, 29), time(4), 24),
        (date(2026, 10, 25), time(), 25),
        (date(2026, 10, 24), time(4), 25),
    ],
)
def test_days_are_as_long_as_clocks_on_the_wall_make_them(
    day: date, ends_at: time, hours: int
) -> None:
    days = BusinessDays(ends_at, BERLIN)
    begin, end = (datetime.fromisoformat(days.begin(one)) for one in (day, day + timedelta(days=1)))
    assert end - begin == timedelta(hours=hours)


def test_a_day_that_a_zone_left_out_is_empty() -> None:
    days = BusinessDays(zone=ZoneInfo("Pacific/Apia"))
    assert days.begin(date(2011, 12, 30)) == days.begin(date(2011, 12, 31))


@given(
    zone=st.sampled_from(ZONES),
    ends_at=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    seconds=st.integers(0, 20 * 365 * 86_400),
)
def test_each_moment_lies_between_the_begin_of_its_day_and_that_of_the_next(
    zone: str, ends_at: time, seconds: int
) -> None:
    days = BusinessDays(ends_at, ZoneInfo(zone))
    moment = datetime(2010, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    day = days.day_of(moment)
    written = moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
    assert days.begin(day) <= written < days.begin(day + timedelta(days=1))


@given(
    zone=st.sampled_from(ZONES),
    ends_at=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    number=st.integers(0, 20 * 365),
)
def test_a_day_begins_at_the_first_moment_that_shows_its_hour(
    zone: str, ends_at: time, number: int
) -> None:
    """A second before, no clock on the wall shows that date and hour or later."""
    tz, day = ZoneInfo(zone), date(2010, 1, 1) + timedelta(days=number)
    begin = datetime.fromisoformat(BusinessDays(ends_at, tz).begin(day)).replace(tzinfo=UTC)
    wall = datetime.combine(day, ends_at)
    shown, before = (
        (begin - timedelta(seconds=seconds)).astimezone(tz).replace(tzinfo=None)
        for seconds in (0, 1)
    )
    assert before < wall <= shown
