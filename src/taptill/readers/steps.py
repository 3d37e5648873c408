"""The normaliser's words in, small functions out; a function that cannot go on raises ValueError.

The spellings and their names are those of card sellers and backends (8H10D: eight hex digits as
ten decimal ones), collected with their sources in the vectors of the family `normalise`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import xor
from typing import TypeVar

from taptill.domain.tap import CardTrouble

COUNT_MAX = 40

Edit = Callable[[str], str]
Parse = Callable[[str], bytes]
Turn = Callable[[bytes], bytes]
Write = Callable[[bytes], str]

_F = TypeVar("_F")
_A = TypeVar("_A")
_B = TypeVar("_B")
Maker = Callable[[Sequence[str]], _F]

_HEX_DIGITS = frozenset("0123456789ABCDEFabcdef")
_SEPARATORS = str.maketrans("", "", " :-._")
_CASCADE_TAG, _RANDOM = 0x88, 0x08
_SINGLE_SIZE = 4


class RefusedError(ValueError):
    """The octets are a UID that names no card."""

    def __init__(self, trouble: CardTrouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


def built(makers: Mapping[str, Maker[_F]], name: str, arguments: Sequence[str]) -> _F:
    """Make the function of a step; ValueError names the step and the argument it takes."""
    try:
        return makers[name](arguments)
    except ValueError as wrong:
        raise ValueError(f"'{name}' {wrong}") from None


def from_hex(text: str) -> bytes:
    """Read octets from pairs of hex digits, nothing between them."""
    if not _HEX_DIGITS.issuperset(text):
        raise ValueError("not hex")
    return bytes.fromhex(text)


def refuse_nameless(uid: bytes) -> bytes:
    """Let a UID pass unless it is random, cut short or blank (ISO/IEC 14443-3, NXP AN10927).

    Four octets that begin with 08 are new at every activation; those that begin with 88 are the
    first part of a longer UID. All zeros and all ones are read failures.
    """
    refuse_blank(uid)
    if len(uid) == _SINGLE_SIZE and uid[0] == _RANDOM:
        raise RefusedError(CardTrouble.RANDOM_ID)
    if len(uid) == _SINGLE_SIZE and uid[0] == _CASCADE_TAG:
        raise RefusedError(CardTrouble.CASCADE_TAG)
    return uid


def refuse_nameless_reversed(uid: bytes) -> bytes:
    """Let a UID pass whose last byte comes first, by the same rules."""
    return refuse_nameless(uid[::-1])[::-1]


def refuse_blank(octets: bytes) -> bytes:
    """Let pass what is not all zeros or all ones."""
    if set(octets) <= {0x00} or set(octets) <= {0xFF}:
        raise RefusedError(CardTrouble.BLANK_ID)
    return octets


def _plain(run: Callable[[_A], _B]) -> Maker[Callable[[_A], _B]]:
    def make(arguments: Sequence[str]) -> Callable[[_A], _B]:
        if arguments:
            raise ValueError("takes no argument")
        return run

    return make


def _counted(run: Callable[[_A, int], _B]) -> Maker[Callable[[_A], _B]]:
    def make(arguments: Sequence[str]) -> Callable[[_A], _B]:
        count = int(arguments[0]) if len(arguments) == 1 and arguments[0].isdecimal() else 0
        if not 1 <= count <= COUNT_MAX:
            raise ValueError(f"takes one number from 1 to {COUNT_MAX}")
        return lambda value: run(value, count)

    return make


def _prefixed(arguments: Sequence[str]) -> Edit:
    if len(arguments) != 1:
        raise ValueError("takes one word")
    return lambda text: _without_prefix(text, arguments[0])


def _without_prefix(text: str, prefix: str) -> str:
    if not text.startswith(prefix):
        raise ValueError("prefix is missing")
    return text.removeprefix(prefix)


def _number(text: str) -> int:
    # int() alone would also take blanks, underscores and the digits of every script.
    if not (text.isascii() and text.isdecimal()):
        raise ValueError("not decimal")
    return int(text)


def _from_dec(text: str, count: int) -> bytes:
    return _number(text).to_bytes(count, "big")


def _from_signed_dec(text: str, count: int) -> bytes:
    magnitude = _number(text.removeprefix("-"))
    return (-magnitude if text.startswith("-") else magnitude).to_bytes(count, "big", signed=True)


def _from_pair(text: str, first_size: int) -> bytes:
    first, _, second = text.partition(",")
    return _from_dec(first, first_size) + _from_dec(second, 2)


def _of_size(octets: bytes, size_min: int) -> bytes:
    if len(octets) < size_min:
        raise ValueError("too few octets")
    return octets


def _drop_bcc(octets: bytes) -> bytes:
    if reduce(xor, _of_size(octets, 2)):
        raise ValueError("the last octet is not the check of those before")
    return octets[:-1]


def _swap_nibbles(octets: bytes) -> bytes:
    return bytes(octet >> 4 | octet << 4 & 0xF0 for octet in octets)


def _reverse_bits(octets: bytes) -> bytes:
    return bytes(int(f"{octet:08b}"[::-1], 2) for octet in octets)


def _dec(octets: bytes, width: int) -> str:
    text = f"{int.from_bytes(octets, 'big'):0{width}d}"
    if len(text) > width:
        raise ValueError("more digits than the width")
    return text


def _low_dec(size: int, width: int) -> Write:
    return lambda octets: _dec(_of_size(octets, size)[-size:], width)


def _pair(first_size: int, first_width: int) -> Write:
    def write(octets: bytes) -> str:
        low = _of_size(octets, first_size + 2)[-first_size - 2 :]
        return f"{_dec(low[:-2], first_width)},{_dec(low[-2:], 5)}"

    return write


EDITS: Mapping[str, Maker[Edit]] = {
    "text": _plain(str.strip),
    "upper": _plain(str.upper),
    "lower": _plain(str.lower),
    "strip-separators": _plain(lambda text: text.translate(_SEPARATORS)),
    "strip-prefix": _prefixed,
    "pad": _counted(lambda text, width: text.rjust(width, "0")),
}
PARSES: Mapping[str, Maker[Parse]] = {
    "from-hex": _plain(from_hex),
    "from-dec": _counted(_from_dec),
    "from-signed-dec": _counted(_from_signed_dec),
    "from-2H4H": _plain(lambda text: _from_pair(text, 1)),
    "from-4H4H": _plain(lambda text: _from_pair(text, 2)),
}
TURNS: Mapping[str, Maker[Turn]] = {
    "uid": _plain(refuse_nameless),
    "reverse-bytes": _plain(lambda octets: octets[::-1]),
    "reverse-bits": _plain(_reverse_bits),
    "swap-nibbles": _plain(_swap_nibbles),
    "take-first": _counted(lambda octets, size: _of_size(octets, size)[:size]),
    "take-last": _counted(lambda octets, size: _of_size(octets, size)[-size:]),
    "drop-first": _counted(lambda octets, size: _of_size(octets, size + 1)[size:]),
    "drop-last": _counted(lambda octets, size: _of_size(octets, size + 1)[:-size]),
    "drop-bcc": _plain(_drop_bcc),
}
WRITES: Mapping[str, Maker[Write]] = {
    "HEX": _plain(lambda octets: octets.hex().upper()),
    "hex": _plain(bytes.hex),
    "HEX:": _plain(lambda octets: octets.hex(":").upper()),
    "dec": _counted(_dec),
    "plain-dec": _plain(lambda octets: str(int.from_bytes(octets, "big"))),
    "signed-dec": _plain(lambda octets: str(int.from_bytes(octets, "big", signed=True))),
    "10H13D": _plain(_low_dec(5, 13)),
    "8H10D": _plain(_low_dec(4, 10)),
    "6H8D": _plain(_low_dec(3, 8)),
    "2H4H": _plain(_pair(1, 3)),
    "4H4H": _plain(_pair(2, 5)),
}
