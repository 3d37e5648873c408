"""The command `taptill doctor`."""

import asyncio
import json
import sys
from functools import partial
from pathlib import Path

import click

from taptill import config as configs
from taptill.cli.options import CONFIG, JSON, STATE
from taptill.cli.output import sanitised
from taptill.cli.technical.columns import in_columns
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.install.checks.finding import find_site
from taptill.install.checks.site import CheckedSite
from taptill.install.doctor import CHECKS, diagnose

WORDS_MAX = 500
HANGING = 6
TAP_S = 10.0


@click.command()
@CONFIG
@STATE
@click.option("--only", multiple=True, type=click.Choice([*CHECKS]), help="Only this group.")
@click.option("--tap", is_flag=True, help="Wait for a tap at each card reader, 10 s at most.")
@JSON
def doctor(
    option: Path | None,
    state_dir: Path | None,
    only: tuple[str, ...],
    *,
    tap: bool,
    as_json: bool,
) -> None:
    """Look at what this till depends on; exit status 1 if something fails, the config too.

    Versions: of taptill, Python, Debian, kernel, SQLite, board. Settings: the config, who may read
    the token, packages of readers, printer, staff. Installation: unit and rules as released.
    Machine: memory, power. Clock: who sets it. Disk: room, how long a sync takes, wear, whether it
    keeps anything. Journal: what waits in it, whether its mirror can be written. Console: size,
    font, colours. Readers: each is opened and closed, or what holds it is named. Cards: whether the
    readers spell cards as the cache does. Backend: its name, TLS, whether it answers, shows
    customers, has the fields, obeys conditions and orders, what it offers, whether the amounts look
    as configured, how long its certificate is good; one update is sent, on a condition that no row
    meets. A till may run meanwhile; it holds its readers, and F12 there shows taps.

    \b
    Examples:
      taptill doctor
      taptill doctor --tap --only cards
      taptill doctor --only backend --only clock --json
    """
    ask = partial(click.echo, err=True)
    state = configs.find_state_dir(state_dir)
    site = find_site(option, state, tap_s=TAP_S if tap else 0, ask=ask)
    diagnoses = asyncio.run(_all(site, only, as_json=as_json))
    if any(diagnosis.verdict is Verdict.FAIL for diagnosis in diagnoses):
        raise click.exceptions.Exit(1)


async def _all(site: CheckedSite, only: tuple[str, ...], *, as_json: bool) -> list[Diagnosis]:
    """Print each diagnosis as soon as it is made, and return them all."""
    diagnoses = []
    async for diagnosis in diagnose(site, only):
        diagnoses.append(diagnosis)
        click.echo(json.dumps(diagnosis.document()) if as_json else _line(diagnosis))
    return diagnoses


def _line(diagnosis: Diagnosis) -> str:
    """Return a diagnosis and its advice, each of which begins a line."""
    lines = [f"{diagnosis.verdict:5} {diagnosis.name}: {sanitised(diagnosis.words, WORDS_MAX)}"]
    if diagnosis.advice:
        lines.append(f"{'':{HANGING}}{sanitised(diagnosis.advice, WORDS_MAX)}")
    return "\n".join(in_columns(line, sys.stdout, HANGING) for line in lines)
