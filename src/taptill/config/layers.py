"""A config file and the files that it includes, laid over one another; a later value wins.

`include = ["site.toml"]` above all tables of a till's own file names what all tills of a site have
in common. The included files come first, in their order, then the file itself. Tables are merged
key by key; a list of tables (`[[goods]]`) replaces that of an earlier file as a whole.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from taptill.domain.errors import ConfigError

INCLUDE = "include"
INCLUDED_MAX = 8
BYTES_MAX = 4_000_000
"""A config of 2,000 goods has a tenth of this; what is larger is something else by mistake."""


@dataclass(frozen=True, slots=True)
class MergedFile:
    """The values of all files as TOML gives them, and where they come from.

    `origins` has the file of each key, by `(table, key)`, and the last file that has a table or a
    list, by `(name, "")`. `paths` are the files in the order in which they were laid over one
    another, the main one last; empty for a text that is in no file.
    """

    values: Mapping[str, Any]
    paths: tuple[Path, ...] = ()
    origins: Mapping[tuple[str, str], Path] = field(default_factory=dict)

    def prefix(self, table: str, key: str = "") -> str:
        """Return the words before a complaint about a key: its file, which may be an included one.

        Of a text that is in no file they are empty.
        """
        origin = self.origins.get((table, key)) or self.origins.get((table, ""))
        main = self.paths[-1] if self.paths else None
        return file_prefix(origin or main, main)


def config_error(complaints: list[str], **place: object) -> ConfigError:
    """Return the one error of all complaints; they are also a list in `.fields["list"]`.

    `place`: the `path` and the `line` of what is no text or no TOML.
    """
    return ConfigError(complaints="\n".join(complaints), list=complaints, **place)


def file_prefix(path: Path | None, main: Path | None) -> str:
    """Return the words that name a file before a complaint about it: the main one by its path.

    Several places are looked at for a main file, all of one name; others lie where it names them.
    """
    if path is None:
        return ""
    return f"{path if path == main else path.name}: "


def unreadable(path: Path | str, fault: OSError) -> str:
    """Return the complaint about what cannot be read, and who may where this account may not."""
    hint = (
        ". Run it as root (sudo) or as the till's account, which must be allowed to read it"
        if isinstance(fault, PermissionError)
        else ""
    )
    return f"{path} cannot be read: {fault.strerror}{hint}"


def read_files(path: Path) -> MergedFile:
    """Return a config file laid over those that it includes. Errors: ConfigError."""
    return merge_with_included(path, read_layer(path, file_prefix(path, path)))


def merge_with_included(path: Path, tables: Mapping[str, Any]) -> MergedFile:
    """Return the tables of the main file laid over the files that it includes.

    Errors: ConfigError.
    """
    main = {name: content for name, content in tables.items() if name != INCLUDE}
    included = _included(path, tables.get(INCLUDE, []))
    layers = [*map(_read_included, included), main]
    return merge(layers, [*included, path])


def read_text(text: str, prefix: str = "", path: Path | None = None) -> dict[str, Any]:
    """Return the tables of a text, which stands in the file `path`.

    Errors: ConfigError, which begins with `prefix`, with line and column where TOML says it.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        # tomllib gives no line for an unexpected end, nor for an error that Python raises itself.
        where = re.search(r"\(at line (\d+), column (\d+)\)$", str(fault))
        lines = text.split("\n")
        line, column = where.groups() if where else (len(lines), len(lines[-1]) + 1)
        detail = re.sub(r" \(at .*\)$", "", str(fault))
        place = f"{prefix}line {line}, column {column}"
        problem = f"{place}: this is not TOML: {detail}"
        raise config_error([problem], path=path, line=int(line)) from fault


def read_layer(path: Path, prefix: str) -> dict[str, Any]:
    """Return the tables of one file as they stand there.

    Errors: ConfigError, each of whose lines begins with `prefix`.
    """
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
        if len(content) > BYTES_MAX:
            raise config_error([f"{path} is larger than {BYTES_MAX // 1_000_000} MB"])
    except OSError as fault:
        raise config_error([unreadable(path, fault)]) from fault
    return read_text(decoded(content, prefix, path), prefix, path)


def decoded(content: bytes, prefix: str, path: Path) -> str:
    """Return the text of a file. Errors: ConfigError, with line and column."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content[: fault.start].count(b"\n") + 1
        column = fault.start - content.rfind(b"\n", 0, fault.start)
        problem = f"{prefix}line {line}, column {column}: this is not UTF-8"
        raise config_error([problem], path=path, line=line) from fault


def merge(layers: Sequence[Mapping[str, Any]], paths: Sequence[Path]) -> MergedFile:
    """Return the values of several files, each laid over the ones before it."""
    values: dict[str, Any] = {}
    origins: dict[tuple[str, str], Path] = {}
    for path, layer in zip(paths, layers, strict=True):
        for name, content in layer.items():
            below = values.get(name)
            is_table = isinstance(content, dict) and isinstance(below, dict | None)
            values[name] = {**(below or {}), **content} if is_table else content
            keys = (*content, "") if is_table else ("",)
            origins |= {(name, key): path for key in keys}
    return MergedFile(values, tuple(paths), origins)


def _included(path: Path, names: object) -> list[Path]:
    fits = isinstance(names, list) and all(isinstance(name, str) and name for name in names)
    if not fits or len(names) > INCLUDED_MAX:  # type: ignore[arg-type]
        problem = f'a list of at most {INCLUDED_MAX} files, such as ["site.toml"]'
        raise config_error([f"{path}: {INCLUDE} must be {problem}"])
    assert isinstance(names, list)
    paths = [path.parent / name for name in names]
    for included in paths:
        if included == path or paths.count(included) > 1:
            problem = f"{INCLUDE} names {included.name} twice, or the file itself"
            raise config_error([f"{path}: {problem}"])
    return paths


def _read_included(path: Path) -> dict[str, Any]:
    layer = read_layer(path, f"{path.name}: ")
    if INCLUDE in layer:
        problem = f"an included file includes no others; name them all in the till's own {INCLUDE}"
        raise config_error([f"{path.name}: {problem}"])
    return layer
