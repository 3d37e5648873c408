"""The vector file in, one vector a test out."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True, slots=True)
class Vector:
    family: str
    octets: bytes
    expected_ids: tuple[str, ...]
    error: str | None
    rule: str
    printed: dict[str, str]
    events: tuple[str, ...]
    request: bytes
    normalise: dict[str, str]


def vectors(*families: str) -> list[Any]:
    """Give the vectors of families as pytest parameters whose ids are their notes."""
    found = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
    return [
        pytest.param(
            Vector(
                each["family"],
                bytes.fromhex(each["bytes_hex"]),
                tuple(each["expected_ids"]),
                each["error"],
                each.get("rule", ""),
                each.get("printed", {}),
                tuple(each.get("events", ())),
                bytes.fromhex(each.get("request", "")),
                each.get("normalise", {}),
            ),
            id=f"{each['family']}: {each['note']}",
        )
        for each in found
        if each["family"] in families
    ]
