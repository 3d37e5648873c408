#!/bin/sh
# adafruit-circuitpython-ds3231 2.4.28 and -ds1307 2.1.27: a clock chip in 12-hour mode reads 3 pm as 23 o'clock.
#
# A Raspberry Pi without network takes its time from such a chip, which keeps its registers on a battery. The chip
# counts 24 or 12 hours, by bit 6 of the hours register; with 12, bit 5 is "pm". One would guess that a driver asks
# bit 6, as Linux's own does (rtc-ds1307). These never do: they mask it off and take bit 5 for twenty hours. On a
# module that was last set for 12 hours (another program, another board) each morning is right, 1 to 3 pm are read
# as 21 to 23 o'clock, a plausible time on the receipt and in the journal, and later ones as hours up to 32.
#
# Source: BCDDateTimeRegister.__get__ in adafruit_register/i2c_bcd_datetime.py 1.13.0 (the mask 0x3F); the hours
# register 02h in the data sheets of DS3231 and DS1307 (figure and table "Timekeeper Registers"). No chip is needed:
# a bus is played below with the chip's registers. The cure: write the time once by the driver, which sets 24
# hours, or leave the chip to the kernel. Ends with 0 unchanged, 1 changed, 69 not installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet adafruit-circuitpython-ds3231==2.4.28 \
  adafruit-circuitpython-ds1307==2.1.27 adafruit-circuitpython-register==1.13.0 \
  adafruit-circuitpython-busdevice==5.2.17 adafruit-blinka==10.0.0; } || exit 69
"$room/bin/python" - <<'EOF'
import sys

from adafruit_ds1307 import DS1307
from adafruit_ds3231 import DS3231


class Bus:
    """An I2C bus with a chip at 0x68 with these registers from 00h on, and zeros after them."""

    def __init__(self, *registers):
        self.registers = bytes(registers).ljust(0x20, b"\0")

    def try_lock(self):
        return True

    def unlock(self):
        """Nobody else is on this bus."""

    def writeto(self, address, buffer, **span):
        """Take the byte with which the driver looks for the chip."""

    def writeto_then_readfrom(self, address, out, into, *, in_start, in_end, **span):
        into[in_start:in_end] = self.registers[out[0] : out[0] + in_end - in_start]


def read(driver, hours):
    return driver(Bus(0x00, 0x30, hours, 0x05, 0x08, 0x01, 0x26)).datetime.tm_hour  # Thursday, 2026-01-08, :30:00


HOURS = {"9:30 am": 0x49, "12:30 pm": 0x72, "1:30 pm": 0x61, "3:30 pm": 0x63, "4:30 pm": 0x64}  # bit 6: 12 hours
for text, hours in HOURS.items():
    print(f"{text}, hours register {hours:02X}h: DS3231 {read(DS3231, hours)}, DS1307 {read(DS1307, hours)} o'clock")
print(f"15:30, hours register 15h (24 hours): {read(DS3231, 0x15)} o'clock")
seen = [[read(driver, hours) for hours in (*HOURS.values(), 0x15)] for driver in (DS3231, DS1307)]
sys.exit(seen != [[9, 32, 21, 23, 24, 15]] * 2)
EOF
