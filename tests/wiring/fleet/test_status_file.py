"""The status file has stable keys, which docs/fleet.md explains."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from tests.domain.figures.samples import CRASH, TROUBLED, WELL, any_figures
from tests.project.sources import ROOT

from taptill.domain.figures.condition import CONDITION_RULES, Condition, condition_of
from taptill.domain.figures.till import TillFigures
from taptill.wiring.fleet.status_file import Written, read_status, status_document, status_text

WRITTEN = Written("boot-1", 60_000, 5.0, 412)
PAGE = (ROOT / "docs" / "fleet.md").read_text("utf-8")
NAMED = ("readers[].faults", "sending.outcomes", "program.last_crash")


def keys(value: Any, at: str = "") -> Iterator[str]:
    """Yield the path of each value; what has names of its own is one."""
    if isinstance(value, dict) and at not in NAMED:
        for key, inner in value.items():
            yield from keys(inner, f"{at}.{key}" if at else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from keys(value[0], f"{at}[]")
    else:
        yield at


def test_the_page_has_every_key_in_its_order() -> None:
    found = [*keys(status_document(WELL, WRITTEN))]
    assert found == re.findall(r"^\| `([a-z_0-9.\[\]]+)` \| [^|]+ \|$", PAGE, re.MULTILINE)


def test_the_page_has_every_finding_in_its_order() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (care|stopped) \|", PAGE, re.MULTILINE)
    assert rows == [(rule.word, rule.condition.value) for rule in CONDITION_RULES]


def test_the_worst_finding_decides() -> None:
    assert condition_of(WELL) is Condition.WELL
    assert condition_of(TROUBLED) is Condition.STOPPED
    document = status_document(TROUBLED, WRITTEN)
    assert document["findings"] == [
        *("no-card-reader", "offline", "reader-broken", "reader-care", "printer", "to-clarify"),
        *("clock", "crashed", "warnings"),
    ]
    assert document["program"]["last_crash"]["place"] == CRASH.place


@given(any_figures())
def test_whatever_the_figures_the_keys_are_the_same(figures: TillFigures) -> None:
    document = json.loads(status_text(figures, WRITTEN))
    assert [*document] == [*status_document(WELL, WRITTEN)]
    assert isinstance(document["sending"]["to_send_minor"], int)


BROKEN = {
    "empty, as after a loss of power": b"",
    "half of it": b'{"form": 1, "wri',
    "no object": b"[]",
    "of another form": b'{"form": 99}',
    "not UTF-8": b"\xff\xfe",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_none_of_ours_says_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "status.json"
    assert read_status(path) is None
    path.write_bytes(content)
    assert read_status(path) is None
    path.write_text(status_text(WELL, WRITTEN), "utf-8")
    read = read_status(path)
    assert read is not None
    assert read["condition"] == "well"
