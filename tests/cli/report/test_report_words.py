"""What a report says in words: sentences, remarks, charts of many days."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest

from taptill.cli.report.charts import BARS_MAX, UPRIGHT_MAX, WIDTH, lying, upright
from taptill.cli.report.summary import CLOCK_CHANGES_MAX, remarks, summary_rows
from taptill.cli.report.tables import GAPS_MAX, ReportKind, Table, tables_of
from taptill.domain.money import Currency, Money
from taptill.domain.reports.report import (
    ClockChange,
    CountAndSum,
    CustomerRow,
    DayRow,
    GoodRow,
    HourRow,
    LineKind,
    Report,
    StaffRow,
    Tally,
    TaxRow,
)
from taptill.domain.reports.scopes import Period

EUR = Currency("EUR")
DAY = date(2026, 3, 2)
NONE = CountAndSum()
SOLD = Tally(sales=2, gross_minor=400, to_send_minor=400)
TAKEN_BACK = Tally(voids=1, voided_minor=250, to_send_minor=-250)


def report(
    tally: Tally,
    *,
    days: Sequence[tuple[int, Tally]] = (),
    good: LineKind = LineKind.GOOD,
    clock_changes: tuple[ClockChange, ...] = (),
    **sums: CountAndSum,
) -> Report:
    """Return a report in which all was at noon, with one good and one customer."""
    every = {"repaid": NONE, "written_off": NONE, "offline": NONE, "sent_later": NONE}
    every |= {"voids_of_outside": NONE, "voided_outside": NONE, "untrusted": NONE, **sums}
    customer = CustomerRow(
        customer_id=7,
        initials="A. B.",
        external_id="",
        tally=tally,
        repaid_minor=every["repaid"].sum_minor,
        written_off_minor=every["written_off"].sum_minor,
    )
    return Report(
        scope=Period(DAY, DAY),
        total=tally,
        days=tuple(
            DayRow(DAY + timedelta(days=number), one) for number, one in days or [(0, tally)]
        ),
        hours=(HourRow(23, tally),),
        goods=(GoodRow(good, "Tea" * (good is LineKind.GOOD), tally),),
        staff=(StaffRow("", tally),),
        taxes=(TaxRow("", tally),),
        customers=(customer,),
        repaid=every["repaid"],
        written_off=every["written_off"],
        offline=every["offline"],
        offline_from="",
        offline_to="",
        sent_later=every["sent_later"],
        voids_of_outside=every["voids_of_outside"],
        voids_of_shifts=(),
        voided_outside=every["voided_outside"],
        overrides=(),
        office_moved=0,
        money_minor=tally.net_minor,
        untrusted=every["untrusted"],
        declined=(),
        clock_changes=clock_changes,
        currencies=("EUR",),
        first_at="",
        last_at="",
        first_seq=1,
        last_seq=2,
    )


def table(kind: ReportKind, of: Report) -> Table:
    return tables_of(kind, of, EUR)[0]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (ReportKind.DAY, "€4.00 net on 1 day with sales."),
        (ReportKind.HOURS, "Most was sold from 23:00 to 00:00: €4.00 net, 2 sales."),
        (ReportKind.GOODS, "Tea brought most: €4.00 net for 2, 100 % of all."),
        (ReportKind.CUSTOMER, "1 customer bought; €4.00 net in all, most by customer 7 (A. B.)"),
    ],
)
def test_each_table_has_a_sentence(kind: ReportKind, sentence: str) -> None:
    assert table(kind, report(SOLD)).sentence.startswith(sentence)
    taken_back = table(kind, report(TAKEN_BACK)).sentence
    words = "Nothing was sold on this day, and €2.50 of other days' sales taken back."
    assert taken_back == words


def test_a_good_that_brought_nothing_is_not_called_the_best() -> None:
    both = SOLD + Tally(voids=2, voided_minor=400, to_send_minor=-400)
    assert table(ReportKind.GOODS, report(both)).sentence == "No good brought anything."
    unnamed = report(SOLD, good=LineKind.UNNAMED)
    assert table(ReportKind.GOODS, unnamed).sentence == "No sale names a good."


def test_days_without_a_sale_have_a_row_unless_they_are_many() -> None:
    days = table(ReportKind.DAY, report(SOLD, days=[(0, SOLD), (3, SOLD)]))
    assert [label for label, _ in days.bars] == ["03-02", "03-03", "03-04", "03-05"]
    assert "2 days with sales; most on 2026-03-02" in days.sentence
    far = table(ReportKind.DAY, report(SOLD, days=[(0, SOLD), (GAPS_MAX, SOLD)]))
    assert len(far.rows) == 2


def test_repayments_and_write_offs_are_columns_where_there_are_any() -> None:
    def headings(of: Report) -> list[str]:
        return [column.heading for column in table(ReportKind.CUSTOMER, of).columns][-3:]

    assert headings(report(SOLD)) == ["", "", ""]
    repaid = report(SOLD, repaid=CountAndSum(1, 150))
    assert headings(repaid) == ["repaid", "", "change of debt"]
    assert ("repayments", "1", "-€1.50") in summary_rows(repaid, EUR)
    written_off = report(SOLD, written_off=CountAndSum(1, 150))
    assert ("written off", "1", "-€1.50") in summary_rows(written_off, EUR)
    assert ("change of all debts", "", "€2.50") in summary_rows(written_off, EUR)


def test_repayments_that_were_taken_back_are_named_apart() -> None:
    taken_back = replace(
        report(SOLD, repaid=CountAndSum(3, -200)),
        paid_out=CountAndSum(1, 200),
        pay_ins_taken_back=CountAndSum(1, 500),
    )
    rows = summary_rows(taken_back, EUR)
    at = rows.index(("repayments", "2", "-€3.00"))
    assert rows[at + 1 : at + 3] == [
        ("  of them paid out", "1", "€2.00"),
        ("repayments taken back", "1", "€5.00"),
    ]


def test_what_is_late_or_doubtful_is_said_below() -> None:
    two = CountAndSum(2, 300)
    said = remarks(
        report(SOLD, sent_later=two, voids_of_outside=two, voided_outside=two, untrusted=two), EUR
    )
    assert [*said] == [
        "In the books on a later day only: 2 entries, €3.00.",
        "Voids of sales of other days: 2 voids, €3.00.",
        "Voided on other days: 2 sales, €3.00; the reports of those days take them back.",
        "The clock was not known to be set (2 entries, €3.00): day and hour of these are doubtful.",
    ]


def test_many_jumps_of_the_clock_are_counted() -> None:
    jump = ClockChange("2026-03-02T12:00:00.000+00:00", -61_000)
    said = [*remarks(report(SOLD, clock_changes=(jump,) * (CLOCK_CHANGES_MAX + 1)), EUR)]
    assert said[0].startswith("The clock jumped back by 61 s at 2026-03-0")
    assert said[-1] == "It jumped 1 more time."
    assert len(said) == CLOCK_CHANGES_MAX + 1
    assert len([*remarks(report(SOLD, clock_changes=(jump,)), EUR)]) == 1


@pytest.mark.parametrize("count", [1, 7, 24, 31, UPRIGHT_MAX, 400])
def test_standing_bars_and_their_labels_stay_inside(count: int) -> None:
    bars = [(f"03-{number}", Money(100 - 10 * number)) for number in range(count)]
    chart = ET.fromstring(upright(bars, EUR, "net"))
    height = int(chart.attrib["viewBox"].split()[3])
    rectangles = [*chart.iter("rect")]
    assert len(rectangles) == min(count, UPRIGHT_MAX)
    for bar in rectangles:
        left, top, width, length = (int(bar.attrib[key]) for key in ("x", "y", "width", "height"))
        assert (left >= 0, left + width <= WIDTH, width > 0) == (True, True, True)
        assert (top >= 0, top + length <= height) == (True, True)
    labels = sorted(
        int(text.attrib["x"]) for text in chart.iter("text") if "-" in (text.text or "")
    )
    assert labels
    assert all(20 <= middle <= WIDTH - 20 for middle in labels)


def test_lying_bars_are_the_first_ones_and_all_may_be_zero() -> None:
    chart = ET.fromstring(lying([("Tea", Money(0))] * (BARS_MAX + 5), EUR, '"quoted" & <b>'))
    assert {bar.attrib["width"] for bar in chart.iter("rect")} == {"0"}
    assert len([*chart.iter("rect")]) == BARS_MAX
    assert chart.attrib["aria-label"] == '"quoted" & <b>'
