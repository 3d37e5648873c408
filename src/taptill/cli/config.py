"""The commands `taptill config check` and `taptill config show`."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from taptill.cli.options import CONFIG, JSON
from taptill.cli.output import sanitised
from taptill.config import Config, find_config, load, read_token
from taptill.config.layers import MergedFile, config_error, read_files
from taptill.config.reading import mode_defaults
from taptill.config.tables import LISTS, TABLES, keys_of
from taptill.config.validators import ConfigKey
from taptill.domain.errors import ConfigError, CurrencyError
from taptill.wiring.backend import ask_for_misfit
from taptill.wiring.opening import unbuilt
from taptill.wiring.readers import check_reader

ASKING_S_MAX = 4.0
DEFAULT = "default"
NOT_SHOWN = "(not shown)"
VALUE_MAX = 1_000


@click.group()
def config() -> None:
    """Look after the config file."""


@config.command()
@CONFIG
@JSON
def check(option: Path | None, *, as_json: bool) -> None:
    """Name every mistake in the config at once; exit status 78 if there is one.

    Where the backend answers at once it is asked whether it can keep the till's money.

    \b
    Examples:
      taptill config check
      taptill config check --config config.example.toml --json
    """
    path = find_config(option)
    try:
        settings = load(path, check_reader)
        warnings = tuple(map(str, (*settings.warnings, *unbuilt(settings))))
        _refuse_misfit_if_reachable(settings, path)
    except ConfigError as fault:
        if as_json:
            _print_json(path, fault.fields["list"], ())
        raise
    if as_json:
        _print_json(path, (), warnings)
        return
    click.echo(f"config is fine: {path}")
    for warning in warnings:
        click.echo(f"warning: {warning}")


def _refuse_misfit_if_reachable(settings: Config, path: Path) -> None:
    """Ask the backend what money it keeps, if there is a token.

    Raise ConfigError where it cannot keep the till's currency.
    """
    try:
        token = read_token(settings)
    except ConfigError:
        return  # a machine that is not the till has no token
    try:
        asyncio.run(ask_for_misfit(settings, token, ASKING_S_MAX))
    except CurrencyError as fault:
        raise config_error([f"{path}: [till] currency: {fault}"]) from fault


def _print_json(path: Path, complaints: object, warnings: tuple[str, ...]) -> None:
    click.echo(json.dumps({"config": str(path), "complaints": complaints, "warnings": warnings}))


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key of the config: its place, its value as in the file, and the file that it is from."""

    place: str
    key: str
    value: object
    origin: str


@config.command()
@CONFIG
@click.option("--origin", "with_origin", is_flag=True, help="Say of each value where it is from.")
@click.option("--all", "with_defaults", is_flag=True, help="What no file says, too.")
@JSON
def show(option: Path | None, *, with_origin: bool, with_defaults: bool, as_json: bool) -> None:
    """Show the config that counts, of the file and those that it includes; secrets are not shown.

    Whoever looks sees what the files say, even where the till would refuse it.

    \b
    Examples:
      taptill config show --origin
      taptill config show --all --json
    """
    files = read_files(find_config(option))
    shown_keys = [key for key in _keys(files) if with_defaults or as_json or key.origin != DEFAULT]
    if as_json:
        rows = [
            {"table": key.place, "key": key.key, "value": key.value, "origin": key.origin}
            for key in shown_keys
        ]
        click.echo(json.dumps({"files": [str(path) for path in files.paths], "keys": rows}))
        return
    place = ""
    for key in shown_keys:
        if key.place != place:
            place = key.place
            click.echo(f"{place.partition(' ')[0]}")
        literal = json.dumps(key.value, ensure_ascii=False, default=str)
        origin = f"  # {key.origin}" if with_origin else ""
        click.echo(f"{sanitised(f'{key.key} = {literal}', VALUE_MAX)}{origin}")


def _keys(files: MergedFile) -> Iterator[ShownKey]:
    """Yield every known key in the order of the page; of rows of a list only those that are set."""
    for name, table in TABLES.items():
        content = files.values.get(name, {})
        if isinstance(content, dict):
            yield from _table_keys(files, name, table, content)
    for name, table in LISTS.items():
        rows = files.values.get(name, [])
        for number, row in enumerate(rows if isinstance(rows, list) else [], 1):
            for key in (key for key in keys_of(table) if isinstance(row, dict) and key in row):
                value = _visible(keys_of(table)[key], row[key])
                yield ShownKey(f"[[{name}]] {number}", key, value, str(files.origins[name, ""]))


def _table_keys(
    files: MergedFile, name: str, table: type, content: Mapping[str, object]
) -> Iterator[ShownKey]:
    for key, kind in keys_of(table).items():
        if key in content:
            origin = str(files.origins[name, key])
            yield ShownKey(f"[{name}]", key, _visible(kind, content[key]), origin)
        elif isinstance(kind.default, str | int | float | list):
            own = mode_defaults(files.values) if name == "privacy" else {}
            yield ShownKey(f"[{name}]", key, own.get(key, kind.default), DEFAULT)


def _visible(kind: ConfigKey, value: object) -> object:
    return NOT_SHOWN if kind.secret and value else value
