"""`taptill doctor` in, how everything is that this till depends on out."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

import click

from taptill import config as configs
from taptill.cli.options import CONFIG, JSON
from taptill.cli.output import plain
from taptill.config import Config
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.install.doctor import diagnose
from taptill.wiring import check_reader

WORDS_MAX = 500


@click.command()
@CONFIG
@JSON
def doctor(option: Path | None, *, as_json: bool) -> None:
    """Look at what this till depends on; exit status 1 if something fails.

    The backend: whether it answers, shows customers, has the fields, obeys conditions and orders,
    what it offers, whether the amounts look as configured, how long its certificate is good. A
    till may run meanwhile. One update is sent, on a condition that no row meets.

    \b
    Examples:
      taptill doctor
      taptill doctor --json
    """
    config = configs.load(configs.find_config(option), check_reader)
    found = asyncio.run(_all(config, as_json=as_json))
    if any(one.verdict is Verdict.FAIL for one in found):
        raise click.exceptions.Exit(1)


async def _all(config: Config, *, as_json: bool) -> list[Diagnosis]:
    """Show each diagnosis as soon as it is there."""
    found = []
    async for one in diagnose(config):
        found.append(one)
        click.echo(json.dumps(asdict(one)) if as_json else _line(one))
    return found


def _line(one: Diagnosis) -> str:
    advice = f"\n{'':6}{plain(one.advice, WORDS_MAX)}" if one.advice else ""
    return f"{one.verdict:5} {one.name}: {plain(one.words, WORDS_MAX)}{advice}"
