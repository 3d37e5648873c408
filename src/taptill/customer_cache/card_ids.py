"""The card ids in a cache file, read while a till may be running."""

import sqlite3
from contextlib import closing
from pathlib import Path

_CARD_IDS = "SELECT card_id FROM customers WHERE card_id != ''"


def card_ids(path: Path) -> frozenset[str]:
    """Return every card id; none where there is no cache or it cannot be read."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as cache:
            return frozenset(row[0] for row in cache.execute(_CARD_IDS))
    except sqlite3.Error:
        return frozenset()
