"""Counts of a journal that name nobody, and the names in it, so that they can be left out."""

from pathlib import Path
from typing import Any

from taptill.journal.file import mapping_errors
from taptill.journal.queries import JournalQueries, one_state
from taptill.sqlite_files import rows_if_readable

_KINDS = "SELECT kind, count(*) FROM entries GROUP BY kind ORDER BY kind"
_ENDS = "SELECT min(seq), max(seq), min(at), max(at) FROM entries"
_POSITIONS = (
    "SELECT count(*), coalesce(sum(open), 0), coalesce(sum(conflict IS NOT NULL), 0) FROM positions"
)
_STAFF = "SELECT DISTINCT staff FROM entries WHERE staff IS NOT NULL"


def entry_counts(queries: JournalQueries) -> dict[str, Any]:
    """Return how many entries of each kind there are, from when to when, and what is open.

    Errors: JournalError.
    """
    with mapping_errors(queries.path), one_state(queries) as connection:
        kinds = dict(connection.execute(_KINDS).fetchall())
        first, last, begins, ends = connection.execute(_ENDS).fetchone()
        customers, open_count, cases = connection.execute(_POSITIONS).fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    broken = queries.end_break()
    return {
        "format": version,
        "entries": {"first": first, "last": last, "from": begins, "to": ends},
        "kinds": kinds,
        "customers": customers,
        "open_customers": open_count,
        "cases": cases,
        "chain_end": "holds" if broken is None else f"breaks at {broken[0]}",
    }


def staff_names(path: Path) -> list[str]:
    """Return the names of all who did something on this till; none where it cannot be read."""
    return [name for (name,) in rows_if_readable(path, _STAFF)]
