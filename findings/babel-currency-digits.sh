#!/bin/sh
# Babel 2.19.0: format_currency shows fewer digits than the currency has, 1.50 forint as HUF2.
#
# Amounts are kept in minor units by ISO 4217 (a forint has 2 digits, an Iraqi dinar 3). One would guess that Babel
# shows as many, since it takes the digits from the currency and not from the locale. It takes them from CLDR, which
# says how many are shown in everyday life: none for HUF, COP, IDR, LBP, IQD and a dozen more, and the amount is
# rounded half to even without a word. The receipt then says another sum than the one that is booked.
#
# Source: get_currency_precision in babel/numbers.py; `currencyData/fractions` in CLDR's supplementalData.xml; the
# column CcyMnrUnts of ISO 4217's list one, which iso4217 1.16.20260101 carries. The cure: a pattern with ISO's
# digits and currency_digits=False, as in the last line. Ends with 0 unchanged, 1 changed, 69 not installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet babel==2.19.0 iso4217==1.16.20260101; } || exit 69
"$room/bin/python" - <<'EOF'
import sys
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision
from iso4217 import Currency

FEWER = "AFN ALL COP HUF IDR IQD IRR KPW LAK LBP MGA MMK SOS SYP YER".split()
SHOWN = {("1.50", "HUF"): "HUF2", ("2.50", "HUF"): "HUF2", ("1.250", "IQD"): "IQD1", ("1.50", "EUR"): "€1.50"}


def shown(amount, code, **how):
    return format_currency(Decimal(amount), code, locale="en", **how)


digits = {one.code: (one.exponent, get_currency_precision(one.code)) for one in Currency if one.exponent}
fewer = sorted(code for code, (iso, cldr) in digits.items() if cldr != iso)
print("ISO's digits and CLDR's:", *(f"{code} {digits[code][0]}/{digits[code][1]}" for code in fewer))
seen = {one: shown(*one) for one in SHOWN}
for (amount, code), text in seen.items():
    print(f"{amount} {code}: {text}")
whole = shown("1.250", "IQD", format="¤#,##0.000", currency_digits=False)
print("1.250 IQD with a pattern of three digits and currency_digits=False:", whole)
sys.exit((fewer, seen, whole) != (FEWER, SHOWN, "IQD1.250"))
EOF
