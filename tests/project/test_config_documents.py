"""The config's tables in; the example file and docs/configuration.md that agree with them out."""

import json
import re
from pathlib import Path

import click
import pytest
from tests.project.sources import ROOT

from taptill.cli import taptill
from taptill.config import load, parse
from taptill.config.tables import LISTS, TABLES, keys_of
from taptill.config.validators import REQUIRED, ConfigKey

EXAMPLE = ROOT / "config.example.toml"
PAGE = ROOT / "docs" / "configuration.md"
ALL = {f"[{name}]": table for name, table in TABLES.items()}
ALL |= {f"[[{name}]]": table for name, table in LISTS.items()}
NOT_YET = {  # wholly, or one of the choices
    "[cache] fields",
    "[privacy] clear_after_s",
}
COMMAND = re.compile(r"`taptill ([^`]+)`")
READ_FIRST = (ROOT / "README.md", ROOT / "CONTRIBUTING.md")
PAGES = (EXAMPLE, *READ_FIRST, *sorted((ROOT / "docs").rglob("*.md")))
HEAD = re.compile(r"^(?:# )?(\[\[?[a-z]+\]\]?)")
ASSIGNMENT = re.compile(r"^(?:# )?([a-z_]+) = ")


def example_keys() -> dict[str, dict[str, str]]:
    """Return the words beside the example's keys by table, those that are switched off too."""
    keys: dict[str, dict[str, str]] = {}
    table = key = ""
    for line in EXAMPLE.read_text("utf-8").splitlines():
        if head := HEAD.match(line):
            table, key = head[1], ""
            keys[table] = {}
        elif assignment := ASSIGNMENT.match(line):
            key = assignment[1]
            keys[table][key] = line.partition(" = ")[2]
        elif key and line.startswith(" " * len("key = ")):
            keys[table][key] += line
    return keys


def default(key: ConfigKey) -> str:
    """Write a default as it would stand in the file."""
    if key.default is REQUIRED:
        return "required"
    if key.default is None:
        return "none"
    return f"`{json.dumps(key.default)}`"


def row(name: str, key: ConfigKey) -> str:
    """Write what the page's table must say of a key, up to its meaning."""
    allowed = key.validator.constraint.replace("|", "or")
    return (
        f"| `{name}` | {key.validator.name} | {key.validator.unit} | {allowed} | {default(key)} |"
    )


def page_rows(*, meanings: bool = False) -> dict[str, list[str]]:
    """Return the rows of each table's section of the page, with or without the meanings."""
    row_form = r"^(\| `.*\| [^|]+ \|)$" if meanings else r"^(\| `.*\|) [^|]+ \|$"
    sections = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {
        section.partition("\n")[0].strip("`"): re.findall(row_form, section, re.MULTILINE)
        for section in sections
    }


def test_the_example_loads_as_it_stands_without_a_warning() -> None:
    assert load(EXAMPLE).warnings == ()


def test_the_example_loads_with_everything_switched_on() -> None:
    text = EXAMPLE.read_text("utf-8")
    parse(re.sub(r"^# (?=\[\[?[a-z]+\]\]?|[a-z_]+ = )", "", text, flags=re.MULTILINE))


def test_the_example_says_plainly_what_this_version_does_not_do() -> None:
    marked_keys = {
        f"{table} {key}"
        for table, keys in example_keys().items()
        for key, words in keys.items()
        if "(not yet" in words
    }
    assert marked_keys == NOT_YET


def test_the_page_says_plainly_what_this_version_does_not_do() -> None:
    marked_keys = {
        f"{table} {key}"
        for table, meanings in page_rows(meanings=True).items()
        for row_text in meanings
        if "(not yet" in row_text
        for key in re.findall(r"^\| `([a-z_]+)`", row_text)
    }
    assert marked_keys == NOT_YET


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    commands = COMMAND.findall(page.read_text("utf-8"))
    assert [words for words in commands if not is_command(words.split())] == []


def is_command(words: list[str]) -> bool:
    """Return whether the program has this command; options and their values are not looked at."""
    command: click.Command | None = taptill
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            command = command.get_command(click.Context(command), word)
    return command is not None


def test_the_example_shows_every_key_in_its_table() -> None:
    expected = {name: sorted(keys_of(table)) for name, table in ALL.items()}
    assert {name: sorted(keys) for name, keys in example_keys().items()} == expected


@pytest.mark.parametrize("table", ALL)
def test_the_page_says_of_each_key_what_the_program_does(table: str) -> None:
    """The same keys in the same order, each with type, unit, range and default, and a meaning."""
    assert page_rows()[table] == [row(name, key) for name, key in keys_of(ALL[table]).items()]


def test_the_page_describes_no_table_that_does_not_exist() -> None:
    assert {name for name in page_rows() if name.startswith("[")} == set(ALL)
