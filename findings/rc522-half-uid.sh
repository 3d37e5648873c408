#!/bin/sh
# mfrc522 0.0.7, mfrc522-python 0.0.9, joyit-rc522 1.0.2: read_id() has three of the seven octets of a card's UID.
#
# The RC522 is the reader of many kits for a Raspberry Pi, and SimpleMFRC522.read_id() its drivers' way to say who
# taps. One would guess that the number is the card's UID. NTAG, Ultralight, DESFire and many MIFARE Classic of today
# have one of 7 octets, which a reader fetches in two turns (ISO/IEC 14443-3, cascade levels, commands 93 and 95).
# These drivers do the first only: the number is 88 ("more follows"), three octets, and the check octet of these four.
# The first octet is the maker's, 04 for NXP: two remain, 65536 numbers for all cards. If they are spread evenly, it is
# as likely as not that of 302 customers two have the same number. A UID of 4 octets is whole, but with its check octet
# behind it: other readers give another number for that card.
#
# Source: MFRC522_Anticoll (Anticoll in mfrc522-python) and uid_to_num, which takes five octets. No reader is needed:
# what a card answers is played below. The cure: pi-rc522 2.3.0, whose read_id() does both turns; cards that were
# enrolled with the others are enrolled again. Ends with 0 unchanged, 1 changed, 69 not installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
python3 -m venv "$room" || exit 69
for package in mfrc522==0.0.7 mfrc522-python==0.0.9 joyit-rc522==1.0.2 pi-rc522==2.3.0; do
  "$room/bin/pip" install --quiet --no-deps --target "$room/$package" "$package" || exit 69 # two are called mfrc522
done
ROOM="$room" "$room/bin/python" - <<'EOF'
import importlib
import os
import sys
from unittest.mock import MagicMock

CARDS = ("04A1B2C3D4E580", "04A1B2779F1681", "12345678")
HALF = [0x8804A1B29F, 0x8804A1B29F, 0x1234567808]
DRIVERS = {  # module, class that talks to the chip, its method, class with read_id(), what makes that give a number
    "mfrc522==0.0.7": ("mfrc522", "MFRC522", "MFRC522_ToCard", "SimpleMFRC522"),
    "mfrc522-python==0.0.9": ("mfrc522", "MFRC522", "MFRC522_ToCard", "SimpleMFRC522"),
    "joyit-rc522==1.0.2": ("JoyIT_RC522", "MFRC522", "MFRC522_ToCard", "SimpleMFRC522"),
    "pi-rc522==2.3.0": ("pirc522", "RFID", "card_write", "RFID", True),
}
sys.modules |= {name: MagicMock() for name in ("spidev", "RPi", "RPi.GPIO", "gpiozero")}
sys.modules["spidev"].SpiDev().xfer2.return_value = [0, 4]  # each register of the chip says "done"

def answer(chip, command, sent):
    """Return what the card answers: no error, its octets, and how many bits they are."""
    octets = {0x26: b"\x44\x00"}.get(sent[0], b"\x04\xda\x17")  # "here I am"; "selected, there is more"
    if sent[1:] == [0x20]:
        part = (b"\x88" + uid[:3], uid[3:])[sent[0] == 0x95] if len(uid) == 7 else uid
        octets = part + bytes([part[0] ^ part[1] ^ part[2] ^ part[3]])
    return 0, list(octets), 8 * len(octets)

for package, (module, chip, method, reader, *how) in DRIVERS.items():
    sys.path.insert(0, f"{os.environ['ROOM']}/{package}")
    driver = importlib.import_module(module)
    setattr(getattr(driver, chip), method, answer)
    read_id, seen = getattr(driver, reader)().read_id, []
    for uid in map(bytes.fromhex, CARDS):
        seen.append(read_id(*how))
    print(package, *(f"{card} is {number:X}" for card, number in zip(CARDS, seen)), sep=", ")
    if seen != ([int(card, 16) for card in CARDS] if how else HALF):
        sys.exit(1)
    for name in [one for one in sys.modules if one.startswith(module)]:
        del sys.modules[name]
EOF
