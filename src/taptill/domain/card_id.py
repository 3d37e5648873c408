"""The card id: the canonical text of the number a card answers with."""

from typing import NewType

CardId = NewType("CardId", str)

CARD_ID_LENGTH_MAX = 128


UID_DIGITS_MIN = 8
"""The shortest UID has four octets (ISO/IEC 14443-3)."""

_BASE_64_MARKS = "+/=_"


def masked(card_id: str) -> str:
    """Return what a log or a screen may show of a card id: its last three characters."""
    return f"…{card_id[-3:]}" if len(card_id) > 3 else "…"  # noqa: PLR2004 - the three shown


def is_spelled_alike(stored_id: str, requested_id: str, *, capitals_tell: bool = False) -> bool:
    """Return whether two card ids differ in spelling alone: in capitals, or in blanks at an end.

    Capitals may tell two cards apart: base 64 has `a` beside `A`. So they count unless an id cannot
    well be such a text: octets in base 16, or letters of one size with a mark (KEY-17). Eight
    digits of base 16 are hardly ever anything else; fewer, and a text with a mark, are taken for
    such only while no card of the site is known to be told by its capitals, `capitals_tell`.
    """
    left, right = stored_id.strip(), requested_id.strip()
    if left == right:
        return True
    if left.lower() != right.lower():
        return False
    return all(_is_uid(text) or (not capitals_tell and _is_plain(text)) for text in (left, right))


def tells_by_capitals(card_id: str) -> bool:
    """Return whether capitals count: the id has letters of both sizes and is not base 16."""
    return not (_has_one_case(card_id) or _is_hex(card_id))


def _is_uid(text: str) -> bool:
    digits = sum(letter not in ":- " for letter in text)
    return _is_hex(text) and digits >= UID_DIGITS_MIN


def _is_plain(text: str) -> bool:
    has_mark = any(not letter.isalnum() and letter not in _BASE_64_MARKS for letter in text)
    return _has_one_case(text) and (has_mark or _is_hex(text))


def _has_one_case(text: str) -> bool:
    return text in (text.upper(), text.lower())


def _is_hex(text: str) -> bool:
    return all(letter in "0123456789abcdefABCDEF:- " for letter in text)
