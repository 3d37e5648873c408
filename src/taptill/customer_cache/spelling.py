"""The rows of a card that the office spells otherwise, by the backend's own comparison.

A backend whose `=` ignores capitals or blanks at an end finds a customer whose card the office
spells unlike the till. Once a live answer has shown that, the cache finds the same customers.
"""

import sqlite3

from taptill.customer_cache.rows import (
    GONE,
    IS_GONE,
    NAMES,
    Row,
    with_checksum,
    without_checksum,
)
from taptill.customer_cache.schema import BY_CAPITALS, SPELLED_AS, TOLD_BY_CAPITALS
from taptill.domain.card_id import CardId, is_spelled_alike, tells_by_capitals

CANDIDATES_MAX = 50
"""So many rows of one spelling are compared; more than a few are nobody's cards."""

_KEY = "spelling"
_CAPITALS, _BLANKS = "capitals", "blanks"
_COLUMNS = ", ".join(f'"{name}"' for name in NAMES)
_CANDIDATES = f"SELECT {_COLUMNS} FROM customers WHERE {SPELLED_AS} ORDER BY gone LIMIT ?2"  # noqa: S608 - constants
# SQLite's planner would scan another, larger index
_ANY_BY_CAPITALS = (
    f"SELECT 1 FROM customers INDEXED BY {BY_CAPITALS} WHERE {TOLD_BY_CAPITALS} LIMIT 1"  # noqa: S608 - constants
)
_SAVED = "SELECT * FROM synced WHERE key = ?"
_SAVE = "INSERT OR REPLACE INTO synced VALUES (?, ?, ?, ?, ?, ?)"
_CARD = NAMES.index("card_id")


def find_by_spelling(connection: sqlite3.Connection, card_id: CardId) -> list[Row]:
    """Return the rows that the backend would find for an unknown spelling; errors: FAULTS."""
    differences = ignored_differences(connection)
    if not differences:
        return []
    case_sensitive = tells_by_capitals(card_id) or bool(
        connection.execute(_ANY_BY_CAPITALS).fetchone()
    )
    return [
        row
        for row in connection.execute(_CANDIDATES, (card_id, CANDIDATES_MAX))
        if _differences(row[_CARD], card_id) <= differences
        and is_spelled_alike(row[_CARD], card_id, capitals_tell=case_sensitive)
    ]


def ignored_differences(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the differences that the backend was seen to ignore; errors: FAULTS."""
    row = connection.execute(_SAVED, (_KEY,)).fetchone()
    return frozenset(without_checksum(row)[-1].split()) if row else frozenset()


def learn(connection: sqlite3.Connection, card_id: CardId, customer_card: CardId | None) -> None:
    """Learn from a live answer; nobody where a card is alike shows that nothing is ignored.

    A customer who is gone shows nothing: nobody has that card in any spelling.
    """
    differences = ignored_differences(connection)
    if customer_card is not None:
        new_differences = differences | _differences(customer_card, card_id)
    else:
        rows = find_by_spelling(connection, card_id)
        is_there = any(row[GONE] != IS_GONE for row in rows)
        new_differences = frozenset() if is_there else differences
    if new_differences != differences:
        connection.execute(
            _SAVE, with_checksum((_KEY, "", 0, "", " ".join(sorted(new_differences))))
        )


def _differences(customer_card: str, card_id: str) -> frozenset[str]:
    """Return the names of the differences between two spellings of one card."""
    names = set()
    if customer_card.strip() != card_id.strip():
        names.add(_CAPITALS)
    if customer_card != customer_card.strip() or card_id != card_id.strip():
        names.add(_BLANKS)
    return frozenset(names) if customer_card != card_id else frozenset()
