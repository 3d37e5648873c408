"""Verifies the chain of a journal in use, in the background, once after each start."""

import logging
import sqlite3
from pathlib import Path
from typing import Any

from taptill.domain.errors import JournalError
from taptill.journal.chain import ENTRY_COLUMNS, FIRST_PREV_HASH, chain_break
from taptill.journal.file import beginning, connect, mapping_errors

log = logging.getLogger("taptill.journal")

ROWS = 25
"""Entries checked at once: about a millisecond, ten on a small board."""

REST_S = 0.01
RETRY_S = 2.0
"""Pause after a failed read; a second failure in a row closes the till."""

_ROWS = f"SELECT {ENTRY_COLUMNS} FROM entries WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT {ROWS}"  # noqa: S608 - constants


class ChainVerifier:
    """Checks the chain from its first entry to the last one at the start.

    Each step reads in a transaction of its own, so that the log can be shortened meanwhile.
    `fault` is the break found, or why the file cannot be read; empty without one.
    """

    def __init__(self, path: Path) -> None:
        self.fault = ""
        self._failed = False
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._seq, self._prev_hash = 1, FIRST_PREV_HASH
        self._end = 0

    def step(self) -> float | None:
        """Check the next few entries; None once the end is reached or the chain is broken."""
        try:
            rows = self._read()
        except JournalError as fault:
            self._note(str(fault.fields["detail"]) if self._failed else "")
            self._failed = True
            return RETRY_S
        self._failed = False
        self._note("")
        for row in rows:
            broken = chain_break(row, self._seq, self._prev_hash)
            if broken:
                self._note(f"entry {self._seq} does not fit the chain ({broken}): call help")
                return None
            self._seq, self._prev_hash = self._seq + 1, row[-1]
        return REST_S if self._seq <= self._end else None

    def close(self) -> None:
        """Close the reading connection."""
        if self._connection:
            self._connection.close()

    def _read(self) -> list[Any]:
        if self._connection is None:
            self._connection = connect(self._path, read_only=True)
        with mapping_errors(self._path):
            ask = self._connection.execute
            if not self._end:
                self._end = ask("SELECT coalesce(max(seq), 0) FROM entries").fetchone()[0]
                self._seq, self._prev_hash = beginning(self._connection)
            return ask(_ROWS, (self._seq, self._end)).fetchall()

    def _note(self, fault: str) -> None:
        if fault and fault != self.fault:
            log.error("journal.broken", extra={"detail": fault})
        self.fault = fault
