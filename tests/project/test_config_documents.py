"""The config's tables in; the example file and docs/configuration.md that agree with them out."""

import json
import re

import pytest
from tests.project.sources import ROOT

from taptill.config import load, parse
from taptill.config.kinds import REQUIRED, Key
from taptill.config.tables import LISTS, TABLES, keys_of

EXAMPLE = ROOT / "config.example.toml"
PAGE = ROOT / "docs" / "configuration.md"
ALL = {f"[{name}]": table for name, table in TABLES.items()}
ALL |= {f"[[{name}]]": table for name, table in LISTS.items()}
HEAD = re.compile(r"^(?:# )?(\[\[?[a-z]+\]\]?)")
ASSIGNMENT = re.compile(r"^(?:# )?([a-z_]+) = ")


def example_keys() -> dict[str, list[str]]:
    """Give the example's keys by table, those that are switched off too."""
    found: dict[str, list[str]] = {}
    table = ""
    for line in EXAMPLE.read_text("utf-8").splitlines():
        if head := HEAD.match(line):
            table = head[1]
            found[table] = []
        elif assignment := ASSIGNMENT.match(line):
            found[table].append(assignment[1])
    return found


def default(key: Key) -> str:
    """Write a default as it would stand in the file."""
    if key.default is REQUIRED:
        return "required"
    if key.default is None:
        return "none"
    return f"`{json.dumps(key.default)}`"


def row(name: str, key: Key) -> str:
    """Write what the page's table must say of a key, up to its meaning."""
    allowed = key.kind.allowed.replace("|", "or")
    return f"| `{name}` | {key.kind.name} | {key.kind.unit} | {allowed} | {default(key)} |"


def page_rows() -> dict[str, list[str]]:
    """Give the rows of each table's section of the page, each without its meaning."""
    sections = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {
        section.partition("\n")[0].strip("`"): re.findall(
            r"^(\| `.*\|) [^|]+ \|$", section, re.MULTILINE
        )
        for section in sections
    }


def test_the_example_loads_as_it_stands_without_a_warning() -> None:
    assert load(EXAMPLE).warnings == ()


def test_the_example_loads_with_everything_switched_on() -> None:
    text = EXAMPLE.read_text("utf-8")
    parse(re.sub(r"^# (?=\[\[?[a-z]+\]\]?|[a-z_]+ = )", "", text, flags=re.MULTILINE))


def test_the_example_shows_every_key_in_its_table() -> None:
    wanted = {name: sorted(keys_of(table)) for name, table in ALL.items()}
    assert {name: sorted(keys) for name, keys in example_keys().items()} == wanted


@pytest.mark.parametrize("table", ALL)
def test_the_page_says_of_each_key_what_the_program_does(table: str) -> None:
    """The same keys in the same order, each with type, unit, range and default, and a meaning."""
    assert page_rows()[table] == [row(name, key) for name, key in keys_of(ALL[table]).items()]


def test_the_page_describes_no_table_that_does_not_exist() -> None:
    assert {name for name in page_rows() if name.startswith("[")} == set(ALL)
