"""Loads the vector file as test parameters."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    family: str
    octets: bytes
    expected_ids: tuple[str, ...]
    error: str | None
    rule: str
    printed_numbers: dict[str, str]
    events: tuple[str, ...]
    request: bytes
    normalise: dict[str, str]


def vectors(*families: str) -> list[Any]:
    """Return the vectors of families as pytest parameters whose ids are their notes."""
    rows = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
    return [
        pytest.param(
            Vector(
                family=row["family"],
                octets=bytes.fromhex(row["bytes_hex"]),
                expected_ids=tuple(row["expected_ids"]),
                error=row["error"],
                rule=row.get("rule", ""),
                printed_numbers=row.get("printed", {}),
                events=tuple(row.get("events", ())),
                request=bytes.fromhex(row.get("request", "")),
                normalise=row.get("normalise", {}),
            ),
            id=f"{row['family']}: {row['note']}",
        )
        for row in rows
        if row["family"] in families
    ]
