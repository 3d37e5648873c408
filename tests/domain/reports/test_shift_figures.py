"""The figures of a shift, entry by entry: partial voids, staff, tax codes, overrides."""

from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.reports.entries import entry, sale, void

from taptill.domain.entry import Entry, EntryKind, Position
from taptill.domain.mark import Mark
from taptill.domain.reports.business_days import BusinessDays
from taptill.domain.reports.counter import ReportCounter
from taptill.domain.reports.report import (
    ClockChange,
    CountAndSum,
    LineKind,
    OverrideRow,
    Report,
    ShiftVoids,
    StaffRow,
    TaxRow,
)
from taptill.domain.reports.scopes import ShiftRange
from taptill.domain.reports.voided import VoidedCharge

SHIFT = ShiftRange(4, 100, 200, BusinessDays(zone=ZoneInfo("Europe/Berlin")))
COFFEE, CAKE, TYPED = ["Coffee", 120, 3, "A"], ["Cake", 250, 1, "B"], ["", 30, 1]


def report_on(
    *entries: Entry, voided: tuple[VoidedCharge, ...] = (), positions: tuple[Position, ...] = ()
) -> Report:
    """Return the report of the shift of entries 100 to 200 over these."""
    charges = [one for one in entries if one.kind is EntryKind.CHARGE]
    known = {
        charge.charge_id or "": VoidedCharge(
            charge,
            tuple(
                one
                for one in entries
                if one.charge_id == charge.charge_id and one.kind is EntryKind.VOID
            ),
        )
        for charge in charges
    }
    known |= {one.charge.charge_id or "": one for one in voided}
    counter = ReportCounter(SHIFT, {one.customer_id: one for one in positions}, known)
    for one in entries:
        counter.add(one)
    return counter.report()


def goods(report: Report) -> dict[str, tuple[int, int, int]]:
    """Return pieces sold, pieces taken back and net of each good."""
    return {
        row.name: (row.tally.sales, row.tally.voids, row.tally.net_minor) for row in report.goods
    }


def test_an_entry_belongs_to_a_shift_by_its_number_alone() -> None:
    report = report_on(
        sale(99, "09:00", CAKE),
        sale(100, "2026-03-05T09:00:00.000+00:00", COFFEE),
        sale(200, "2026-01-01T09:00:00.000+00:00", TYPED),
        sale(201, "09:00", CAKE),
    )
    assert (report.total.gross_minor, report.first_seq, report.last_seq) == (390, 100, 200)
    assert [str(row.day) for row in report.days] == ["2026-01-01", "2026-03-05"]


def test_lines_are_taken_back_by_good_and_the_rest_at_once() -> None:
    charge = sale(100, "09:00", COFFEE, CAKE, TYPED)
    first = void(101, "09:10", charge, ["Coffee", 120, 2])
    second = void(102, "09:20", charge, ["Coffee", 120, 1], ["", 30, 1])
    assert goods(report_on(charge, first)) == {
        "Coffee": (3, 2, 120),
        "Cake": (1, 0, 250),
        "": (
            *(1, 0),
            30,
        ),
    }
    rest = void(103, "09:30", charge, amount=250)
    report = report_on(charge, first, second, rest)
    assert goods(report) == {"Coffee": (3, 3, 0), "Cake": (1, 1, 0), "": (1, 1, 0)}
    assert (report.total.voids, report.total.net_minor) == (3, 0)


def test_what_is_left_counts_voids_of_earlier_shifts() -> None:
    charge = sale(10, "09:00", COFFEE, CAKE)
    before = void(11, "09:10", charge, ["Coffee", 120, 3])
    rest = void(100, "10:00", charge, amount=250)
    voided = VoidedCharge(charge, (before, rest), shift=3)
    report = report_on(rest, voided=(voided,))
    assert goods(report) == {"Cake": (0, 1, -250)}
    assert report.voids_of_shifts == (ShiftVoids(3, CountAndSum(1, 250)),)
    assert report.voids_of_outside == CountAndSum(1, 250)


