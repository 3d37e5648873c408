"""Rows of the journal in, a line of JSON each out, and back: a copy that carries the chain."""

import json
from collections.abc import Sequence
from typing import Any

from taptill.journal.file import ENTRY_NAMES

_encode = json.JSONEncoder(separators=(",", ":")).encode


def to_line(row: Sequence[Any]) -> bytes:
    """Write a row of the table `entries`, every column as it stands there, in ASCII."""
    return _encode(dict(zip(ENTRY_NAMES, row, strict=True))).encode("ascii") + b"\n"


def from_line(line: bytes) -> tuple[Any, ...] | None:
    """Read such a line; None: it is none."""
    try:
        columns = json.loads(line)
    except ValueError:
        return None
    if not isinstance(columns, dict) or tuple(columns) != ENTRY_NAMES:
        return None
    return tuple(columns.values())
