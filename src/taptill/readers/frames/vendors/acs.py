"""CCID frames on a serial line of ACS readers (ACR1281S, ACR122S, ACR122L), which are polled.

Sources: ACR1281S manual, pages 14 to 18; ACR122S communication protocol, page 9.
"""

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Signal
from taptill.readers.frames.checksums import xor_checksum
from taptill.readers.frames.length_prefixed import LengthPrefixedFormat
from taptill.readers.frames.polled import request_sequence
from taptill.readers.frames.vendors.uids import uid_frame

_ETX = 0x03
_HEADER_SIZE, _STATUS_SIZE = 11, 4
_DATA_BLOCK = 0x80
_SLOT_MASK, _SLOT_EMPTY = 0x03, 0x02
_SUCCESS, _NO_CARD = b"\x90\x00", b"\x63\x00"


def _size(buffer: bytes) -> int:
    """Layout: STX, a status byte and its copy, ETX; or STX, CCID header, content, checksum, ETX.

    The CCID header has ten octets.
    """
    if len(buffer) < _STATUS_SIZE:
        return 0
    if buffer[1] == buffer[2] and buffer[3] == _ETX:
        return _STATUS_SIZE
    if buffer[1] != _DATA_BLOCK:
        return -1
    return int.from_bytes(buffer[2:6], "little") + _HEADER_SIZE + 2


def _read(frame: bytes) -> AnyFrame:
    if len(frame) == _STATUS_SIZE:
        return BadFrame(Fault.READER_ERROR) if frame[1] else Signal.ACK
    if frame[-1] != _ETX:
        return BadFrame(Fault.FRAMING)
    if xor_checksum(frame[1:-1]):
        return BadFrame(Fault.CHECKSUM)
    uid, status_words = frame[_HEADER_SIZE:-4], frame[-4:-2]
    if len(frame) == _HEADER_SIZE + 2:
        no_card = frame[8] & _SLOT_MASK == _SLOT_EMPTY
        return Signal.NO_CARD if no_card else BadFrame(Fault.READER_ERROR)
    if status_words == _SUCCESS:
        return uid_frame(uid)
    return Signal.NO_CARD if status_words == _NO_CARD else BadFrame(Fault.READER_ERROR)


ACS = LengthPrefixedFormat(b"\x02", _size, _read)
# A CCID XfrBlock with the command GET DATA (FF CA 00 00 00).
POLL_ACS = request_sequence(bytes.fromhex("026F050000000000000000FFCA0000005F03"))