def test_a_void_of_lines_that_the_charge_has_not_is_counted_all_the_same() -> None:
    charge = sale(100, "09:00", ["Coffee", 120, 1, "A"])
    odd = void(101, "09:10", charge, ["Coffee", 120, 2], ["Tea", 90, 1])
    report = report_on(charge, odd)
    assert goods(report) == {"Coffee": (1, 2, -120), "Tea": (0, 1, -90)}
    assert report.taxes[0].tally.net_minor == 0
    assert report.total.net_minor == 120 - 330


def test_a_void_of_an_unknown_charge_has_its_own_lines() -> None:
    unknown = entry(
        100, EntryKind.VOID, "09:00", -120, charge_id="?", body={"lines": [["Coffee", 120, 1]]}
    )
    report = report_on(unknown)
    assert goods(report) == {"Coffee": (0, 1, -120)}
    assert report.voids_of_shifts == (ShiftVoids(None, CountAndSum(1, 120)),)


def test_each_tax_code_has_a_row_and_what_has_none_its_own() -> None:
    charge = sale(100, "09:00", COFFEE, CAKE, TYPED, amount=700)
    report = report_on(charge, void(101, "09:10", charge, ["Cake", 250, 1]))
    assert [(row.code, row.tally.net_minor) for row in report.taxes] == [
        ("A", 360),
        ("B", 0),
        ("", 90),
    ]
    assert all(isinstance(row, TaxRow) for row in report.taxes)


def test_one_good_with_two_tax_codes_is_taken_back_with_the_code_that_is_left() -> None:
    eat_in, take_away = ["Soup", 400, 1, "A"], ["Soup", 400, 1, "B"]
    charge = sale(100, "09:00", eat_in, take_away)
    named = report_on(charge, void(101, "09:10", charge, ["Soup", 400, 1, "B"]))
    assert [(row.code, row.tally.net_minor) for row in named.taxes] == [("A", 400), ("B", 0)]
    both = (void(101, "09:10", charge, ["Soup", 400, 1]), void(102, "9:20", charge, amount=400))
    assert [row.tally.net_minor for row in report_on(charge, both[0]).taxes] == [0, 400]


def test_staff_have_a_row_each_and_nobody_has_one_at_the_end() -> None:
    charge = sale(100, "09:00", CAKE, staff="Jo")
    report = report_on(
        charge,
        sale(101, "09:10", COFFEE),
        sale(102, "09:20", COFFEE, staff="Sam"),
        void(103, "09:30", charge, staff="Sam"),
    )
    rows = [(row.staff, row.tally.gross_minor, row.tally.voided_minor) for row in report.staff]
    assert rows == [("Jo", 250, 0), ("Sam", 360, 250), ("", 360, 0)]
    assert all(isinstance(row, StaffRow) for row in report.staff)


def test_overrides_have_both_names_and_the_reason() -> None:
    overrides: list[Any] = [["no-credit", "Sam", "payday"], ["stale", "Kim", "known"], "odd", [1]]
    charge = sale(100, "09:00", CAKE, staff="Jo", body={"overrides": overrides})
    about: dict[str, Any] = {"seq": 100, "at": charge.at, "amount_minor": 250, "cashier": "Jo"}
    assert report_on(charge, sale(101, "09:10", body={"overrides": 5})).overrides == (
        OverrideRow(reason="no-credit", staff="Sam", why="payday", **about),
        OverrideRow(reason="stale", staff="Kim", why="known", **about),
    )


def test_offline_sales_say_from_when_to_when() -> None:
    report = report_on(
        sale(100, "09:30", CAKE, body={"offline": True}),
        sale(101, "09:00", CAKE, body={"offline": True}),
        sale(102, "09:15", CAKE, body={"offline": True}),
        sale(103, "10:00", CAKE),
    )
    assert (report.offline_from[11:16], report.offline_to[11:16]) == ("09:00", "09:30")
    assert report.offline == CountAndSum(3, 750)


