"""Octets in, check sums out: those that card readers use, and the digits they write."""

from functools import reduce
from operator import xor

HEX_DIGITS = frozenset(b"0123456789ABCDEFabcdef")

_PRESET = 0xFFFF
_LOW_BIT = 1
OCTET = 0xFF

CRC16_CCITT_REVERSED = 0x8408
"""Elatec; the answer carries the low byte first."""
CRC16_IBM_REVERSED = 0xA001
"""GNetPlus; sources disagree on which byte comes first."""


def xor_checksum(octets: bytes) -> int:
    """Give the exclusive or of all octets; zero where the last is the check of those before."""
    return reduce(xor, octets, 0)


def crc16(octets: bytes, polynomial: int) -> int:
    """Give a CRC-16 that shifts right, preset with ones."""
    crc = _PRESET
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (polynomial if crc & _LOW_BIT else 0)
    return crc
