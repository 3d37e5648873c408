"""SQLite files that are only looked at, while a till may be writing them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


def connect_read_only(path: Path, *, without_log: bool = False) -> sqlite3.Connection:
    """Open a file that must be there, and write nothing of it. Errors: sqlite3.Error.

    `without_log`: what stands in the log beside the file is left out, and nobody is waited for.
    """
    way = "mode=ro&immutable=1" if without_log else "mode=ro"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{way}", uri=True, isolation_level=None)


def rows_if_readable(path: Path, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query; none where there is no file or it cannot be read.

    On a full disk SQLite cannot make what it needs to read the log beside the file: then the file
    alone is read.
    """
    for without_log in (False, True):
        try:
            with closing(connect_read_only(path, without_log=without_log)) as file:
                return file.execute(query).fetchall()
        except sqlite3.Error:
            continue
    return []
