#!/bin/sh
# mt-940 5.1.1: the reversal of a credit in a bank statement (MT940, mark RC) is a positive amount.
#
# Who settles debts by bank transfer reads the bank's MT940 file. When the bank takes a credit back (a recall, a
# bounced payment) the line :61: is marked RC, and the balance falls. One would guess that the library, which
# gives a debit (D) a minus sign, gives RC one too, so that the opening balance and all amounts make the closing
# balance. By default only D is negative: an RC counts as money received, and is off by twice its amount.
#
# Source: class Amount in mt940/models.py and `reversal_sign` in mt940/options.py; the README has it in its table
# of options (issue 130 of the project). The cure: pass Options(reversal_sign=True), and add the amounts up.
# Ends with 0 unchanged, 1 changed, 69 not installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet mt-940==5.1.1; } || exit 69
"$room/bin/python" - <<'EOF'
import sys
from decimal import Decimal

import mt940

STATEMENT = """:20:STATEMENT
:25:10020030/1234567
:28C:1/1
:60F:C260101EUR100,00
:61:2601020102C10,00NTRFNONREF
:86:debt of May
:61:2601030103RC10,00NTRFNONREF
:86:debt of May, taken back
:62F:C260103EUR100,00
"""


def amounts(**how):
    return [one.data["amount"].amount for one in mt940.parse(STATEMENT, **how)]


plain = amounts()
signed = amounts(options=mt940.Options(reversal_sign=True))
print("the bank's balance: 100.00 before, 100.00 after; the second amount is a reversal of the first")
print("amounts by default:     ", *plain, " balance reckoned:", 100 + sum(plain))
print("amounts, reversal_sign: ", *signed, " balance reckoned:", 100 + sum(signed))
ten = Decimal("10.00")
sys.exit((plain, signed) != ([ten, ten], [ten, -ten]))
EOF
