"""A cache file in, the card ids that it knows out: read only, beside a running till."""

import sqlite3
from contextlib import closing
from pathlib import Path

_CARD_IDS = "SELECT card_id FROM customers WHERE card_id != ''"


def card_ids(path: Path) -> frozenset[str]:
    """Give every card id; none where there is no cache or it cannot be read."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as cache:
            return frozenset(row[0] for row in cache.execute(_CARD_IDS))
    except sqlite3.Error:
        return frozenset()
