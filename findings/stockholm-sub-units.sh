#!/bin/sh
# stockholm 0.5.7: a currency given as text has 2 digits, whichever it is: 1250 fils of Kuwait make 12.50 dinars.
#
# A till keeps amounts in minor units (yen have no digits, Kuwaiti dinars 3) and talks to the outside in decimals.
# stockholm knows the digits (Currency.KWD.decimal_digits is 3), so one would guess that Money(1250, "JPY") and
# Money(1250, Currency.JPY) are the same. They are equal by ==, and print the same currency, but the one with a
# text counts 100 minor units each: `sub_units` is off by a factor of 100, or 10, and so is from_sub_units(). All
# that comes out of a text, a dict or JSON (as_json() of the right one, too) is of that kind; so is Currency("JPY").
#
# Source: Money.sub_units and __init__ in stockholm/money.py (a str has no decimal_digits: 100). The cure: pass the
# object, getattr(Currency, code), and after from_json() once more. Ends with 0 unchanged, 1 changed, 69 not installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet stockholm==0.5.7; } || exit 69
"$room/bin/python" - <<'EOF'
import sys

from stockholm import Currency, Money

DIGITS = {"JPY": 0, "EUR": 2, "KWD": 3}  # ISO 4217
seen = {}
for code, digits in DIGITS.items():
    currency = getattr(Currency, code)
    text, known = Money(1250, code), Money(1250, currency)
    again = Money.from_json(known.as_json())
    units = [int(one.sub_units) for one in (known, text, again)]
    back = [Money.from_sub_units(1250, one).amount_as_string() for one in (currency, code)]
    seen[code] = (currency.decimal_digits, Currency(code).decimal_digits, text == known, units, back)
    print(f"1250 {code} in minor units: Currency.{code} {units[0]}, \"{code}\" {units[1]}, after JSON {units[2]}")
    print(f"     1250 minor units: Currency.{code} {back[0]}, \"{code}\" {back[1]}; equal: {text == known}")
sys.exit(
    seen
    != {
        "JPY": (0, 2, True, [1250, 125000, 125000], ["1250", "12.50"]),
        "EUR": (2, 2, True, [125000, 125000, 125000], ["12.50", "12.50"]),
        "KWD": (3, 2, True, [1250000, 125000, 125000], ["1.250", "12.50"]),
    }
)
EOF
