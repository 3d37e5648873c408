"""A currency's code in, its digits, its sign or the nearest code out."""

import pytest
from tests.config.files import complaints, text

from taptill.domain.currencies import iso4217
from taptill.domain.currencies.writing import SIGNS, USAGES, amount, figure, sign_of
from taptill.domain.money import Currency, Money

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
    "QQQ": "QQQ is not in ISO 4217, the nearest code is ",
}


@pytest.mark.parametrize("code", COMPLAINTS)
def test_a_code_nobody_pays_in_is_told_with_the_nearest(code: str) -> None:

    assert iso4217.complaint_about(code).startswith(COMPLAINTS[code])


def test_each_currency_stands_in_one_list_only() -> None:
    """No code twice, none that is both in use and withdrawn, and each successor in use."""
    listed = [code for codes in iso4217._WITH_DIGITS.values() for code in codes.split()]
    assert len(listed) == len(set(listed)) == 155
    assert not set(listed) & (set(iso4217._NO_MONEY.split()) | set(iso4217.REPLACED))
    assert set(iso4217.REPLACED.values()) <= set(listed)


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
    ("XCG", "en"): ("Cg.0.30", "-Cg.12.30"),
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


def test_every_currency_has_a_sign_in_every_language() -> None:
    """Its own one where CLDR knows one, else its code: never another currency's."""
    for language in USAGES:
        signs = [sign_of(Currency.named(code), language) for code in iso4217.DIGITS]
        assert len(set(signs)) == len(signs)
        assert set(SIGNS[language]) <= set(iso4217.DIGITS)


@pytest.mark.parametrize("code", ["JPN", "KWT", "XAU", "DEM"])
def test_the_config_refuses_what_nobody_pays_in(code: str) -> None:
    (complaint,) = complaints(text(till=f'currency = "{code}"'))
    assert complaint.startswith(f'[till] currency = "{code}" must be a text: three capital letters')
    assert complaint.endswith(iso4217.complaint_about(code))
