"""The card id: the canonical text of the number a card answers with."""

from typing import NewType

CardId = NewType("CardId", str)

CARD_ID_LENGTH_MAX = 128


def masked(card_id: str) -> str:
    """Give what a log or a screen may show of a card id: its last three characters."""
    return f"…{card_id[-3:]}" if len(card_id) > 3 else "…"  # noqa: PLR2004 - the three shown


def is_spelled_alike(held: str, asked: str) -> bool:
    """Tell whether two card ids differ in spelling alone: in capitals, or in blanks at an end.

    Capitals count where an id has both kinds of letters and others than the digits of base 16: such
    an id may be base 64, where `a` and `A` are two cards.
    """
    one, other = held.strip(), asked.strip()
    if one == other:
        return True
    told_by_letters = not all(_has_one_case(text) or _is_hex(text) for text in (one, other))
    return one.lower() == other.lower() and not told_by_letters


def _has_one_case(text: str) -> bool:
    return text in (text.upper(), text.lower())


def _is_hex(text: str) -> bool:
    return all(letter in "0123456789abcdefABCDEF:- " for letter in text)
