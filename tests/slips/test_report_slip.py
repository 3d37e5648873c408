"""The report of a shift on the receipt printer's paper: the figures of its page, in columns."""

from dataclasses import replace

import pytest
from tests.slips.test_escpos import WIDTHS, compare
from tests.ui.pictures.shown import z_report

from taptill.checkout.pages.page import phrase
from taptill.checkout.pages.shift_rows import report_rows
from taptill.domain.money import Money
from taptill.domain.reports.report import CountAndSum
from taptill.slips.code_pages import code_page
from taptill.slips.escpos import encode_rows
from taptill.slips.layout import Paper, lay_out_report
from taptill.ui import texts
from taptill.wiring.devices.report_printing import report_slip

AT = "2026-03-02T14:06:00.000Z"


@pytest.fixture(autouse=True)
def _in_utc(in_utc: None) -> None:
    """Print the time of the samples."""


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_z_is_these_bytes(columns: int) -> None:
    paper = Paper(columns=columns, header=("Café Röstfrisch",))
    words = texts.load("de")
    slip = report_slip(z_report(), "canteen-1", words, AT)
    compare(f"z-{columns}", encode_rows(lay_out_report(slip, paper, words), paper))


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("columns", WIDTHS)
def test_it_has_every_figure_of_the_page_and_fits_the_paper(columns: int, language: str) -> None:
    report, words = z_report(), texts.load(language)
    slip = report_slip(report, "canteen-1", words, AT)
    assert len(slip.rows) >= len(report_rows(report)) + 3
    rows = lay_out_report(slip, Paper(columns=columns, page=code_page("1252")), words)
    assert {len(row.text) for row in rows} == {columns}
    text = " ".join(row.text for row in rows)
    for cells in slip.rows:
        assert cells[-1] in text
    assert words.say("slip.no-tax") in text


def test_cash_that_was_taken_back_is_named_apart_as_voids_are() -> None:
    figures = z_report().figures
    figures = replace(
        figures,
        repaid=CountAndSum(5, 500),
        paid_out=CountAndSum(2, 0),
        pay_ins_taken_back=CountAndSum(1, 1000),
        pay_outs_taken_back=CountAndSum(1, 300),
    )
    rows = [row.cells for row in report_rows(replace(z_report(), figures=figures))]
    at = rows.index((phrase("row.paid-in"), "2", Money(1500)))
    assert rows[at + 1 : at + 4] == [
        (phrase("row.paid-in-taken-back"), "1", Money(-1000)),
        (phrase("row.paid-out"), "1", Money(-300)),
        (phrase("row.paid-out-taken-back"), "1", Money(300)),
    ]


def test_what_was_refused_has_a_heading() -> None:
    rows = [row.cells for row in report_rows(z_report())]
    at = rows.index((phrase("reason.no-credit.short"), "1", ""))
    assert rows[at - 2 : at] == [("",), (phrase("entry.declined"),)]
