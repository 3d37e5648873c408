"""A currency's code in, its digits, its sign or the nearest code out."""

import re
from decimal import Decimal

import pytest
from tests.config.files import complaints, text

from taptill.domain.currencies import iso4217
from taptill.domain.currencies.writing import SIGNS, USAGES, amount, figure, sign_of
from taptill.domain.money import Currency, Money
from taptill.service.files.amounts import DecimalMark, currency_signs
from taptill.service.files.amounts import parse_amount as read_cell

COMPLAINTS = {
    "EUR": "",
    "KWD": "",
    "JPN": "JPN is not in ISO 4217, the nearest code is JPY",
    "KWT": "KWT is not in ISO 4217, the nearest code is KWD",
    "XAU": "XAU is no currency to pay in, the nearest code is XAF",
    "HRK": "HRK was withdrawn, EUR took its place",
    "BGN": "BGN was withdrawn, EUR took its place",
    "VEF": "VEF was withdrawn, VES took its place",
    "DEU": "DEU is not in ISO 4217, the nearest code is EUR",
    "GPB": "GPB is not in ISO 4217, the nearest code is GBP",
    "UDS": "UDS is not in ISO 4217, the nearest code is USD",
    "RUE": "RUE is not in ISO 4217, the nearest code is EUR",
    "eur": "eur is written EUR",
    " Eur": " Eur is written EUR",
    "gpb": "gpb is not in ISO 4217, the nearest code is GBP",
    "dem": "dem was withdrawn, EUR took its place",
    "RMB": "RMB is not in ISO 4217, the nearest code is CNY",
    "rmb": "rmb is not in ISO 4217, the nearest code is CNY",
    "euro": "euro is not in ISO 4217, the nearest code is EUR",
    "NTD": "NTD is not in ISO 4217, the nearest code is TWD",
    "SFR": "SFR is not in ISO 4217, the nearest code is CHF",
    "USA": "USA is not in ISO 4217, the nearest code is USD",
    "ERU": "ERU is not in ISO 4217, the nearest code is EUR",
    "€": "€ is not in ISO 4217, the nearest code is EUR",
    "£": "£ is not in ISO 4217, the nearest code is GBP",
    "$": "$ is not in ISO 4217, the nearest code is USD",
    "": "'' is not in ISO 4217: write a code of three capitals, such as EUR",
    "978": "'978' is not in ISO 4217: write a code of three capitals, such as EUR",
    "ＥＵＲ": "'ＥＵＲ' is not in ISO 4217: write a code of three capitals, such as EUR",
    "QQQ": "QQQ is not in ISO 4217, the nearest code is ",
}


@pytest.mark.parametrize("code", COMPLAINTS)
def test_a_code_nobody_pays_in_is_told_with_the_nearest(code: str) -> None:

    assert iso4217.complaint_about(code).startswith(COMPLAINTS[code])


def test_each_currency_stands_in_one_list_only() -> None:
    """No code twice, none that is both in use and withdrawn, and each successor in use."""
    listed_codes = [code for codes in iso4217._WITH_DIGITS.values() for code in codes.split()]
    assert len(listed_codes) == len(set(listed_codes)) == 155
    assert not set(listed_codes) & (set(iso4217._NO_MONEY.split()) | set(iso4217.REPLACED))
    assert set(iso4217.REPLACED.values()) <= set(listed_codes)


def test_books_in_a_withdrawn_currency_are_still_read() -> None:
    assert Currency.named("HRK").text(Money(1230)) == "12.30"


AMOUNTS = {
    ("EUR", "en"): ("€0.30", "-€12.30"),
    ("EUR", "de"): ("0,30 €", "-12,30 €"),
    ("EUR", "fr"): ("0,30 €", "-12,30 €"),
    ("EUR", "es"): ("0,30 €", "-12,30 €"),
    ("USD", "fr"): ("0,30 $US", "-12,30 $US"),
    ("KWD", "en"): ("KWD 0.030", "-KWD 1.230"),
    ("KWD", "de"): ("0,030 KWD", "-1,230 KWD"),
    ("JPY", "de"): ("30 ¥", "-1230 ¥"),
    ("CHF", "fr"): ("0,30 CHF", "-12,30 CHF"),
    ("XCG", "en"): ("Cg. 0.30", "-Cg. 12.30"),
    ("XCG", "es"): ("0,30 Cg.", "-12,30 Cg."),
    ("CAD", "en"): ("CA$0.30", "-CA$12.30"),
    ("XOF", "en"): ("F CFA 30", "-F CFA 1230"),
    ("", "de"): ("0,30", "-12,30"),
}


@pytest.mark.parametrize("case", AMOUNTS, ids=" ".join)
def test_an_amount_is_written_as_the_language_does(case: tuple[str, str]) -> None:
    code, language = case
    currency = Currency.named(code)
    small, large = AMOUNTS[case]
    assert (amount(Money(30), currency, language)) == small
    assert (amount(Money(-1230), currency, language)) == large
    assert figure(Money(30), currency, language) in small


@pytest.mark.parametrize("code", iso4217.DIGITS)
def test_every_amount_is_read_back_by_whoever_knows_the_language(code: str) -> None:
    """In each language: minus, sign, a blank but behind a symbol, and digits that stand alone."""
    currency = Currency.named(code)
    for language, usage in USAGES.items():
        for minor in (0, 7, 30, -1, -1230, 123_456_789):
            written = amount(Money(minor), currency, language)
            sign = re.escape(sign_of(currency, language))
            digits = rf"(?P<figure>\d+(?:{re.escape(usage.mark)}\d+)?)"
            first = rf"(?P<minus>-?){sign}(?:(?<=[^\w.]) ?|(?<=[\w.]) ){digits}"
            form = first if usage.sign_first else rf"(?P<minus>-?){digits} {sign}"
            read = re.fullmatch(form, written)
            assert read, written
            text = read["minus"] + read["figure"].replace(usage.mark, ".")
            assert currency.parse(text) == Money(minor)
            mark = DecimalMark.POINT if usage.mark == "." else DecimalMark.COMMA
            assert read_cell(written, mark, currency_signs(code)) == Decimal(text)


def test_an_unofficial_code_is_no_code_and_means_one() -> None:
    meant = iso4217._by_meaning(iso4217._UNOFFICIAL)
    assert set(meant.values()) <= set(iso4217.DIGITS)
    assert not set(meant) & (set(iso4217.DIGITS) | set(iso4217.REPLACED))


def test_every_currency_has_a_sign_in_every_language() -> None:
    """Its own one where CLDR knows one, else its code: never another currency's."""
    for language in USAGES:
        signs = [sign_of(Currency.named(code), language) for code in iso4217.DIGITS]
        assert len(set(signs)) == len(signs)
        assert set(SIGNS[language]) <= set(iso4217.DIGITS)


@pytest.mark.parametrize("code", ["JPN", "KWT", "XAU", "DEM", "eur", "euro", "GPB"])
def test_the_config_refuses_what_nobody_pays_in(code: str) -> None:
    (complaint,) = complaints(text(till=f'currency = "{code}"'))
    assert complaint.startswith(f'[till] currency = "{code}" must be a text: three capital letters')
    assert complaint.endswith(iso4217.complaint_about(code))
