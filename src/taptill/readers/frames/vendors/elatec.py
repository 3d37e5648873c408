"""Frames of Elatec's TWN4 in Simple Protocol, which is polled, and the lines that a TWN3 sends.

Sources: TWN4 Simple Protocol DocRev17, sections 1.3 and SearchTag; TWN3 technical manual, sections
6.1 (HID Prox: the number of bits, then the bits from the left) and 6.2 (Indala: the last byte is
the two's complement of the sum).
"""

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, Signal
from taptill.readers.frames.checksums import CRC16_CCITT_REVERSED, OCTET, crc16
from taptill.readers.frames.length_prefixed import LengthPrefixedFormat
from taptill.readers.frames.polled import request_sequence

_TRUNCATED, _CHECKSUM = BadFrame(Fault.TRUNCATED), BadFrame(Fault.CHECKSUM)
_CRC_SIZE = 2
_ANSWER_HEAD = 5
_ANSWER_MAX = 64
# The command SearchTag, for a card whose id has 16 bytes at most.
_SEARCH_TAG = b"\x05\x00\x10"


def read_answer(answer: bytes) -> AnyFrame:
    """Return the frame of an answer to SearchTag.

    Layout: error, found, type of card, number of bits, length of the id, id.
    """
    if answer[:1] != b"\x00":
        return BadFrame(Fault.READER_ERROR) if answer else _TRUNCATED
    if answer == b"\x00\x00":
        return Signal.NO_CARD
    bits, size, uid = answer[3:4], answer[4:5], answer[_ANSWER_HEAD:]
    if len(answer) <= _ANSWER_HEAD or len(uid) < size[0]:
        return _TRUNCATED
    if answer[1] != 1 or len(uid) != size[0] or (bits[0] + 7) // 8 != size[0]:
        return BadFrame(Fault.FRAMING)
    return Frame(uid.hex().upper())


def _with_crc(octets: bytes) -> bytes:
    """Return the octets with their CRC added, low byte first."""
    return octets + crc16(octets, CRC16_CCITT_REVERSED).to_bytes(_CRC_SIZE, "little")


def read_checked_answer(answer: bytes) -> AnyFrame:
    """Return the frame of an answer to SearchTag that ends with its CRC."""
    if len(answer) <= _CRC_SIZE:
        return _TRUNCATED
    plain = answer[:-_CRC_SIZE]
    return read_answer(plain) if _with_crc(plain) == answer else _CHECKSUM


def _in_binary(octets: bytes) -> bytes:
    return len(octets).to_bytes(2, "little") + octets


def _in_line(octets: bytes) -> bytes:
    return octets.hex().upper().encode("ascii") + b"\r"


def _size(buffer: bytes) -> int:
    if len(buffer) < 2:  # noqa: PLR2004 - the length
        return 0
    size = int.from_bytes(buffer[:2], "little")
    return size + 2 if 1 < size <= _ANSWER_MAX else -1


BINARY = LengthPrefixedFormat(b"", _size, lambda frame: read_answer(frame[2:]))
BINARY_CRC = LengthPrefixedFormat(b"", _size, lambda frame: read_checked_answer(frame[2:]))
POLL = request_sequence(_in_line(_SEARCH_TAG))
POLL_CRC = request_sequence(_in_line(_with_crc(_SEARCH_TAG)))
POLL_BINARY = request_sequence(_in_binary(_SEARCH_TAG))
POLL_BINARY_CRC = request_sequence(_in_binary(_with_crc(_SEARCH_TAG)))


# No card number is shorter; the rest of a line that was cut seldom begins with so large a count.
_HIDPROX_BITS_MIN = 26


def read_hidprox(octets: bytes) -> AnyFrame:
    """Return a frame with `BITS:HEX`: the number of bits, and the value with its parity bits."""
    bit_count, value_octets = octets[:1], octets[1:]
    if not bit_count or len(value_octets) * 8 < bit_count[0]:
        return _TRUNCATED
    if bit_count[0] < _HIDPROX_BITS_MIN or len(value_octets) != (bit_count[0] + 7) // 8:
        return BadFrame(Fault.FRAMING)
    value = int.from_bytes(value_octets, "big") >> len(value_octets) * 8 - bit_count[0]
    return Frame(f"{bit_count[0]}:{value:0{(bit_count[0] + 3) // 4}X}")


def read_inditag(octets: bytes) -> AnyFrame:
    """Return a frame with the octets before the checksum."""
    if len(octets) < 2:  # noqa: PLR2004 - one octet and its check
        return _TRUNCATED
    return _CHECKSUM if sum(octets) & OCTET else Frame(octets[:-1].hex().upper())
