"""The hash chain: each entry's hash covers its columns and the hash before it."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any

FIRST_PREV_HASH = "0" * 64
ENTRY_COLUMNS = (
    "seq, kind, charge_id, customer_id, amount_minor, body, at, boot_id, uptime_ms, "
    "clock_trusted, staff, prev_hash, hash"
)
ENTRY_NAMES = tuple(ENTRY_COLUMNS.split(", "))


def canonical(value: Mapping[str, Any]) -> str:
    """Write JSON in one way only: sorted keys, no blanks, Decimals as text, plain ASCII.

    ASCII, because a name from outside may hold a lone surrogate, which UTF-8 cannot encode.
    """
    return _encode(value)


def chained_hash(prev_hash: str, columns: Mapping[str, Any]) -> str:
    """Return SHA-256 over the previous hash and every other column but the hash itself."""
    text = prev_hash + canonical(columns)  # ASCII, unless the hash before was tampered with
    return sha256(text.encode("ascii", "backslashreplace")).hexdigest()


def _as_text(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(value)


# Made once: json.dumps with options makes an encoder at every call.
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_as_text).encode


def chain_break(row: Sequence[Any], seq: int, prev_hash: str) -> str:
    """Return in words why a row is not the chain's entry `seq`; empty if it is."""
    columns = dict(zip(ENTRY_NAMES, row, strict=True))
    if columns["seq"] != seq:
        return "it is missing"
    if columns.pop("prev_hash") != prev_hash:
        return "it does not follow the entry before it"
    try:
        fits = columns.pop("hash") == chained_hash(prev_hash, columns)
    except TypeError:  # a damaged page has made bytes of a text
        fits = False
    return "" if fits else "its content does not fit its hash"
