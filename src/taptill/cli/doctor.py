"""The command `taptill doctor`."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

import click

from taptill import config as configs
from taptill.cli.options import CONFIG, JSON
from taptill.cli.output import sanitised
from taptill.config import Config
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.install.doctor import diagnose
from taptill.wiring.readers import check_reader

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
    diagnoses = asyncio.run(_all(config, as_json=as_json))
    if any(diagnosis.verdict is Verdict.FAIL for diagnosis in diagnoses):
        raise click.exceptions.Exit(1)


async def _all(config: Config, *, as_json: bool) -> list[Diagnosis]:
    """Print each diagnosis as soon as it is made, and return them all."""
    diagnoses = []
    async for diagnosis in diagnose(config):
        diagnoses.append(diagnosis)
        click.echo(json.dumps(asdict(diagnosis)) if as_json else _line(diagnosis))
    return diagnoses


def _line(diagnosis: Diagnosis) -> str:
    advice = f"\n{'':6}{sanitised(diagnosis.advice, WORDS_MAX)}" if diagnosis.advice else ""
    return (
        f"{diagnosis.verdict:5} {diagnosis.name}: {sanitised(diagnosis.words, WORDS_MAX)}{advice}"
    )
