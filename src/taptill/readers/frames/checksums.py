"""Checksums that card readers use."""

from functools import reduce
from operator import xor

HEX_DIGITS = frozenset(b"0123456789ABCDEFabcdef")

_PRESET = 0xFFFF
_LOW_BIT = 1
OCTET = 0xFF

CRC16_CCITT_REVERSED = 0x8408
"""Polynomial of Elatec's CRC; the answer carries the low byte first."""
CRC16_IBM_REVERSED = 0xA001
"""Polynomial of GNetPlus' CRC; sources disagree on which byte comes first."""


def xor_checksum(octets: bytes) -> int:
    """Return the exclusive or of all octets; 0 where the last is the checksum of those before."""
    return reduce(xor, octets, 0)


def crc16(octets: bytes, polynomial: int) -> int:
    """Return a CRC-16 that shifts right and starts with all ones."""
    crc = _PRESET
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (polynomial if crc & _LOW_BIT else 0)
    return crc
