"""A config that is being written: the example with its comments, or what the site has already."""

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Item, Table

from taptill.config import Config
from taptill.config.layers import config_error, merge_with_included, read_text
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
        """Take a text that is TOML. Errors: ConfigError."""
        read_text(text)  # words a mistake as every other command does
        self.path = path
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

    def set(self, table: str, key: str, value: object) -> None:
        """Set a value of a table; its comment stays beside it."""
        if table not in self._document:
            self._document.add(table, tomlkit.table())
        content = self._document[table]
        assert isinstance(content, Table)
        _set(content, key, value)

    def set_rows(self, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Replace a list of tables; the comments of the first one stay."""
        old = self._document.get(name)
        if isinstance(old, AoT) and rows:
            del old[1:]
            first = old[0]
            for key in [key for key in first if key not in rows[0]]:
                first.remove(key)
            for key, value in rows[0].items():
                _set(first, key, value)
            rows = rows[1:]
        else:
            self._document.pop(name, None)
        for row in rows:
            if name not in self._document:
                self._document.add(name, tomlkit.aot())
            more = self._document[name]
            assert isinstance(more, AoT)
            more.append(tomlkit.item(dict(row)))

    def lay(self, tables: Mapping[str, Any]) -> None:
        """Lay the tables of another file over this one. Errors: ConfigError for a strange form."""
        for name, content in tables.items():
            is_rows = isinstance(content, list) and all(isinstance(row, dict) for row in content)
            if name in LISTS and is_rows:
                self.set_rows(name, content)
            elif name in TABLES and isinstance(content, dict):
                for key, value in content.items():
                    self.set(name, key, value)
            else:
                known = ", ".join((*TABLES, *LISTS))
                raise config_error([f"[{name}]: no table of a config, known are {known}"])

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

    def _merged(self) -> Any:
        return merge_with_included(self.path, read_text(self.text))


def _set(table: Table, key: str, value: object) -> None:
    """Set a value; where a comment follows it, in the column in which it stood before."""
    before = table.get(key)
    width = len(before.as_string()) if isinstance(before, Item) else 0
    table[key] = value
    item = table[key]
    if isinstance(item, Item) and item.trivia.comment:
        gap = len(item.trivia.comment_ws) + width - len(item.as_string())
        item.trivia.comment_ws = " " * max(2, gap)
