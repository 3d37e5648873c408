"""What a shift's report says in words, and that text and JSON say the same of every journal."""

import json
import re
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from tests.journal.played import STEPS, PlayedJournal, PlayedStep

from taptill.cli.report.plain import SLIP_WIDTH, csv_text, json_text, slip_lines
from taptill.cli.report.shift import shift_printout
from taptill.cli.report.shift_tables import identities_table, overrides_table
from taptill.cli.report.summary import shift_remarks, shift_rows
from taptill.domain.money import Currency, Money
from taptill.domain.reports.shift_report import Cash, ShiftReport

EUR = Currency("EUR")


@pytest.fixture(scope="module")
def report() -> ShiftReport:
    till = PlayedJournal()
    with closing(till.file):
        for _ in range(6):
            till.sell(1, 250, [["Cake", 250, 1, "B"]])
        return till.close_shift(Money(4950))


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_text_csv_and_json_show_the_same_figures_of_every_shift(steps: list[PlayedStep]) -> None:
    till = PlayedJournal()
    with closing(till.file):
        for step in steps:
            till.play(step)
        report = till.running()
    assume(report.currency == "EUR")  # a journal without a sale does not know what it sells in
    printout = shift_printout(report, None)
    document, lines = json.loads(json_text(printout)), [*slip_lines(printout)]
    assert max(map(len, lines)) <= SLIP_WIDTH
    shown = [re.sub("[€,]", "", line.split()[-1]) for line in lines if "€" in line]
    assert document["total"]["gross"] in shown
    assert document["total"]["net"] in shown
    for rows in document["tables"].values():
        assert {row["net"] for row in rows} <= {*shown}
    table = csv_text(printout).splitlines()
    assert len(table) == len(document["rows"]) + 1
    assert all(one["holds"] for one in document["identities"])


def test_sums_that_do_not_agree_are_shouted(report: ShiftReport) -> None:
    assert identities_table(report, EUR).sentence == "In 8 ways, and all agree."
    forged = replace(report, figures=replace(report.figures, hours=()))
    sentence = identities_table(forged, EUR).sentence
    assert sentence.startswith("THIS DOES NOT AGREE: sum by hour = net (€0.00 against €15.00).")


def test_a_drawer_that_was_not_counted_has_no_difference(report: ShiftReport) -> None:
    def cash(of: Cash) -> list[tuple[str, str]]:
        rows = shift_rows(replace(report, cash=of), EUR)
        names = ("cash", "difference", "  paid")
        return [(words, amount) for words, _, amount in rows if words.startswith(names)]

    assert cash(Cash()) == [("cash at the opening", "not counted"), ("cash counted", "not counted")]
    assert cash(Cash(opening_minor=5000, paid_out_minor=100, counted_minor=4850)) == [
        ("cash at the opening", "€50.00"),
        ("  paid out", "-€1.00"),
        ("cash expected", "€49.00"),
        ("cash counted", "€48.50"),
        ("difference", "-€0.50"),
    ]


def test_overrides_name_both_people_and_the_reason(report: ShiftReport) -> None:
    (said, *_) = shift_remarks(report, EUR)
    assert said.endswith("no-credit: sold by nobody logged in, allowed by Sam: said so.")
    assert overrides_table(report).sentence == "2 declines were overridden, by Sam."
    nothing = replace(report, figures=replace(report.figures, overrides=()))
    assert overrides_table(nothing).sentence == "Nothing was overridden."


def test_a_shift_in_two_currencies_can_be_closed_and_says_so(report: ShiftReport) -> None:
    """Else it could never be closed: the entries stay as they are."""
    figures = replace(report.figures, currencies=("CHF", "EUR"))
    said = [*shift_remarks(replace(report, figures=figures), EUR)]
    assert "Sums mix CHF and EUR: do not trust them." in said
