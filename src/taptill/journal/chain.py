"""Columns in, hash out: each entry's hash covers the one before it (3-charging 3.4)."""

import json
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any

FIRST_PREV_HASH = "0" * 64


def canonical(value: Mapping[str, Any]) -> str:
    """Write JSON in one way only: sorted keys, no blanks, Decimals as text, plain ASCII.

    ASCII, because a foreign name may hold half a character, which neither disk nor hash takes.
    """
    return _encode(value)


def chained_hash(prev_hash: str, columns: Mapping[str, Any]) -> str:
    """Give SHA-256 over the previous hash and every other column but the hash itself."""
    text = prev_hash + canonical(columns)  # plain ASCII, unless somebody changed the hash before
    return sha256(text.encode("ascii", "backslashreplace")).hexdigest()


def _as_text(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(value)


# Made once: json.dumps with options makes an encoder at every call.
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_as_text).encode
