"""What a cache file holds of its customers, read while a till may be running."""

import sqlite3
from contextlib import closing
from pathlib import Path

from taptill.customer_cache.rows import IS_GONE
from taptill.sqlite_files import connect_read_only, rows_if_readable

_CARD_IDS = "SELECT card_id FROM customers WHERE card_id != ''"
_COUNT = "SELECT count(*) FROM customers WHERE gone != ?"

_PERSONAL = "SELECT name, company, card_id, external_id FROM customers"


def card_ids(path: Path) -> frozenset[str]:
    """Return every card id; none where there is no cache or it cannot be read."""
    try:
        with closing(connect_read_only(path)) as cache:
            return frozenset(row[0] for row in cache.execute(_CARD_IDS))
    except sqlite3.Error:
        return frozenset()


def customer_count(path: Path) -> int | None:
    """Return how many customers there are; None where there is no cache or it cannot be read.

    It looks at every row, which takes a while: not on the event loop.
    """
    try:
        with closing(connect_read_only(path)) as cache:
            return int(cache.execute(_COUNT, (IS_GONE,)).fetchone()[0])
    except sqlite3.Error:
        return None


def personal_values(path: Path) -> frozenset[str]:
    """Return every name, company, card id and key of the office, to be left out of something."""
    return frozenset(value for row in rows_if_readable(path, _PERSONAL) for value in row if value)
