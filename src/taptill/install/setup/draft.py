"""A config that is being written: the example with its comments, or what the site has already."""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Item, Table

from taptill.config import Config
from taptill.config.layers import (
    MergedFile,
    config_error,
    file_prefix,
    merge_with_included,
    read_text,
)
from taptill.config.reading import parse_files
from taptill.config.tables import LISTS, TABLES
from taptill.domain.errors import ConfigError
from taptill.wiring.readers import check_reader

EXAMPLE = "config.example.toml"
_CHECKOUT = Path(__file__).resolve().parents[4]


def example() -> str:
    """Return the text of the example config: of the installed package, or of this checkout."""
    packed = resources.files("taptill.install") / EXAMPLE
    if packed.is_file():
        return packed.read_text("utf-8")
    return (_CHECKOUT / EXAMPLE).read_text("utf-8")


class ConfigDraft:
    """A config's text in which values are set; its comments and its order stay.

    `path` is where it will be written; files that it includes are looked for beside that.
    """

    def __init__(self, text: str, path: Path) -> None:
        """Take a text that is TOML, as what it includes must be. Errors: ConfigError."""
        # It words a mistake as every other command does.
        merge_with_included(path, read_text(text, file_prefix(path, path), path))
        self.path = path
        self._laid: dict[tuple[str, str], Path] = {}
        try:
            self._document = tomlkit.parse(text)
        except TOMLKitError as fault:
            raise config_error([f"{path} cannot be edited: {fault}"]) from fault

    @property
    def text(self) -> str:
        """Return the text as it stands now."""
        return tomlkit.dumps(self._document)

    def value(self, table: str, key: str) -> object:
        """Return a value of this text or of a file that it includes; None where neither has it."""
        content = self._merged().values.get(table, {})
        return content.get(key) if isinstance(content, dict) else None

    def rows(self, name: str) -> list[Mapping[str, Any]]:
        """Return a list of tables as it counts, of this text or of a file that it includes."""
        content = self._merged().values.get(name, [])
        return (
            [row for row in content if isinstance(row, dict)] if isinstance(content, list) else []
        )

    def set(self, table: str, key: str, value: object) -> None:
        """Set a value of a table; its comment stays beside it. Errors: ConfigError for no table."""
        if table not in self._document:
            self._document.add(table, tomlkit.table())
        content = self._document[table]
        if not isinstance(content, MutableMapping):
            raise config_error([f"{self.path}: {table} must be a table: [{table}]"])
        _set(content, key, value)

    def set_row(self, name: str, number: int, row: Mapping[str, object]) -> None:
        """Replace one table of a list, counted from 1, and leave the others as they are.

        A number one larger than the last one's adds a table. A list that stands in an included file
        alone is taken over as a whole, as a list here replaces the one there.
        """
        old = self._document.get(name)
        if isinstance(old, AoT) and number <= len(old):
            _fill(old[number - 1], row)
        elif isinstance(old, AoT):
            old.append(tomlkit.item(dict(row)))
        else:
            rows = self.rows(name)
            self.set_rows(name, [*rows[: number - 1], row, *rows[number:]])

    def set_rows(self, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Replace a list of tables as a whole; the comments of the first one stay."""
        old = self._document.get(name)
        if isinstance(old, AoT) and rows:
            del old[1:]
            _fill(old[0], rows[0])
            rows = rows[1:]
        else:
            self._document.pop(name, None)
        for row in rows:
            if name not in self._document:
                self._document.add(name, tomlkit.aot())
            more = self._document[name]
            assert isinstance(more, AoT)
            more.append(tomlkit.item(dict(row)))

    def lay(self, tables: Mapping[str, Any], path: Path) -> None:
        """Lay the tables of another file over this one; a mistake there is told of that file.

        Errors: ConfigError for a strange form.
        """
        for name, content in tables.items():
            is_rows = isinstance(content, list) and all(isinstance(row, dict) for row in content)
            keys = content if isinstance(content, dict) else ()
            self._laid |= {(name, key): path for key in (*keys, "")}
            if name in LISTS and is_rows:
                self.set_rows(name, content)
            elif name in TABLES and isinstance(content, dict):
                for key, value in content.items():
                    self.set(name, key, value)
            else:
                known = ", ".join((*TABLES, *LISTS))
                problem = f"[{name}]: no table of a config, known are {known}"
                raise config_error([f"{path.name}: {problem}"])

    def complaint_about(self, table: str, key: str) -> str:
        """Return what is wrong with the value of a key; empty if nothing is."""
        try:
            self.config()
        except ConfigError as fault:
            complaints = fault.fields["list"]
            assert isinstance(complaints, list)
            start = f"[{table}] {key} "
            texts = (text.partition(start) for text in complaints)
            return next((f"{start}{text}" for _, found, text in texts if found), "")
        return ""

    def config(self) -> Config:
        """Return the config that this text makes. Errors: ConfigError with all complaints."""
        return parse_files(self._merged(), check_reader)

    def _merged(self) -> MergedFile:
        merged = merge_with_included(self.path, read_text(self.text))
        return replace(merged, origins={**merged.origins, **self._laid})


def _fill(table: Table, row: Mapping[str, object]) -> None:
    """Let a table have these values alone; its comments stay."""
    for key in [key for key in table if key not in row]:
        table.remove(key)
    for key, value in row.items():
        _set(table, key, value)


def _set(table: MutableMapping[str, Any], key: str, value: object) -> None:
    """Set a value; where a comment follows it, in the column in which it stood before."""
    before = table.get(key)
    width = len(before.as_string()) if isinstance(before, Item) else 0
    table[key] = value
    item = table[key]
    if isinstance(item, Item) and item.trivia.comment:
        gap = len(item.trivia.comment_ws) + width - len(item.as_string())
        item.trivia.comment_ws = " " * max(2, gap)
