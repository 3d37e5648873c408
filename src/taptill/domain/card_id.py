"""The card id: the canonical text of the number a card answers with."""

from typing import NewType

CardId = NewType("CardId", str)

CARD_ID_LENGTH_MAX = 128


def masked(card_id: str) -> str:
    """Give what a log or a screen may show of a card id: its last three characters."""
    return f"…{card_id[-3:]}" if len(card_id) > 3 else "…"  # noqa: PLR2004 - the three shown
