"""An amount and a language in, what people of that language write out: `0,30 €`.

Source of signs, decimal marks and places: Unicode CLDR 49, locales en, de, fr and es (standard
currency format, without grouping). A currency that a language has no sign for goes by its code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from unicodedata import category

from taptill.domain.money import Currency, Money

_SIGNS: Mapping[str, str] = {
    "en": "AUD=A$ BRL=R$ CAD=CA$ CNY=CN¥ EUR=€ GBP=£ HKD=HK$ ILS=₪ INR=₹ JPY=¥ KRW=₩ MXN=MX$ "
    "NZD=NZ$ PHP=₱ TWD=NT$ USD=$ VND=₫ XAF=FCFA XCD=EC$ XCG=Cg. XOF=F_CFA XPF=CFPF",
    "de": "AUD=AU$ BRL=R$ CAD=CA$ CNY=CN¥ EUR=€ GBP=£ HKD=HK$ ILS=₪ INR=₹ JPY=¥ KRW=₩ MXN=MX$ "
    "NZD=NZ$ THB=฿ TWD=NT$ USD=$ VND=₫ XAF=FCFA XCD=EC$ XCG=Cg. XOF=F_CFA XPF=CFPF",
    "fr": "ARS=$AR AUD=$AU BMD=$BM BND=$BN BRL=R$ BZD=$BZ CAD=$CA CLP=$CL COP=$CO EUR=€ FJD=$FJ "
    "FKP=£FK GBP=£GB GIP=£GI ILS=₪ INR=₹ KRW=₩ LBP=£LB MXN=$MX NAD=$NA NZD=$NZ SBD=$SB SGD=$SG "
    "SRD=$SR TTD=$TT USD=$US UYU=$UY VND=₫ WST=$WS XAF=FCFA XCG=Cg. XOF=F_CFA XPF=FCFP",
    "es": "EUR=€ THB=฿ USD=US$ VND=₫ XCG=Cg. XPF=CFPF",
}

SIGNS: Mapping[str, Mapping[str, str]] = {
    language: {
        code: sign.replace("_", " ")
        for code, _, sign in (one.partition("=") for one in signs.split())
    }
    for language, signs in _SIGNS.items()
}
"""By language and code: the signs that differ from the code itself."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How a language writes amounts."""

    mark: str
    sign_first: bool


USAGES: Mapping[str, Usage] = {
    "en": Usage(".", sign_first=True),
    "de": Usage(",", sign_first=False),
    "fr": Usage(",", sign_first=False),
    "es": Usage(",", sign_first=False),
}
_PLAIN = "en"


def sign_of(currency: Currency, language: str) -> str:
    """Return a currency's sign in a language, else its code."""
    return SIGNS.get(language, SIGNS[_PLAIN]).get(currency.code, currency.code)


def figure(money: Money, currency: Currency, language: str) -> str:
    """Write an amount with the language's decimal mark and without a sign: `-12,30`."""
    return currency.text(money).replace(".", USAGES.get(language, USAGES[_PLAIN]).mark)


def amount(money: Money, currency: Currency, language: str, sign: str | None = None) -> str:
    """Write an amount with its sign: `€0.30`, `KWD 0.300`, `-0,30 €`; digits are not grouped.

    `sign` stands in for the language's own, where that cannot be shown.
    """
    sign, minus = sign or sign_of(currency, language), "-" if money.minor < 0 else ""
    figure_text = figure(abs(money), currency, language)
    if not sign:
        return f"{minus}{figure_text}"
    if not USAGES.get(language, USAGES[_PLAIN]).sign_first:
        return f"{minus}{figure_text} {sign}"
    # Unicode CLDR 49, currencySpacing: what is no symbol and no blank keeps apart from a digit. A
    # letter would be read as one word with it, and a full stop as the decimal mark.
    blank = "" if category(sign[-1])[0] in "SZ" else " "
    return f"{minus}{sign}{blank}{figure_text}"
