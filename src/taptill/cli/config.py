"""The command `taptill config check`."""

import asyncio
import json
from pathlib import Path

import click

from taptill.config import Config, find_config, load, read_token
from taptill.domain.errors import ConfigError, CurrencyError
from taptill.wiring.backend import ask_for_misfit
from taptill.wiring.opening import refuse_unbuilt, unbuilt
from taptill.wiring.readers import check_reader

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
        settings = load(path, check_reader)
        refuse_unbuilt(settings)
        warnings = (*settings.warnings, *unbuilt(settings))
        _refuse_misfit_if_reachable(settings)
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


def _refuse_misfit_if_reachable(settings: Config) -> None:
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
        problem = f"[till] currency: {fault}"
        raise ConfigError(complaints=problem, list=[problem]) from fault


def _print_json(path: Path, complaints: object, warnings: tuple[str, ...]) -> None:
    click.echo(json.dumps({"config": str(path), "complaints": complaints, "warnings": warnings}))