def test_money_is_the_plain_sum_and_the_void_rate_is_of_the_gross() -> None:
    charge = sale(100, "09:00", CAKE)
    report = report_on(
        charge,
        sale(101, "09:10", ["", 50, 1]),
        void(102, "09:20", charge, ["Cake", 250, 1], amount=100),
        entry(103, EntryKind.REPAYMENT, "09:30", -70),
        entry(104, EntryKind.OFFICE_MOVED, "09:40"),
    )
    assert report.money_minor == report.change_minor == 250 + 50 - 100 - 70
    assert (report.void_rate_permille, report.office_moved) == (333, 1)
    assert report_on().void_rate_permille == 0


def test_jumps_of_the_clock_within_the_shift_are_said() -> None:
    jumps = [
        entry(seq, EntryKind.CLOCK, "09:00", customer_id=None, body={"jumped_ms": 5000})
        for seq in (99, 150, 201)
    ]
    assert report_on(*jumps).clock_changes == (ClockChange(jumps[1].at, 5000),)


def test_what_reached_the_books_after_the_close_is_said() -> None:
    arrived = (Position(customer_id=7, row_mark=Mark(101, 610, "")),)
    report = report_on(
        sale(100, "09:00", COFFEE),
        entry(150, EntryKind.RECEIPT, "09:01", body={"mark": [100, 360, ""]}),
        sale(160, "09:10", CAKE),
        entry(201, EntryKind.RECEIPT, "09:12", body={"mark": [160, 610, ""]}),
        positions=(Position(customer_id=7, row_mark=Mark(160, 610, "")),),
    )
    assert report.sent_later == CountAndSum(1, 250)
    assert report_on(positions=arrived).sent_later == CountAndSum()


@pytest.mark.parametrize("ends_at_hour", [0, 4])
def test_hours_stand_in_the_order_of_a_business_day(ends_at_hour: int) -> None:
    days = BusinessDays(time(ends_at_hour), ZoneInfo("UTC"))
    counter = ReportCounter(ShiftRange(1, 1, 9, days), {}, {})
    for seq, at in enumerate(("23:00", "02:00", "05:00"), start=1):
        counter.add(sale(seq, at, CAKE))
    hours = [row.hour for row in counter.report().hours]
    assert hours == ([2, 5, 23] if ends_at_hour == 0 else [5, 23, 2])


LINES = st.lists(
    st.tuples(
        st.sampled_from(["Coffee", "Cake", ""]),
        st.sampled_from([-25, 30, 120]),
        st.integers(1, 4),
        st.sampled_from(["", "A", "B"]),
    ).map(lambda line: [*line] if line[3] else [*line[:3]]),
    min_size=1,
    max_size=5,
)


@given(lines=LINES, parts=st.lists(st.integers(0, 40), max_size=4), rest=st.booleans())
def test_pieces_and_amounts_by_good_and_by_tax_always_come_to_the_total(
    lines: list[list[Any]], parts: list[int], *, rest: bool
) -> None:
    """Whatever lines are taken back in whatever order, until nothing is left."""
    charge = sale(100, "09:00", *lines)
    left = [line[:3] for line in lines for _ in range(line[2])]
    voids: list[Entry] = []
    for number in parts:
        if left:
            name, price, _ = left.pop(number % len(left))
            line = [name, price, 1]
            voids.append(void(101 + len(voids), "09:10", charge, line, amount=price))
    if rest:
        amount = sum(price for _, price, _ in left)
        voids.append(void(101 + len(voids), "09:20", charge, amount=amount))
        left = []
    report = report_on(charge, *voids)
    net = sum(price for _, price, _ in left)
    assert report.total.net_minor == report.money_minor == net
    assert sum(row.tally.net_minor for row in report.goods) == net
    assert sum(row.tally.net_minor for row in report.taxes) == net
    pieces: dict[tuple[LineKind, str], int] = {
        (row.kind, row.name): row.tally.sales - row.tally.voids
        for row in report.goods
        if row.kind is not LineKind.UNNAMED
    }
    for name in {name for name, *_ in lines}:
        kind = LineKind.GOOD if name else LineKind.TYPED
        assert pieces[kind, name] == sum(1 for other, *_ in left if other == name)
