"""Verifying a journal or a copy: the chain, and the positions against the entries."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from taptill.domain.errors import JournalDamagedError
from taptill.journal import projection
from taptill.journal.background.row_formats import read_rows
from taptill.journal.chain import ENTRY_COLUMNS, FIRST_PREV_HASH, chain_break
from taptill.journal.file import (
    MISSING_END,
    beginning,
    entry_of,
    format_of,
    known_end,
    mapping_errors,
    positions,
)
from taptill.journal.queries import read_transaction

UNREADABLE = "its line cannot be read"


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """The result for a whole journal or a copy; `broken_seq` is the first bad entry.

    A copy, or a journal that follows a closed one, begins with a later entry: what is before
    `first_seq` is believed. `cut_short`: its
    last line is incomplete, as a power cut leaves it, and was left out.
    """

    entries: int
    broken_seq: int | None = None
    detail: str = ""
    stale_positions: tuple[int, ...] = ()
    first_seq: int = 1
    cut_short: bool = False

    @property
    def sound(self) -> bool:
        """Whether chain and projection both hold."""
        return self.broken_seq is None and not self.stale_positions


def verify(connection: sqlite3.Connection, path: Path | str = "") -> VerifyResult:
    """Check every entry in order, then compare the positions with newly computed ones.

    All of it is of one committed state, as a till may write meanwhile. Sums that know of entries
    beyond the end say that the end is missing; a page that cannot be read raises JournalError.
    """
    with mapping_errors(path), read_transaction(connection, path):
        return _walk(connection)


def verify_copy(file: BinaryIO) -> VerifyResult:
    """Check the chain of an export or a mirror, JSON lines or CSV, without the journal."""
    first_seq, seq, prev_hash = 1, 1, FIRST_PREV_HASH
    for row, has_end in read_rows(file):
        if row and seq == first_seq and isinstance(row[0], int) and row[0] > 1:
            first_seq, seq, prev_hash = row[0], row[0], str(row[-2])
        detail = chain_break(row, seq, prev_hash) if row else UNREADABLE
        if row is None or detail:
            if not has_end:
                return VerifyResult(seq - first_seq, first_seq=first_seq, cut_short=True)
            return VerifyResult(seq - first_seq, seq, detail, first_seq=first_seq)
        seq, prev_hash = seq + 1, row[-1]
    return VerifyResult(seq - first_seq, first_seq=first_seq)


def _walk(connection: sqlite3.Connection) -> VerifyResult:
    counter = projection.PositionCounter()
    first_seq, prev_hash = beginning(connection)
    count = first_seq - 1
    for row in connection.execute(f"SELECT {ENTRY_COLUMNS} FROM entries ORDER BY seq"):  # noqa: S608 - constants
        detail = chain_break(row, count + 1, prev_hash)
        if detail:
            return VerifyResult(count + 1 - first_seq, count + 1, detail, first_seq=first_seq)
        entry = entry_of(row)
        counter.add(entry)
        prev_hash, count = entry.hash, entry.seq
    if known_end(connection) > count:
        return VerifyResult(count + 1 - first_seq, count + 1, MISSING_END, first_seq=first_seq)
    _check_pages(connection)
    on_disk = {customer_id.customer_id: customer_id for customer_id in positions(connection)}
    fresh = counter.positions
    if format_of(connection) == projection.FORMAT_3:  # the archive of a year that was closed then
        fresh = {key: projection.as_format_3(customer_id) for key, customer_id in fresh.items()}
    stale = [
        customer_id
        for customer_id in sorted({*on_disk, *fresh})
        if on_disk.get(customer_id) != fresh.get(customer_id)
    ]
    count += 1 - first_seq
    return VerifyResult(count, stale_positions=tuple(stale), first_seq=first_seq)


def _check_pages(connection: sqlite3.Connection) -> None:
    """Raise JournalDamagedError for an inconsistent index: open customers are read from one."""
    report = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if report != "ok":
        place = str(connection.execute("PRAGMA database_list").fetchone()[2])
        raise JournalDamagedError(path=place, detail="an index or a page is damaged")
