"""A slip is as wide as the paper, whatever stands on it, and says no name and no balance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.slips.samples import CHARGE, EUR, cash_slips, entry, slip, void_slip

from taptill.domain.entry import EntryKind
from taptill.domain.money import Currency, Money
from taptill.domain.sales.past import HistoryRow
from taptill.domain.slips.slip import SLIP_KINDS, Slip, SlipLine, SlipSum, slip_of
from taptill.slips.code_pages import CODECS, code_page
from taptill.slips.layout import Paper, lay_out_slip
from taptill.ui import texts

WORDS = {language: texts.load(language) for language in texts.LANGUAGES}


@pytest.fixture(autouse=True)
def _in_utc(in_utc: None) -> None:
    """Print the time of the samples."""


def rows(of: Slip, paper: Paper, language: str = "de") -> list[str]:
    return [row.text for row in lay_out_slip(of, paper, WORDS[language])]


def test_a_slip_of_32_columns_reads_so() -> None:
    paper = Paper(header=("Café Röstfrisch",), footer=("Bis bald – à bientôt",))
    assert [line.rstrip() for line in rows(slip(), paper)] == [
        "        Cafe Roestfrisch",
        "Cafe Roestfrisch",
        "                2026-03-02 12:07",
        "Verkauf 41",
        "Bedient von Jo",
        "--------------------------------",
        "Kaesekuchen               3,20 A",
        "Flat white with oat milk and an",
        "extra shot",
        "  2 x 4,50                9,00 B",
        "Betrag                    3,80",
        "Pfand zurueck            -0,25",
        "--------------------------------",
        "SUMME                  15,75 EUR",
        "davon Steuerschluessel A    3,20",
        "davon Steuerschluessel B    9,00",
        "",
        "Auf Ihr Konto, nicht bar bezahlt",
        "        Kein Steuerbeleg",
        "      Bis bald - a bientot",
    ]


def test_a_void_says_which_sale_it_takes_back() -> None:
    lines = [line.rstrip() for line in rows(void_slip(), Paper(columns=42), "en")]
    assert "Taken back: 44, of sale 41" in lines
    assert "GIVEN BACK                        EUR 4.50" in lines
    assert any(line.endswith(" 4.50 B") for line in lines)


def test_a_void_whose_sale_is_gone_has_its_amount_alone() -> None:
    void = entry(EntryKind.VOID, 9, -250, reason="wrong amount")
    found = slip_of(HistoryRow(void, None), "bar", EUR)
    assert found is not None
    assert (found.of, found.lines, found.total) == (0, (), Money(250))
    assert "Taken back: 9" in [line.rstrip() for line in rows(found, Paper(), "en")]


@pytest.mark.parametrize(
    ("which", "title", "total"),
    [
        ("paid in", "Bareinzahlung 45", "EINGEZAHLT             20,00 EUR"),
        ("paid out", "Barauszahlung 46", "AUSGEZAHLT              5,00 EUR"),
        ("taken back", "Zurueckgenommen: 47, von 45", "AUSGEZAHLT             20,00 EUR"),
    ],
)
def test_cash_says_who_paid_whom_and_that_it_was_cash(which: str, title: str, total: str) -> None:
    lines = [line.rstrip() for line in rows(cash_slips()[which], Paper())]
    assert title in lines
    assert total in lines
    assert "Bar bezahlt" in [line.strip() for line in lines]
    assert "Auf Ihr Konto, nicht bar bezahlt" not in lines
    assert sum(set(line) == {"-"} for line in lines) == 1


def test_a_copy_says_so_and_which_one() -> None:
    assert "COPY 2" in " ".join(rows(slip(copy=2), Paper(), "en"))
    assert "COPY" not in " ".join(rows(slip(), Paper(), "en"))


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_no_slip_names_the_customer_or_is_a_tax_receipt(language: str) -> None:
    text = "\n".join(rows(slip(), Paper(page=code_page("1252")), language))
    assert "A. B." not in text
    assert WORDS[language].say("slip.no-tax") in text


@pytest.mark.parametrize("kind", sorted(set(EntryKind) - SLIP_KINDS))
def test_other_entries_have_no_slip(kind: EntryKind) -> None:
    assert slip_of(HistoryRow(entry(kind, 1, 5), None), "bar", EUR) is None


def test_an_amount_is_written_in_the_currency_of_the_sale() -> None:
    yen = entry(EntryKind.CHARGE, 3, 320, lines=[["Tea", 320, 1]], currency="JPY")
    found = slip_of(HistoryRow(yen, yen), "bar", EUR)
    assert found is not None
    assert found.currency == Currency.named("JPY")
    assert any(line.rstrip().endswith("320 JPY") for line in rows(found, Paper(), "de"))


def test_the_amounts_of_one_tax_code_are_added_up() -> None:
    lines = (SlipLine("a", Money(100), 2, "A"), SlipLine("b", Money(50), 1, "A"))
    assert slip_of(HistoryRow(CHARGE, CHARGE), "bar", EUR) is not None
    of = Slip(till="b", number=1, at=CHARGE.at, lines=lines, total=Money(250), currency=EUR)
    assert of.taxes == (("A", Money(250)),)


def test_two_goods_of_one_name_and_price_keep_their_own_tax_codes() -> None:
    """What is eaten here and what is taken away; a part that is taken back may be of either."""
    lines = [["Soup", 500, 1, "A"], ["Soup", 500, 2, "B"], ["Tea", 200, 1, "A"]]
    sold = entry(EntryKind.CHARGE, 41, 1700, lines=lines, currency="EUR")
    found = slip_of(HistoryRow(sold, sold), "bar", EUR)
    assert found is not None
    assert found.taxes == (("A", Money(700)), ("B", Money(1000)))
    whole = slip_of(HistoryRow(entry(EntryKind.VOID, 42, -1700), sold), "bar", EUR)
    assert whole is not None
    assert whole.taxes == found.taxes
    part = entry(EntryKind.VOID, 43, -700, lines=[["Soup", 500, 1], ["Tea", 200, 1]])
    taken = slip_of(HistoryRow(part, sold), "bar", EUR)
    assert taken is not None
    assert [line.tax for line in taken.lines] == ["", "A"]


@pytest.mark.parametrize("name", ["\xa0", "\u3000 x", " " * 50, "\u200b", ""])
def test_blanks_of_any_kind_are_a_name_like_any_other(name: str) -> None:
    found = slip_of(HistoryRow(CHARGE, CHARGE), name, EUR)
    assert found is not None
    assert {len(row.text) for row in lay_out_slip(found, Paper(), WORDS["en"])} == {32}
    assert all(row.text.isascii() for row in lay_out_slip(found, Paper(), WORDS["en"]))


NAMES = st.text(max_size=60)
LINES = st.builds(
    SlipLine,
    name=NAMES,
    price=st.integers(-(10**9), 10**9).map(Money),
    quantity=st.integers(1, 99),
    tax=st.sampled_from(["", "A", "B7"]),
)
SLIPS = st.builds(
    Slip,
    till=NAMES,
    number=st.integers(1, 10**9),
    at=st.just(CHARGE.at),
    lines=st.lists(LINES, max_size=6).map(tuple),
    total=st.integers(0, 10**11).map(Money),
    sum=st.sampled_from(SlipSum),
    currency=st.sampled_from([EUR, Currency.named("JPY"), Currency.named("KWD")]),
    of=st.none() | st.integers(0, 10**9),
    staff=NAMES,
    copy=st.integers(0, 99),
)


@given(
    SLIPS,
    st.sampled_from([32, 42, 48]),
    st.sampled_from([*CODECS]),
    st.sampled_from(texts.LANGUAGES),
)
def test_every_row_has_exactly_the_papers_columns(
    of: Slip, columns: int, page: str, language: str
) -> None:
    """Also as bytes."""
    paper = Paper(columns=columns, page=code_page(page))
    made = lay_out_slip(of, paper, WORDS[language])
    assert {len(row.text) for row in made} == {columns}
    assert {len(paper.page.encoded(row.text)) for row in made} == {columns}


@given(SLIPS)
def test_no_price_is_broken(of: Slip) -> None:
    made = " \n".join(row.text for row in lay_out_slip(of, Paper(), WORDS["de"]))
    for line in of.lines:
        written = of.currency.text(line.total).replace(".", ",")
        assert f"{written} " in made
