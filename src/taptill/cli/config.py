"""`taptill config`: a file in, its mistakes or "fine" out."""

import asyncio
import json
from pathlib import Path

import click

from taptill.config import Config, find_config, load, read_token
from taptill.domain.errors import ConfigError, CurrencyError
from taptill.wiring import check_reader, refuse_misfit, refuse_unbuilt, unbuilt

ASKING_S_MAX = 4.0


@click.group()
def config() -> None:
    """Look after the config file."""


@config.command()
@click.option("--config", "option", type=click.Path(path_type=Path), help="The file to check.")
@click.option("--json", "as_json", is_flag=True, help="Answer for a script.")
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
        found = load(path, check_reader)
        refuse_unbuilt(found)
        warnings = (*found.warnings, *unbuilt(found))
        _ask(found)
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


def _ask(found: Config) -> None:
    """Ask the backend where a token is at hand; ConfigError where it cannot keep the money."""
    try:
        token = read_token(found)
    except ConfigError:
        return  # on another machine than the till's there is none
    try:
        asyncio.run(refuse_misfit(found, token, ASKING_S_MAX))
    except CurrencyError as fault:
        problem = f"[till] currency: {fault}"
        raise ConfigError(complaints=problem, list=[problem]) from fault


def _print_json(path: Path, found: object, warnings: tuple[str, ...]) -> None:
    click.echo(json.dumps({"config": str(path), "complaints": found, "warnings": warnings}))
