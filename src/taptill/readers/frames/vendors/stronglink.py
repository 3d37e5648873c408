"""Binary frames of StrongLink's SL025, SL030, SL031 and SL032, which are polled.

Sources: StrongLink SL025M manual, page 7, and SL032 manual, page 8.
"""

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Signal
from taptill.readers.frames.checksums import xor_checksum
from taptill.readers.frames.length_prefixed import LengthPrefixedFormat
from taptill.readers.frames.polled import request_sequence
from taptill.readers.frames.vendors.uids import uid_frame

_LENGTH_MIN = 3
_SELECT_COMMAND, _NO_TAG_STATUS = 0x01, 0x01


def _size(buffer: bytes) -> int:
    """Layout: BD, length of what follows, command, status, UID, type, checksum of all before."""
    if len(buffer) < 2:  # noqa: PLR2004 - start and length
        return 0
    return buffer[1] + 2 if buffer[1] >= _LENGTH_MIN else -1


def _read(frame: bytes) -> AnyFrame:
    if xor_checksum(frame):
        return BadFrame(Fault.CHECKSUM)
    if frame[2] != _SELECT_COMMAND:
        return BadFrame(Fault.FRAMING)
    if frame[3]:
        no_card = frame[3] == _NO_TAG_STATUS
        return Signal.NO_CARD if no_card else BadFrame(Fault.READER_ERROR)
    # The first half of a frame followed by a whole frame has a good checksum, but no card type.
    return uid_frame(frame[4:-2]) if frame[-2] else BadFrame(Fault.FRAMING)


SL0XX = LengthPrefixedFormat(b"\xbd", _size, _read)
POLL_SL0XX = request_sequence(bytes.fromhex("BA0201B9"))
