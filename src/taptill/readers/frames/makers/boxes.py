"""The binary frames of single makers: Gwiot, StrongLink, YHY and ACS.

Sources: 7941E, github.com/gutierrezps/gwiot7941e and github.com/herra/rfidtagsclone; 7941W,
github.com/msmidik/7941w_raspberry; StrongLink SL025M, page 7, and SL032, page 8; YHY,
github.com/mdeverdelhan/YHY523U-driver; ACR1281S manual, pages 14 to 18, ACR122S protocol, page 9.
"""

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, Signal
from taptill.readers.frames.checks import xored
from taptill.readers.frames.polled import alternatives, steps
from taptill.readers.frames.sized import SizedForm

_CHECKSUM, _FRAMING = BadFrame(Fault.CHECKSUM), BadFrame(Fault.FRAMING)
_READER_ERROR, _TRUNCATED = BadFrame(Fault.READER_ERROR), BadFrame(Fault.TRUNCATED)
_ETX = 0x03
_UID_SIZES = (4, 5, 7, 10)


def _uid(octets: bytes) -> AnyFrame:
    return Frame(octets.hex().upper()) if len(octets) in _UID_SIZES else _TRUNCATED


def _size_7941e(begun: bytes) -> int:
    """STX, length of the whole frame, type, id, check of length to id, ETX."""
    if len(begun) < 2:  # noqa: PLR2004 - start and length
        return 0
    return begun[1] if begun[1] - 5 in _UID_SIZES else -1


def _read_7941e(frame: bytes) -> AnyFrame:
    if frame[-1] != _ETX:
        return _FRAMING
    return _CHECKSUM if xored(frame[1:-1]) else _uid(frame[3:-2])


_FAILED = 0x80


def _size_7941w(begun: bytes) -> int:
    """CD DC, address, answer, length of the id, id, check of all behind the start."""
    return 6 + begun[4] if len(begun) > 4 else 0  # noqa: PLR2004 - up to the length


def _read_7941w(frame: bytes) -> AnyFrame:
    if xored(frame[2:]):
        return _CHECKSUM
    return Signal.NO_CARD if frame[3] == _FAILED else _uid(frame[5:-1])


_SL0XX_SHORTEST = 3
_SELECT, _NO_TAG = 0x01, 0x01


def _size_sl0xx(begun: bytes) -> int:
    """BD, length of what follows, command, status, UID, type, check of all before."""
    if len(begun) < 2:  # noqa: PLR2004 - start and length
        return 0
    return begun[1] + 2 if begun[1] >= _SL0XX_SHORTEST else -1


def _read_sl0xx(frame: bytes) -> AnyFrame:
    if xored(frame):
        return _CHECKSUM
    if frame[2] != _SELECT:
        return _FRAMING
    if frame[3]:
        return Signal.NO_CARD if frame[3] == _NO_TAG else _READER_ERROR
    # Half a frame with a whole one behind it has a good check, and no type.
    return _uid(frame[4:-2]) if frame[-2] else _FRAMING


_YHY_HEAD = 4
_YHY_SHORTEST = 6
_STUFFED, _STUFFING = 0xAA, 0x00
_YHY_ANTICOLLISION = b"\x02\x02"


def _size_yhy(begun: bytes) -> int:
    """AA BB, length of the body, body; each AA of the body is followed by a 00 that counts not."""
    if len(begun) < _YHY_HEAD:
        return 0
    left = int.from_bytes(begun[2:_YHY_HEAD], "little")
    if left < _YHY_SHORTEST:
        return -1
    end = _YHY_HEAD
    while left:
        if end >= len(begun):
            return 0
        stuffed = begun[end] == _STUFFED and left > 1  # the check is the last and is not stuffed
        if stuffed and end + 1 < len(begun) and begun[end + 1] != _STUFFING:
            return -1
        end += 1 + stuffed
        left -= 1
    return end


def _read_yhy(frame: bytes) -> AnyFrame:
    """Node, command, status, UID, check."""
    stuffed = frame[_YHY_HEAD:-1]
    body = stuffed.replace(bytes([_STUFFED, _STUFFING]), bytes([_STUFFED]))
    if xored(body) != frame[-1]:
        return _CHECKSUM
    command, status, found = body[2:4], body[4:5], body[5:]
    if command != _YHY_ANTICOLLISION:
        return Signal.NO_CARD if status != b"\x00" else Signal.GO_ON
    # The request has found a card, or two that collide.
    return _uid(found) if status == b"\x00" else _READER_ERROR


_ACS_HEAD, _ACS_SHORT = 11, 4
_ACS_BLOCK = 0x80
_ACS_ABSENT = 0x02
_SLOT_MASK = 0x03


def _size_acs(begun: bytes) -> int:
    """STX, a byte and its copy, ETX; or STX, CCID header of ten bytes, content, check, ETX."""
    if len(begun) < _ACS_SHORT:
        return 0
    if begun[1] == begun[2] and begun[3] == _ETX:
        return _ACS_SHORT
    if begun[1] != _ACS_BLOCK:
        return -1
    return int.from_bytes(begun[2:6], "little") + _ACS_HEAD + 2


def _read_acs(frame: bytes) -> AnyFrame:
    if len(frame) == _ACS_SHORT:
        return _READER_ERROR if frame[1] else Signal.ACK
    if frame[-1] != _ETX:
        return _FRAMING
    if xored(frame[1:-1]):
        return _CHECKSUM
    found, words = frame[_ACS_HEAD:-4], frame[-4:-2]
    if len(frame) == _ACS_HEAD + 2:
        return Signal.NO_CARD if frame[8] & _SLOT_MASK == _ACS_ABSENT else _READER_ERROR
    if words == b"\x90\x00":
        return _uid(found)
    return Signal.NO_CARD if words == b"\x63\x00" else _READER_ERROR


GWIOT_7941E = SizedForm(b"\x02", _size_7941e, _read_7941e)
GWIOT_7941W = SizedForm(b"\xcd\xdc", _size_7941w, _read_7941w)
SL0XX = SizedForm(b"\xbd", _size_sl0xx, _read_sl0xx)
YHY = SizedForm(b"\xaa\xbb", _size_yhy, _read_yhy)
ACS = SizedForm(b"\x02", _size_acs, _read_acs)

# The id of an EM card, then the UID of a MIFARE card.
ASK_7941W = alternatives(bytes.fromhex("ABBA00150015"), bytes.fromhex("ABBA00100010"))
ASK_SL0XX = steps(bytes.fromhex("BA0201B9"))
# Request all cards (52), then anticollision.
ASK_YHY = steps(bytes.fromhex("AABB0600FFFF01025251"), bytes.fromhex("AABB0500FFFF020200"))
# CCID XfrBlock with GET DATA (FF CA 00 00 00).
ASK_ACS = steps(bytes.fromhex("026F050000000000000000FFCA0000005F03"))
