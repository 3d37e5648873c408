"""Binary frames of Gwiot's 7941E, which sends by itself, and 7941W, which is polled.

Sources: 7941E, github.com/gutierrezps/gwiot7941e and github.com/herra/rfidtagsclone; 7941W,
github.com/msmidik/7941w_raspberry.
"""

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Signal
from taptill.readers.frames.checksums import xor_checksum
from taptill.readers.frames.length_prefixed import LengthPrefixedFormat
from taptill.readers.frames.polled import alternating_requests
from taptill.readers.frames.vendors.uids import UID_SIZES, uid_frame

_ETX = 0x03
_NO_CARD_STATUS = 0x80


def _size_7941e(buffer: bytes) -> int:
    """Layout: STX, length of the whole frame, type, id, checksum of length to id, ETX."""
    if len(buffer) < 2:  # noqa: PLR2004 - start and length
        return 0
    return buffer[1] if buffer[1] - 5 in UID_SIZES else -1


def _read_7941e(frame: bytes) -> AnyFrame:
    if frame[-1] != _ETX:
        return BadFrame(Fault.FRAMING)
    return BadFrame(Fault.CHECKSUM) if xor_checksum(frame[1:-1]) else uid_frame(frame[3:-2])


def _size_7941w(buffer: bytes) -> int:
    """Layout: CD DC, address, status, length of the id, id, checksum of all after the start."""
    return 6 + buffer[4] if len(buffer) > 4 else 0  # noqa: PLR2004 - up to the length


def _read_7941w(frame: bytes) -> AnyFrame:
    if xor_checksum(frame[2:]):
        return BadFrame(Fault.CHECKSUM)
    return Signal.NO_CARD if frame[3] == _NO_CARD_STATUS else uid_frame(frame[5:-1])


GWIOT_7941E = LengthPrefixedFormat(b"\x02", _size_7941e, _read_7941e)
GWIOT_7941W = LengthPrefixedFormat(b"\xcd\xdc", _size_7941w, _read_7941w)

# The first request asks for the id of an EM card, the second for the UID of a MIFARE card.
POLL_7941W = alternating_requests(bytes.fromhex("ABBA00150015"), bytes.fromhex("ABBA00100010"))
