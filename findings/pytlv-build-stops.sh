#!/bin/sh
# pytlv 0.71: build() leaves out every field after an empty one, and writes lengths over 127 as no TLV reader takes.
#
# A terminal for bank cards (EMV) joins its fields as BER-TLV: tag, length, value. One would guess that an empty
# field, such as a card's sequence number that is not there, becomes a length of 00 or is left out, and no more. As
# soon as a value is empty, build() returns what it has so far: the fields after it (here the date) are missing, and
# what is there reads as complete. Of a value of 144 bytes (a certificate, tag 90) the length is one byte, 90, where
# X.690 8.1.3.5 wants the long form, 81 90, from 128 on: 90 says that 16 bytes of length follow. parse() of a correct
# length of 81 90 raises ValueError, since it takes 81 for a length of 129.
#
# Source: TLV.build (`return` in the loop), hexify and TLV.parse in pytlv/TLV.py. The cure: ber-tlv 0.0.6, which
# writes and reads all of that, as below. Ends with 0 unchanged, 1 changed, 69 not installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet pytlv==0.71 ber-tlv==0.0.6; } || exit 69
"$room/bin/python" - <<'EOF'
import sys

from ber_tlv.tlv import Tlv
from pytlv.TLV import TLV

FIELDS = {"9F02": "000000001050", "5F34": "", "9A": "260108"}  # amount, sequence number of the card, date
CERTIFICATE = {"90": "AB" * 144}


def pytlv(fields):
    return TLV(list(fields)).build(fields)


def ber_tlv(fields):
    return Tlv.build({int(tag, 16): bytes.fromhex(value) for tag, value in fields.items()}).hex().upper()


built, right = pytlv(FIELDS), ber_tlv(FIELDS)
heads = pytlv(CERTIFICATE)[:6], ber_tlv(CERTIFICATE)[:6]
try:
    read = str(TLV(["90"]).parse(ber_tlv(CERTIFICATE)))
except ValueError as error:
    read = f"ValueError: {error}"
print(f"amount, no sequence number, date: pytlv {built}")
print(f"                                  ber-tlv {right}")
print(f"144 bytes begin with: pytlv {heads[0]}..., ber-tlv {heads[1]}...; pytlv of the latter: {read}")
stopped = (built, right) == ("9F0206000000001050", "9F02060000000010505F34009A03260108")
sys.exit(not (stopped and heads == ("9090AB", "908190") and read.startswith("ValueError")))
EOF
