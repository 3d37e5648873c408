"""The command `taptill support`."""

import asyncio
import json
import time
from pathlib import Path

import click

from taptill import config as configs
from taptill.cli.options import CONFIG, JSON, STATE
from taptill.domain.technical.counting import many
from taptill.install.checks.finding import find_site
from taptill.install.checks.site import CheckedSite
from taptill.install.support.bundle import CONTENTS, FOLDER, BundleFile, gather, write


@click.command()
@CONFIG
@STATE
@JSON
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
def support(
    option: Path | None, state_dir: Path | None, file: Path | None, *, as_json: bool
) -> None:
    """Write a bundle for whoever is asked for help: no names, no card ids, no secrets.

    It holds the config without secrets and staff, what the doctor says, counts of the journal, the
    last lines of the log, unit, drop-ins and rules. Every file in it is text: read it before you
    send it. Only this account may read the bundle. A till may run meanwhile. The system's log is
    root's to read. A config that cannot be read is left out, and the doctor's words say why.

    \b
    Examples:
      taptill support
      sudo taptill support till-3.tar.gz
      tar -xOzf till-3.tar.gz | less
    """
    site = find_site(option, configs.find_state_dir(state_dir))
    path = file or Path(f"{FOLDER}-{time.strftime('%Y%m%d-%H%M%S')}.tar.gz")
    if not as_json:
        click.echo("the bundle may hold:", err=True)
        for part in CONTENTS:
            click.echo(f"  {part.name:13} {part.holds}", err=True)
    files = asyncio.run(_gathered(site, shows=not as_json))
    write(files, path)
    if as_json:
        click.echo(json.dumps({"file": str(path), "holds": [part.name for part in files]}))
    else:
        click.echo(f"{path} is written, {many(len(files), 'file')}; read it before you send it")


async def _gathered(site: CheckedSite, *, shows: bool) -> list[BundleFile]:
    """Return the files; say of each when it is there."""
    files = []
    async for part in gather(site):
        files.append(part)
        if shows:
            click.echo(f"{part.name}: {many(len(part.text.splitlines()), 'line')}", err=True)
    return files
