"""How a backend that ignores capitals and blanks compares what staff search for."""

from taptill.domain.card_id import is_spelled_alike


def is_equal_text(held: str, asked: str) -> bool:
    """Return whether a server whose `=` ignores capitals and blanks at an end sends such a row.

    MySQL and SQL Server do by themselves. Any other row is that of a server that ignores
    conditions.
    """
    return held.strip().casefold() == asked.strip().casefold()


def is_another_card(held: str, asked: str) -> bool:
    """Return whether such a row has another card: capitals may tell two cards apart."""
    return not is_spelled_alike(held, asked)
