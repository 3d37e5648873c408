"""Which slips wait, and how often each was printed: the last 50, in a file of numbers only.

What is printed is made anew from the journal, so this file holds nothing that anybody has bought.
It may be deleted; then a copy is not marked as one.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from taptill.domain.errors import OutputError
from taptill.durable_files import unsynced_write

ROWS_MAX = 50

log = logging.getLogger("taptill.slips")


@dataclass(frozen=True, slots=True)
class SpoolRow:
    """A slip by its entry's number: how often it was printed, and since when it waits.

    `asked_ms` is wall time in milliseconds since 1970, 0: it does not wait.
    """

    seq: int
    printed: int = 0
    asked_ms: int = 0

    @property
    def waits(self) -> bool:
        """Return whether it is to be printed."""
        return self.asked_ms > 0


class Spool:
    """The rows of one till; a lost write of its file costs the mark of a copy, and no sale."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows = {row.seq: row for row in _read(path)}

    def row(self, seq: int) -> SpoolRow:
        """Return the row of an entry, a new one where there is none."""
        return self._rows.get(seq, SpoolRow(seq))

    @property
    def waiting(self) -> tuple[SpoolRow, ...]:
        """Return the slips that wait, oldest entry first."""
        return tuple(row for _, row in sorted(self._rows.items()) if row.waits)

    def ask(self, seq: int, at_ms: int) -> None:
        """Let a slip wait from now on."""
        self._put(replace(self.row(seq), asked_ms=max(1, at_ms)))

    def printed(self, seq: int) -> None:
        """Note that a slip was printed."""
        row = self.row(seq)
        self._put(replace(row, printed=row.printed + 1, asked_ms=0))

    def drop(self, seqs: Iterable[int]) -> None:
        """Let slips not wait any more."""
        for seq in seqs:
            self._rows[seq] = replace(self.row(seq), asked_ms=0)
        self._write()

    def _put(self, row: SpoolRow) -> None:
        self._rows[row.seq] = row
        for seq in sorted(self._rows)[:-ROWS_MAX]:
            del self._rows[seq]
        self._write()

    def _write(self) -> None:
        try:
            unsynced_write(self._path, json.dumps([asdict(row) for row in self._rows.values()]))
        except OutputError as fault:
            log.warning("slips.spool", extra={"detail": fault.fields.get("detail")})


def _read(path: Path) -> list[SpoolRow]:
    """Return the rows of a file; none where it is not there or not as `Spool` writes it."""
    try:
        rows: Any = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return [_row(row) for row in rows if _is_row(row)] if isinstance(rows, list) else []


def _is_row(row: object) -> bool:
    return isinstance(row, dict) and all(
        isinstance(row.get(key), int) for key in ("seq", "printed", "asked_ms")
    )


def _row(row: Mapping[str, int]) -> SpoolRow:
    return SpoolRow(row["seq"], row["printed"], row["asked_ms"])
