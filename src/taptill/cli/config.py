"""`taptill config`: a file in, its mistakes or "fine" out."""

import json
from pathlib import Path

import click

from taptill.config import find_config, load
from taptill.domain.errors import ConfigError
from taptill.wiring import check_reader, refuse_unbuilt, unbuilt


@click.group()
def config() -> None:
    """Look after the config file."""


@config.command()
@click.option("--config", "option", type=click.Path(path_type=Path), help="the file to check")
@click.option("--json", "as_json", is_flag=True, help="answer for a script")
def check(option: Path | None, *, as_json: bool) -> None:
    """Name every mistake in the config at once; exit status 78 if there is one."""
    path = find_config(option)
    try:
        found = load(path, check_reader)
        refuse_unbuilt(found)
        warnings = (*found.warnings, *unbuilt(found))
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


def _print_json(path: Path, found: object, warnings: tuple[str, ...]) -> None:
    click.echo(json.dumps({"config": str(path), "complaints": found, "warnings": warnings}))
