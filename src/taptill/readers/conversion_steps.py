"""The steps that a `card_id` rule is built from, as tables from the step's name to a function.

A step that cannot convert what it is given raises ValueError. The names of the formats are those
of card sellers and backends (8H10D: eight hex digits as ten decimal ones); the vectors of the
family `normalise` in tests/readers/vectors.json collect them with their sources.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import xor
from typing import TypeVar

from taptill.domain.tap import CardTrouble

COUNT_MAX = 40

TextFilter = Callable[[str], str]
Parser = Callable[[str], bytes]
ByteTransform = Callable[[bytes], bytes]
Formatter = Callable[[bytes], str]

_F = TypeVar("_F")
_S = TypeVar("_S", str, bytes)
_A = TypeVar("_A")
_B = TypeVar("_B")
StepFactory = Callable[[Sequence[str]], _F]

_HEX_DIGITS = frozenset("0123456789ABCDEFabcdef")
SEPARATORS = str.maketrans("", "", " :-._")
_CASCADE_TAG, _RANDOM, _RANDOM_IDM = 0x88, 0x08, b"\x01\xfe"
_SINGLE_SIZE, _IDM_SIZE = 4, 8
_OCTET_BITS = 8
_FIVE_DIGITS = 100_000


class UnusableUidError(ValueError):
    """The octets are a UID that does not identify a card."""

    def __init__(self, trouble: CardTrouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


def build_step(factories: Mapping[str, StepFactory[_F]], name: str, arguments: Sequence[str]) -> _F:
    """Return the function of a step; raise ValueError, which names the step and its arguments."""
    try:
        return factories[name](arguments)
    except ValueError as error:
        raise ValueError(f"'{name}' {error}") from None


def from_hex(text: str) -> bytes:
    """Return the octets of pairs of hex digits with nothing between them. Errors: ValueError."""
    if not _HEX_DIGITS.issuperset(text):
        raise ValueError("not hex")
    return bytes.fromhex(text)


def refuse_non_unique(uid: bytes) -> bytes:
    """Return a UID unless it is random, incomplete or blank (ISO/IEC 14443-3, NXP AN10927).

    A UID of four octets that begins with 08 is new at every activation. So are the eight octets
    of a FeliCa peer, which is a phone, that begin with 01FE (NFC Forum Digital, NFCID2). Four
    octets that begin with 88, the cascade tag, are the first part of a longer UID. All zeros and
    all ones are failed reads. Errors: UnusableUidError.
    """
    refuse_blank(uid)
    peer = len(uid) == _IDM_SIZE and uid.startswith(_RANDOM_IDM)
    if peer or (len(uid) == _SINGLE_SIZE and uid[0] == _RANDOM):
        raise UnusableUidError(CardTrouble.RANDOM_ID)
    if len(uid) == _SINGLE_SIZE and uid[0] == _CASCADE_TAG:
        raise UnusableUidError(CardTrouble.CASCADE_TAG)
    return uid


def refuse_non_unique_reversed(uid: bytes) -> bytes:
    """Return a UID whose last octet comes first, checked by the same rules."""
    return refuse_non_unique(uid[::-1])[::-1]


def refuse_blank(octets: bytes) -> bytes:
    """Return octets that are not all zeros or all ones. Errors: UnusableUidError."""
    if set(octets) <= {0x00} or set(octets) <= {0xFF}:
        raise UnusableUidError(CardTrouble.BLANK_ID)
    return octets


def _without_arguments(run: Callable[[_A], _B]) -> StepFactory[Callable[[_A], _B]]:
    def make(arguments: Sequence[str]) -> Callable[[_A], _B]:
        if arguments:
            raise ValueError("takes no argument")
        return run

    return make


def _with_words(run: Callable[[_A, Sequence[str]], _B]) -> StepFactory[Callable[[_A], _B]]:
    def make(arguments: Sequence[str]) -> Callable[[_A], _B]:
        if not arguments:
            raise ValueError("takes one word or more")
        return lambda value: run(value, arguments)

    return make


def _with_count(run: Callable[[_A, int], _B]) -> StepFactory[Callable[[_A], _B]]:
    def make(arguments: Sequence[str]) -> Callable[[_A], _B]:
        count = int(arguments[0]) if len(arguments) == 1 and arguments[0].isdecimal() else 0
        if not 1 <= count <= COUNT_MAX:
            raise ValueError(f"takes one number from 1 to {COUNT_MAX}")
        return lambda value: run(value, count)

    return make


def _with_word(run: Callable[[str, str], str]) -> StepFactory[TextFilter]:
    def make(arguments: Sequence[str]) -> TextFilter:
        if len(arguments) != 1:
            raise ValueError("takes one word")
        return lambda text: run(text, arguments[0])

    return make


def _without_prefix(text: str, prefix: str) -> str:
    if not text.startswith(prefix):
        raise ValueError("prefix is missing")
    return text.removeprefix(prefix)


def _without_suffix(text: str, suffix: str) -> str:
    if not text.endswith(suffix):
        raise ValueError("suffix is missing")
    return text.removesuffix(suffix)


def _match_filter(arguments: Sequence[str]) -> TextFilter:
    """Return a filter for text that matches as a whole; a first group is kept alone."""
    if len(arguments) != 1:
        raise ValueError("takes one regular expression, in which a blank is \\s")
    try:
        regex = re.compile(arguments[0])
    except re.error as error:
        raise ValueError(f"takes a regular expression: {error}") from None

    def filter_text(text: str) -> str:
        match_result = regex.fullmatch(text)
        if not match_result:
            raise ValueError("no match")
        return match_result[min(1, regex.groups)] or ""

    return filter_text


def _reject(text: str, rejected_texts: Sequence[str]) -> str:
    if text in rejected_texts:
        raise ValueError("listed as no card")
    return text


def _size_check(arguments: Sequence[str]) -> Callable[[_S], _S]:
    """Return a check that the value has one of these lengths, in characters or octets."""
    if not arguments or not all(argument.isdecimal() for argument in arguments):
        raise ValueError("takes one number or more")
    sizes = frozenset(map(int, arguments))

    def check(value: _S) -> _S:
        if len(value) not in sizes:
            raise ValueError("another size")
        return value

    return check


def whole_number(text: str) -> int:
    """Return the number of a text that has decimal digits only. Errors: ValueError."""
    # int() alone would also take blanks, underscores and the digits of every script.
    if not (text.isascii() and text.isdecimal()):
        raise ValueError("not decimal")
    return int(text)


def _from_dec(text: str, count: int) -> bytes:
    return whole_number(text).to_bytes(count, "big")


def _from_signed_dec(text: str, count: int) -> bytes:
    magnitude = whole_number(text.removeprefix("-"))
    return (-magnitude if text.startswith("-") else magnitude).to_bytes(count, "big", signed=True)


def _from_bits(text: str) -> bytes:
    if not text or set(text) - {"0", "1"}:
        raise ValueError("not bits")
    return int(text, 2).to_bytes(-(-len(text) // _OCTET_BITS), "big")


def _from_facility_and_number(first_size: int) -> StepFactory[Parser]:
    def make(arguments: Sequence[str]) -> Parser:
        if len(arguments) > 1:
            raise ValueError("takes at most one word, the separator")
        separator = arguments[0] if arguments else ","

        def parse(text: str) -> bytes:
            first, _, second = text.partition(separator)
            return _from_dec(first, first_size) + _from_dec(second, 2)

        return parse

    return make


def _from_joined_number(first_size: int) -> Parser:
    """Return a parser of a facility code followed by five digits of a number, without separator."""

    def parse(text: str) -> bytes:
        first, second = divmod(whole_number(text), _FIVE_DIGITS)
        return first.to_bytes(first_size, "big") + second.to_bytes(2, "big")

    return parse


def _at_least(octets: bytes, size_min: int) -> bytes:
    if len(octets) < size_min:
        raise ValueError("too few octets")
    return octets


def _low_bits(octets: bytes, count: int) -> bytes:
    number = int.from_bytes(_at_least(octets, -(-count // _OCTET_BITS)), "big")
    return (number & (1 << count) - 1).to_bytes(-(-count // _OCTET_BITS), "big")


def _high_bits(octets: bytes, count: int) -> bytes:
    number = int.from_bytes(_at_least(octets, -(-count // _OCTET_BITS)), "big")
    high = number >> len(octets) * _OCTET_BITS - count
    return high.to_bytes(-(-count // _OCTET_BITS), "big")


def drop_bcc(octets: bytes) -> bytes:
    """Return the octets before a check octet, which is their XOR. Errors: ValueError."""
    if reduce(xor, _at_least(octets, 2)):
        raise ValueError("the last octet is not the check of those before")
    return octets[:-1]


def _swap_nibbles(octets: bytes) -> bytes:
    return bytes(octet >> 4 | octet << 4 & 0xF0 for octet in octets)


def _reverse_bits(octets: bytes) -> bytes:
    return bytes(int(f"{octet:08b}"[::-1], 2) for octet in octets)


def _decimal(octets: bytes, width: int) -> str:
    text = f"{int.from_bytes(octets, 'big'):0{width}d}"
    if len(text) > width:
        raise ValueError("more digits than the width")
    return text


def _low_octets_as_decimal(size: int, width: int) -> Formatter:
    return lambda octets: _decimal(_at_least(octets, size)[-size:], width)


def _facility_and_number(
    first_size: int, first_width: int, between: str = ",", number_width: int = 5
) -> Formatter:
    """Return a formatter for a facility code and a number; a width of 1 has no leading zeros."""

    def write(octets: bytes) -> str:
        low = _at_least(octets, first_size + 2)[-first_size - 2 :]
        number = int.from_bytes(low[-2:], "big")
        first = int.from_bytes(low[:-2], "big")
        return f"{first:0{first_width}d}{between}{number:0{number_width}d}"

    return write


def _joined_without_zeros(octets: bytes) -> str:
    return str(int(_facility_and_number(1, 3, "")(octets)))


AMBIGUOUS_FORMATS: Mapping[str, str] = {
    "loose-3D5D": "1 and 12345 are written as 11 and 2345 are: two cards may be one number",
}
"""Formatters that write two cards alike, and how; a site should choose another if it can."""

TEXT_FILTERS: Mapping[str, StepFactory[TextFilter]] = {
    "text": _without_arguments(str.strip),
    "upper": _without_arguments(str.upper),
    "lower": _without_arguments(str.lower),
    "strip-separators": _without_arguments(lambda text: text.translate(SEPARATORS)),
    "strip-prefix": _with_word(_without_prefix),
    "strip-suffix": _with_word(_without_suffix),
    "match": _match_filter,
    "length": _size_check,
    "reject": _with_words(_reject),
    "pad": _with_count(lambda text, width: text.rjust(width, "0")),
}
REMOVING_STEPS = frozenset({"strip-prefix", "strip-suffix", "match"})

PARSERS: Mapping[str, StepFactory[Parser]] = {
    "from-hex": _without_arguments(from_hex),
    "from-dec": _with_count(_from_dec),
    "from-signed-dec": _with_count(_from_signed_dec),
    "from-bits": _without_arguments(_from_bits),
    "from-2H4H": _from_facility_and_number(1),
    "from-4H4H": _from_facility_and_number(2),
    "from-3D5D": _without_arguments(_from_joined_number(1)),
    "from-5D5D": _without_arguments(_from_joined_number(2)),
}
BYTE_TRANSFORMS: Mapping[str, StepFactory[ByteTransform]] = {
    "uid": _without_arguments(refuse_non_unique),
    "reverse-bytes": _without_arguments(lambda octets: octets[::-1]),
    "reverse-bits": _without_arguments(_reverse_bits),
    "swap-nibbles": _without_arguments(_swap_nibbles),
    "take-first": _with_count(lambda octets, size: _at_least(octets, size)[:size]),
    "take-last": _with_count(lambda octets, size: _at_least(octets, size)[-size:]),
    "drop-first": _with_count(lambda octets, size: _at_least(octets, size + 1)[size:]),
    "drop-last": _with_count(lambda octets, size: _at_least(octets, size + 1)[:-size]),
    "take-first-bits": _with_count(_high_bits),
    "take-last-bits": _with_count(_low_bits),
    "drop-bcc": _without_arguments(drop_bcc),
    "octets": _size_check,
}
FORMATTERS: Mapping[str, StepFactory[Formatter]] = {
    "HEX": _without_arguments(lambda octets: octets.hex().upper()),
    "hex": _without_arguments(bytes.hex),
    "HEX:": _without_arguments(lambda octets: octets.hex(":").upper()),
    "dec": _with_count(_decimal),
    "plain-dec": _without_arguments(lambda octets: str(int.from_bytes(octets, "big"))),
    "signed-dec": _without_arguments(
        lambda octets: str(int.from_bytes(octets, "big", signed=True))
    ),
    "10H13D": _without_arguments(_low_octets_as_decimal(5, 13)),
    "8H10D": _without_arguments(_low_octets_as_decimal(4, 10)),
    "6H8D": _without_arguments(_low_octets_as_decimal(3, 8)),
    "2H4H": _without_arguments(_facility_and_number(1, 3)),
    "4H4H": _without_arguments(_facility_and_number(2, 5)),
    "3D5D": _without_arguments(_facility_and_number(1, 3, "")),
    "plain-3D5D": _without_arguments(_joined_without_zeros),
    "loose-3D5D": _without_arguments(_facility_and_number(1, 1, "", 1)),
    "5D5D": _without_arguments(_facility_and_number(2, 5, "")),
}
