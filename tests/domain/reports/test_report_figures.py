"""The figures of a report, entry by entry: what belongs where, and what is said beside it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.domain.reports.entries import ADA, entry, sale, void

from taptill.domain.entry import Entry, EntryKind, Position
from taptill.domain.mark import Mark
from taptill.domain.reports.business_days import BusinessDays
from taptill.domain.reports.counter import ReportCounter
from taptill.domain.reports.report import (
    ClockChange,
    CountAndSum,
    LineKind,
    Report,
    Tally,
)
from taptill.domain.reports.scopes import Period
from taptill.domain.reports.voided import VoidedCharge

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 3, 2)
PERIOD = Period(DAY, DAY, BusinessDays(zone=BERLIN))
BEN = 8
COFFEE, CAKE, TYPED = ["Coffee", 120, 2], ["Cake", 250, 1], ["", 30, 1]


def report_on(
    *entries: Entry, positions: tuple[Position, ...] = (), voided: tuple[Entry, ...] = ()
) -> Report:
    """Return the report of the day over these entries, as if its journal held these positions."""
    charges = [one for one in (*entries, *voided) if one.kind is EntryKind.CHARGE]
    by_charge = {
        charge.charge_id or "": VoidedCharge(charge, (*_voids_of(charge, entries),))
        for charge in charges
    }
    by_customer = {position.customer_id: position for position in positions}
    counter = ReportCounter(PERIOD, by_customer, by_charge)
    for one in entries:
        counter.add(one)
    return counter.report()


def _voids_of(charge: Entry, entries: tuple[Entry, ...]) -> list[Entry]:
    mine = (one for one in entries if one.charge_id == charge.charge_id)
    return [one for one in mine if one.kind is EntryKind.VOID]


def test_a_day_begins_and_ends_at_local_midnight() -> None:
    entries = [
        sale(1, "2026-03-01T22:59:59.999+00:00", COFFEE),
        sale(2, "2026-03-01T23:00:00.000+00:00", COFFEE),
        sale(3, "2026-03-02T22:59:59.999+00:00", CAKE),
        sale(4, "2026-03-02T23:00:00.000+00:00", CAKE),
    ]
    report = report_on(*entries)
    assert (report.total.sales, report.total.gross_minor) == (2, 240 + 250)
    assert [(row.hour, row.tally.gross_minor) for row in report.hours] == [(0, 240), (23, 250)]
    assert (report.first_seq, report.last_seq) == (2, 3)
    assert (report.first_at, report.last_at) == (entries[1].at, entries[2].at)


def test_the_day_on_which_clocks_are_put_forward_has_23_hours() -> None:
    period = Period(date(2026, 3, 29), date(2026, 3, 29), PERIOD.days)
    assert (period.begin, period.end) == ("2026-03-28T23:00:00.000", "2026-03-29T22:00:00.000")


def test_without_a_zone_the_days_are_the_machines() -> None:
    period = Period(DAY, DAY)
    midnight = datetime(2026, 3, 2).astimezone()
    assert period.days.local(f"{period.begin}+00:00") == midnight
    assert period.days.local("yesterday") is None


def test_goods_typed_amounts_and_what_names_none_add_up_to_the_total() -> None:
    report = report_on(
        sale(1, "09:00", COFFEE, TYPED),
        sale(2, "10:00", CAKE, amount=300),
        sale(3, "11:00", COFFEE, body={"lines": [["Coffee", "1.20", 2]]}),
        sale(4, "12:00", amount=77, body={"lines": "two coffees"}),
        sale(5, "13:00", CAKE, amount=200),
    )
    goods = {(row.kind, row.name): (row.tally.sales, row.tally.gross_minor) for row in report.goods}
    assert goods == {
        (LineKind.GOOD, "Cake"): (2, 500),
        (LineKind.GOOD, "Coffee"): (2, 240),
        (LineKind.TYPED, ""): (1, 30),
        (LineKind.UNNAMED, ""): (4, 50 + 240 + 77 - 50),
    }
    assert sum(gross for _, gross in goods.values()) == report.total.gross_minor == 1087


def test_a_void_takes_back_the_lines_of_its_charge_at_its_own_time() -> None:
    first = sale(1, "09:00", COFFEE, CAKE)
    report = report_on(first, sale(2, "09:30", COFFEE), void(3, "10:00", first))
    assert (report.total.gross_minor, report.total.voided_minor, report.total.net_minor) == (
        *(730, 490),
        240,
    )
    assert [(row.hour, row.tally.net_minor) for row in report.hours] == [(10, 730), (11, -490)]
    assert [(row.name, row.tally.voids, row.tally.net_minor) for row in report.goods] == [
        ("Coffee", 2, 240),
        ("Cake", 1, 0),
    ]
    assert report.voids_of_outside == CountAndSum()


def test_a_void_after_midnight_counts_on_its_own_day_and_names_the_day_before() -> None:
    yesterday = sale(1, "2026-03-01T20:00:00.000+00:00", CAKE)
    report = report_on(void(2, "00:10", yesterday), voided=(yesterday,))
    assert report.total.net_minor == -250
    assert report.voids_of_outside == CountAndSum(1, 250)
    assert report.goods[0].name == "Cake"


def test_a_later_void_changes_no_figure_of_the_day_but_is_said() -> None:
    first = sale(1, "09:00", CAKE)
    late = void(2, "2026-03-03T09:00:00.000+00:00", first)
    report = report_on(first, late)
    assert (report.total.voids, report.total.net_minor) == (0, 250)
    assert report.voided_outside == CountAndSum(1, 250)


def test_a_void_by_a_clock_that_was_set_back_is_said_on_both_days() -> None:
    first = sale(1, "09:00", CAKE)
    before = void(2, "2026-03-01T09:00:00.000+00:00", first)
    assert report_on(first, before).voided_outside == CountAndSum(1, 250)
    tomorrow = sale(1, "2026-03-03T09:00:00.000+00:00", CAKE)
    report = report_on(void(2, "09:00", tomorrow), voided=(tomorrow,))
    assert report.voids_of_outside == CountAndSum(1, 250)


def test_a_void_whose_charge_is_not_known_goes_to_what_names_no_goods() -> None:
    report = report_on(entry(5, EntryKind.VOID, "10:00", -90, charge_id="elsewhere"))
    assert [(row.kind, row.tally.net_minor) for row in report.goods] == [(LineKind.UNNAMED, -90)]
    assert report.voids_of_outside == CountAndSum(1, 90)


def test_the_net_is_shared_out_by_where_the_money_stands() -> None:
    entries = [
        sale(1, "09:00", COFFEE),
        sale(2, "09:10", CAKE),
        sale(3, "09:20", COFFEE, customer_id=BEN),
        sale(4, "09:30", CAKE, customer_id=BEN),
        sale(5, "09:40", TYPED, customer_id=9),
    ]
    positions = (
        Position(customer_id=ADA, row_mark=Mark(1, 240, "")),
        Position(customer_id=BEN, conflict="mark-lost", certain_mark=Mark(3, 240, "")),
    )
    total = report_on(*entries, positions=positions).total
    shares = (total.in_books_minor, total.to_send_minor, total.in_question_minor)
    assert shares == (240 + 240, 250 + 30, 250)
    assert sum(shares) == total.net_minor


def test_repayments_and_write_offs_stand_beside_the_net() -> None:
    report = report_on(
        sale(1, "09:00", CAKE),
        entry(2, EntryKind.REPAYMENT, "10:00", -200),
        entry(3, EntryKind.WRITE_OFF, "11:00", -40, customer_id=BEN),
    )
    assert (report.repaid, report.written_off) == (CountAndSum(1, 200), CountAndSum(1, 40))
    assert report.change_minor == 250 - 200 - 40
    changes = [(row.customer_id, row.initials, row.change_minor) for row in report.customers]
    assert changes == [(ADA, "A. B.", 50), (BEN, "", -40)]
    assert report.customers[0].external_id == "0012"


def test_declines_are_counted_by_reason_without_a_sum() -> None:
    reasons = ("no-credit", "blocked", "no-credit")
    declines = [
        entry(number, EntryKind.DECLINED, "09:00", body={"reason": reason, "amount": 999})
        for number, reason in enumerate(reasons, start=1)
    ]
    report = report_on(*declines)
    assert report.declined == (("no-credit", 2), ("blocked", 1))
    assert report.total == Tally()


def test_offline_sales_and_doubtful_times_are_said() -> None:
    report = report_on(
        sale(1, "09:00", CAKE, body={"offline": True}),
        sale(2, "09:10", COFFEE, trusted=False),
    )
    assert report.offline == CountAndSum(1, 250)
    assert report.untrusted == CountAndSum(1, 240)


@pytest.mark.parametrize(
    ("at", "jumped_ms", "is_said"),
    [
        pytest.param("12:00", 5000, True, id="a jump within the day"),
        pytest.param("2026-03-03T12:00:00.000+00:00", 86_400_000, True, id="out of the day"),
        pytest.param("2026-03-03T12:00:00.000+00:00", 5000, False, id="on another day"),
        pytest.param("T", 5000, False, id="at no time"),
    ],
)
def test_jumps_of_the_clock_from_or_to_the_day_are_said(
    at: str, jumped_ms: int, *, is_said: bool
) -> None:
    jump = entry(1, EntryKind.CLOCK, at, customer_id=None, body={"jumped_ms": jumped_ms})
    expected = (ClockChange(jump.at, jumped_ms),) if is_said else ()
    assert report_on(jump).clock_changes == expected


def test_what_reached_the_books_on_a_later_day_is_said() -> None:
    arrived = (
        Position(customer_id=ADA, row_mark=Mark(2, 490, "")),
        Position(customer_id=BEN, row_mark=Mark(5, 240, "")),
    )
    report = report_on(
        sale(1, "09:00", COFFEE),
        sale(2, "22:00", CAKE),
        entry(3, EntryKind.RECEIPT, "22:01", body={"mark": [1, 240, ""]}),
        entry(4, EntryKind.RECEIPT, "2026-03-03T05:00:00.000+00:00", body={"mark": [2, 490, ""]}),
        sale(5, "22:10", COFFEE, customer_id=BEN),
        entry(6, EntryKind.BOOKED, "2026-03-04T05:00:00.000+00:00", body={"last_seq": 5}),
        positions=arrived,
    )
    assert report.sent_later == CountAndSum(2, 250 + 240)


def test_receipts_are_awaited_until_the_last_has_come() -> None:
    position = Position(customer_id=ADA, row_mark=Mark(1, 240, ""))
    counter = ReportCounter(PERIOD, {ADA: position}, {})
    awaited = [counter.awaits_receipts_after]
    counter.add(sale(1, "09:00", COFFEE))
    awaited.append(counter.awaits_receipts_after)
    counter.take_receipt(entry(2, EntryKind.RECEIPT, "09:01", body={"mark": [1, 240, ""]}))
    awaited.append(counter.awaits_receipts_after)
    assert awaited == [None, 1, None]


@pytest.mark.parametrize(
    ("amounts", "average"),
    [((100, 101), 101), ((100, 100, 101), 100), ((), 0)],
    ids=["half is rounded up", "less is rounded down", "no sale has no average"],
)
def test_the_average_sale_is_whole_minor_units(amounts: tuple[int, ...], average: int) -> None:
    sales = [sale(seq, "09:00", amount=amount) for seq, amount in enumerate(amounts, start=1)]
    assert report_on(*sales).average_minor == average


def test_an_entry_of_another_kind_changes_nothing() -> None:
    assert report_on(entry(1, EntryKind.OFFICE_MOVED, "09:00")).last_seq == 0
