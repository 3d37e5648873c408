"""GNetPlus frames of GIGA-TMS and Promag readers, in ASCII and in binary; both are polled.

Sources: TM970014 revision H, annexes A and B, and TM970013 revision D. The manual sends the low
byte of the CRC first, the library mifarepy 3.0.0 the high one: both are accepted, and a request
that is not answered is sent the other way round. These readers deliver the UID with its last byte
first.
"""

from typing import Literal

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, Signal
from taptill.readers.frames.checksums import CRC16_IBM_REVERSED, crc16
from taptill.readers.frames.length_prefixed import LengthPrefixedFormat
from taptill.readers.frames.polled import request_sequence

# Address 0, the commands Request (is there a card?) and Anticollision (which one?), no content.
_REQUEST, _ANTICOLLISION = b"\x00\x20\x00", b"\x00\x21\x00"
_ACK, _NAK, _NO_TAG = 0x06, 0x15, b"\x1f"
_HEAD = 3
_CRC_SIZE = 2
_ATQA_SIZE = 2


def read_answer(answer: bytes) -> AnyFrame:
    """Return the frame of an answer: address, answer code, length and content."""
    if len(answer) < _HEAD or len(answer) < _HEAD + answer[2]:
        return BadFrame(Fault.TRUNCATED)
    content = answer[_HEAD:]
    if len(content) != answer[2]:
        return BadFrame(Fault.FRAMING)
    if answer[1] == _NAK and content == _NO_TAG:
        return Signal.NO_CARD
    if answer[1] != _ACK or not content:
        return BadFrame(Fault.READER_ERROR)
    return Signal.GO_ON if len(content) == _ATQA_SIZE else Frame(content.hex().upper())


def _in_line(octets: bytes) -> bytes:
    return b":" + octets.hex().upper().encode("ascii") + b"\r"


def _in_binary(octets: bytes, order: Literal["big", "little"]) -> bytes:
    return b"\x01" + octets + crc16(octets, CRC16_IBM_REVERSED).to_bytes(_CRC_SIZE, order)


def _size(buffer: bytes) -> int:
    return 1 + _HEAD + buffer[3] + _CRC_SIZE if len(buffer) > _HEAD else 0


def _read(frame: bytes) -> AnyFrame:
    payload, checksum = frame[1:-_CRC_SIZE], frame[-_CRC_SIZE:]
    crc = crc16(payload, CRC16_IBM_REVERSED)
    if crc not in (int.from_bytes(checksum, "big"), int.from_bytes(checksum, "little")):
        return BadFrame(Fault.CHECKSUM)
    return read_answer(payload)


BINARY = LengthPrefixedFormat(b"\x01", _size, _read)
POLL = request_sequence(_in_line(_REQUEST), _in_line(_ANTICOLLISION))
POLL_BINARY = request_sequence(
    *(_in_binary(one, "big") for one in (_REQUEST, _ANTICOLLISION)),
    fallback_requests=tuple(_in_binary(one, "little") for one in (_REQUEST, _ANTICOLLISION)),
)
