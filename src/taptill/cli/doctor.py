"""The command `taptill doctor`."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

import click

from taptill import config as configs
from taptill.cli.options import CONFIG, JSON, STATE
from taptill.cli.output import sanitised
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.install.checks.site import CheckedSite
from taptill.install.doctor import diagnose
from taptill.wiring.readers import check_reader

WORDS_MAX = 500


@click.command()
@CONFIG
@STATE
@JSON
def doctor(option: Path | None, state_dir: Path | None, *, as_json: bool) -> None:
    """Look at what this till depends on; exit status 1 if something fails.

    Settings: the config and who may read the token. Machine: clock, memory, power. Disk: room, how
    long a sync takes, whether it keeps anything. Journal: what waits in it. Readers: each is opened
    and closed; while the till runs, they are in use. Backend: whether it answers, shows customers,
    has the fields, obeys conditions and orders, what it offers, whether the amounts look as
    configured, how long its certificate is good; one update is sent, on a condition that no row
    meets. A till may run meanwhile.

    \b
    Examples:
      taptill doctor
      taptill doctor --json
    """
    config = configs.load(configs.find_config(option), check_reader)
    site = CheckedSite(config, configs.state_dir(state_dir))
    diagnoses = asyncio.run(_all(site, as_json=as_json))
    if any(diagnosis.verdict is Verdict.FAIL for diagnosis in diagnoses):
        raise click.exceptions.Exit(1)


async def _all(site: CheckedSite, *, as_json: bool) -> list[Diagnosis]:
    """Print each diagnosis as soon as it is made, and return them all."""
    diagnoses = []
    async for diagnosis in diagnose(site):
        diagnoses.append(diagnosis)
        click.echo(json.dumps(asdict(diagnosis)) if as_json else _line(diagnosis))
    return diagnoses


def _line(diagnosis: Diagnosis) -> str:
    advice = f"\n{'':6}{sanitised(diagnosis.advice, WORDS_MAX)}" if diagnosis.advice else ""
    return (
        f"{diagnosis.verdict:5} {diagnosis.name}: {sanitised(diagnosis.words, WORDS_MAX)}{advice}"
    )
