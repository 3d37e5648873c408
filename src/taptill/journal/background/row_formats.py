"""Rows of the journal as lines of JSON or CSV, written and read: copies with their hashes."""

import csv
import io
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, BinaryIO

from taptill.journal.chain import ENTRY_COLUMNS, ENTRY_NAMES

ROWS = 1000
"""Entries per read: a longer read would keep the till from checkpointing its log."""

LINE_BYTES_MAX = 2**20

_INTEGERS = frozenset({"seq", "customer_id", "amount_minor", "uptime_ms", "clock_trusted"})
_OPTIONAL = frozenset({"charge_id", "customer_id", "amount_minor", "staff"})
_HEAD = b"seq,"

_encode = json.JSONEncoder(separators=(",", ":")).encode

Row = tuple[Any, ...]


def rows(connection: sqlite3.Connection, since: int, until: int) -> Iterator[Row]:
    """Return the rows of the table `entries` from one seq to another, both included, in order."""
    query = f"SELECT {ENTRY_COLUMNS} FROM entries WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"  # noqa: S608 - constants
    while batch := connection.execute(query, (since, until, ROWS)).fetchall():
        yield from batch
        since = batch[-1][0] + 1


def to_line(row: Sequence[Any]) -> bytes:
    """Write a row as a line of JSON, every column as it stands in the table, in ASCII."""
    return _encode(dict(zip(ENTRY_NAMES, row, strict=True))).encode("ascii") + b"\n"


def from_line(line: bytes) -> Row | None:
    """Read a line of JSON; None if it is not a row."""
    try:
        columns = json.loads(line)
    except ValueError:
        return None
    if not isinstance(columns, dict) or tuple(columns) != ENTRY_NAMES:
        return None
    return tuple(columns.values())


def to_csv(entry_rows: Iterable[Row]) -> Iterator[bytes]:
    """Write rows as CSV with a header; an empty field is none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in chain([ENTRY_NAMES], entry_rows):
        writer.writerow(row)
        yield text.getvalue().encode("utf-8")
        text.seek(0)
        text.truncate()


def read_rows(file: BinaryIO) -> Iterator[tuple[Row | None, bool]]:
    """Read JSON lines or CSV: each row, None where there is none, and whether its line ended."""
    lines = iter(lambda: file.readline(LINE_BYTES_MAX), b"")
    first = next(lines, b"")
    if first.startswith(_HEAD):
        yield from _from_csv(chain([first], lines))
    elif first:
        for line in chain([first], lines):
            yield from_line(line), _ended(line)


def _from_csv(lines: Iterator[bytes]) -> Iterator[tuple[Row | None, bool]]:
    has_end = True

    def texts() -> Iterator[str]:
        nonlocal has_end
        for line in lines:
            has_end = _ended(line)
            yield line.decode("utf-8", "replace")

    try:
        reader = csv.reader(texts())
        if tuple(next(reader)) != ENTRY_NAMES:
            yield None, True
        for fields in reader:
            yield _from_fields(fields), has_end
    except csv.Error:
        yield None, True


def _ended(line: bytes) -> bool:
    return line.endswith(b"\n") or len(line) == LINE_BYTES_MAX  # too long is no line, and no end


def _from_fields(fields: Sequence[str]) -> Row | None:
    if len(fields) != len(ENTRY_NAMES):
        return None
    try:
        return tuple(map(_value, ENTRY_NAMES, fields))
    except ValueError:
        return None


def _value(name: str, field: str) -> str | int | None:
    if not field and name in _OPTIONAL:
        return None
    return int(field) if name in _INTEGERS else field
