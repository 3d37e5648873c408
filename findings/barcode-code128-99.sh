#!/bin/sh
# python-barcode 0.16.1: a Code 128 of a number that begins with 99 is read without these two digits.
#
# Vouchers, staff cards and shelf labels bear a number as Code 128. One would guess that a scanner reads what is printed
# below the bars. Code 128 has three sets of characters; set C has a pair of digits in one character, 00 to 99, and its
# character 99 is "go on with set C" in the two others. The library begins with set C and, to save a character, takes a
# "go on with set B" away that comes first and begins with that set instead. It takes a pair 99 at the front for such a
# one and away, too. The check character is that of the shorter number, and every scanner reads it without complaint:
# 998419 is 8419. A 99 elsewhere is there, and so is one behind a letter, or behind the FNC1 of a GS1-128.
# python-escpos 3.1 prints with it where the printer has no Code 128 of its own, or with force_software=True.
#
# Source: Code128._try_to_optimize in barcode/codex.py and the table TO in barcode/charsets/code128.py. zxing-cpp 3.1.1
# is the scanner here. The cure: a subclass without that step, as below. Ends with 0 unchanged, 1 changed, 69 not
# installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet python-barcode==0.16.1 pillow==13.0.0 zxing-cpp==3.1.1 \
  python-escpos==3.1; } || exit 69
"$room/bin/python" - <<'EOF'
import logging
import sys

import zxingcpp
from barcode import Code128
from barcode.writer import ImageWriter
from escpos.printer import Dummy

SEEN = {"998419": "8419", "99841A": "841A", "999984": "9984", "849919": "849919", "A998419": "A998419"}


class Whole(Code128):
    def _try_to_optimize(self, encoded):
        return encoded


def read(image):
    return " ".join(found.text for found in zxingcpp.read_barcodes(image))


def printed(kind, text):
    return read(kind(text, writer=ImageWriter()).render({"quiet_zone": 10, "write_text": False}))


class Receipt(Dummy):
    def image(self, image, **how):
        slips.append(read(image))


seen = {text: printed(Code128, text) for text in SEEN}
cured = {text: printed(Whole, text) for text in SEEN}
slips = []
logging.disable()
Receipt().barcode("998419", "CODE128", force_software=True)
for text, number in seen.items():
    print(f"{text} is read as {number}, without that step as {cured[text]}")
print(f"998419 on a receipt of python-escpos is read as {slips[0]}")
sys.exit((seen, cured, slips) != (SEEN, {text: text for text in SEEN}, ["8419"]))
EOF
