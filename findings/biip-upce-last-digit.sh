#!/bin/sh
# biip 5.2.0: a scanned UPC-E is the good's GTIN-12, or another number as a GTIN-8, depending on its last digit but one.
#
# Small goods bear a UPC-E, a GTIN-12 (UPC-A) with its zeros left out; many scanners send its 8 digits as they are.
# One would guess that biip, which reads UPC-E, gives for it the GTIN of the UPC-A. It tries a GTIN-8 (EAN-8) first,
# by the check digit. A UPC-E has the check digit of its UPC-A, and where the last digit but one is 5 to 9 the zeros
# stand so that the weights of the others stay: the check digit is always that of an EAN-8, too. Of those biip's
# `gtin` is a GTIN-8 (01234565), of the others (but for a chance of 1 in 10) the GTIN-12 (01234531 is 012300000451).
# A list of goods with the GTINs of UPC-A finds the one and not the other. python-stdnum 2.2 takes the same half for
# EANs.
#
# Source: biip/_parser.py, biip/upc.py (expansion). The cure: let the scanner send UPC-E as UPC-A (a setting of
# most), or take `upc` before `gtin` where EAN-8 is not in use. Ends with 0 unchanged, 1 changed, 69 not installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet biip==5.2.0 python-stdnum==2.2; } || exit 69
"$room/bin/python" - <<'EOF'
import sys

import biip
from biip.upc import Upc
from stdnum import ean

SEEN = ["GTIN_12"] * 5 + ["GTIN_8"] * 5

formats, eans, same = [], [], []
for last in range(10):
    upc = Upc.parse(f"012345{last}")  # number system 0, the digits 12345 and the last one, no check digit
    upca = upc.as_upc_a()
    upce = Upc.parse(upca).as_upc_e()
    read = biip.parse(upce)
    formats.append(read.gtin.format.name)
    eans.append(ean.is_valid(upce))
    same.append(read.gtin.as_gtin_14() == biip.parse(upca).gtin.as_gtin_14())
    print(f"UPC-E {upce}: {formats[-1]} {read.gtin.value}, UPC-A {upca}, same GTIN: {same[-1]}, stdnum: {eans[-1]}")
sys.exit((formats, same, eans) != (SEEN, [True] * 5 + [False] * 5, [False] * 5 + [True] * 5))
EOF
