"""What Elatec's readers say in, frames out: TWN4 Simple Protocol and the lines of TWN3.

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
# Look for a card whose id has 16 bytes at most.
_SEARCH_TAG = b"\x05\x00\x10"


def read_answer(answer: bytes) -> AnyFrame:
    """Judge an answer to the search for a card: error, found, type, bits, length, id."""
    if answer[:1] != b"\x00":
        return BadFrame(Fault.READER_ERROR) if answer else _TRUNCATED
    if answer == b"\x00\x00":
        return Signal.NO_CARD
    bits, size, found = answer[3:4], answer[4:5], answer[_ANSWER_HEAD:]
    if len(answer) <= _ANSWER_HEAD or len(found) < size[0]:
        return _TRUNCATED
    if answer[1] != 1 or len(found) != size[0] or (bits[0] + 7) // 8 != size[0]:
        return BadFrame(Fault.FRAMING)
    return Frame(found.hex().upper())


def _with_crc(octets: bytes) -> bytes:
    """Add the check, low byte first."""
    return octets + crc16(octets, CRC16_CCITT_REVERSED).to_bytes(_CRC_SIZE, "little")


def read_checked_answer(answer: bytes) -> AnyFrame:
    """Judge an answer that ends with its check."""
    if len(answer) <= _CRC_SIZE:
        return _TRUNCATED
    plain = answer[:-_CRC_SIZE]
    return read_answer(plain) if _with_crc(plain) == answer else _CHECKSUM


def _in_binary(octets: bytes) -> bytes:
    return len(octets).to_bytes(2, "little") + octets


def _in_line(octets: bytes) -> bytes:
    return octets.hex().upper().encode("ascii") + b"\r"


def _size(begun: bytes) -> int:
    if len(begun) < 2:  # noqa: PLR2004 - the length
        return 0
    size = int.from_bytes(begun[:2], "little")
    return size + 2 if 1 < size <= _ANSWER_MAX else -1


BINARY = LengthPrefixedFormat(b"", _size, lambda frame: read_answer(frame[2:]))
BINARY_CRC = LengthPrefixedFormat(b"", _size, lambda frame: read_checked_answer(frame[2:]))
POLL = request_sequence(_in_line(_SEARCH_TAG))
POLL_CRC = request_sequence(_in_line(_with_crc(_SEARCH_TAG)))
POLL_BINARY = request_sequence(_in_binary(_SEARCH_TAG))
POLL_BINARY_CRC = request_sequence(_in_binary(_with_crc(_SEARCH_TAG)))


# The shortest number there is; the end of a line seldom says so many.
_HIDPROX_BITS_MIN = 26


def read_hidprox(octets: bytes) -> AnyFrame:
    """Give `BITS:HEX`, the value with its parity bits as far to the right as it goes."""
    bits, held = octets[:1], octets[1:]
    if not bits or len(held) * 8 < bits[0]:
        return _TRUNCATED
    if bits[0] < _HIDPROX_BITS_MIN or len(held) != (bits[0] + 7) // 8:
        return BadFrame(Fault.FRAMING)
    value = int.from_bytes(held, "big") >> len(held) * 8 - bits[0]
    return Frame(f"{bits[0]}:{value:0{(bits[0] + 3) // 4}X}")


def read_inditag(octets: bytes) -> AnyFrame:
    """Give the octets before the check."""
    if len(octets) < 2:  # noqa: PLR2004 - one octet and its check
        return _TRUNCATED
    return _CHECKSUM if sum(octets) & OCTET else Frame(octets[:-1].hex().upper())
