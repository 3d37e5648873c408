"""Binary frames with byte stuffing of YHY's readers, which are polled.

Source: github.com/mdeverdelhan/YHY523U-driver.
"""

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Signal
from taptill.readers.frames.checksums import xor_checksum
from taptill.readers.frames.length_prefixed import LengthPrefixedFormat
from taptill.readers.frames.polled import request_sequence
from taptill.readers.frames.vendors.uids import uid_frame

_HEADER_SIZE = 4
_LENGTH_MIN = 6
_STUFFED_BYTE, _STUFFING = 0xAA, 0x00
_ANTICOLLISION = b"\x02\x02"


def _size(buffer: bytes) -> int:
    """Layout: AA BB, length of the body, body.

    Each AA of the body but its last octet, the checksum, is followed by a stuffing 00, which the
    length does not count.
    """
    if len(buffer) < _HEADER_SIZE:
        return 0
    left = int.from_bytes(buffer[2:_HEADER_SIZE], "little")
    if left < _LENGTH_MIN:
        return -1
    end = _HEADER_SIZE
    if buffer.find(_STUFFED_BYTE, end, end + left - 1) < 0:  # as nearly always
        return end + left if end + left <= len(buffer) else 0
    while left:
        if end >= len(buffer):
            return 0
        is_stuffed = buffer[end] == _STUFFED_BYTE and left > 1  # the checksum is never stuffed
        if is_stuffed and end + 1 < len(buffer) and buffer[end + 1] != _STUFFING:
            return -1
        end += 1 + is_stuffed
        left -= 1
    return end


def _read(frame: bytes) -> AnyFrame:
    """Layout of the body: node, command, status, UID, checksum."""
    body = frame[_HEADER_SIZE:-1].replace(bytes([_STUFFED_BYTE, _STUFFING]), bytes([_STUFFED_BYTE]))
    if xor_checksum(body) != frame[-1]:
        return BadFrame(Fault.CHECKSUM)
    command, status, uid = body[2:4], body[4:5], body[5:]
    if command != _ANTICOLLISION:
        return Signal.NO_CARD if status != b"\x00" else Signal.GO_ON
    # The request before it found a card, so a failure here is one card or two that collide.
    return uid_frame(uid) if status == b"\x00" else BadFrame(Fault.READER_ERROR)


YHY = LengthPrefixedFormat(b"\xaa\xbb", _size, _read)
# A request for all cards (52), then the anticollision that names one.
POLL_YHY = request_sequence(
    bytes.fromhex("AABB0600FFFF01025251"), bytes.fromhex("AABB0500FFFF020200")
)
