"""`taptill readers ...` in, what a technician wants to know about card readers out."""

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import click

from taptill.cli.options import CONFIG, JSON
from taptill.cli.readers.learning import learn
from taptill.cli.readers.reader_options import configured_readers, hint
from taptill.cli.readers.watching import monitor, record, replay
from taptill.domain.tap import ReaderState
from taptill.readers.frames import PolledDecoder
from taptill.readers.frames.families import FAMILIES
from taptill.readers.registry import BUILT_IN
from taptill.readers.technician.detect import DetectedPort, FormatGuess, find_ports, listen

LISTEN_S = 8.0


@click.group()
def readers() -> None:
    """Find, watch and set up card readers; stop the till first, it holds its readers.

    \b
    Examples:
      taptill readers detect
      taptill readers monitor --port /dev/ttyUSB0 --family rdm6300 --raw
      taptill readers learn
    """


for command in (monitor, record, replay, learn):
    readers.add_command(command)


@readers.command(name="list")
@CONFIG
@JSON
def list_(option: Path | None, *, as_json: bool) -> None:
    """List the config's readers, and the drivers and wire formats there are.

    \b
    Example:
      taptill readers list --json
    """
    found = configured_readers(option, required=False)
    families = {
        name: {
            "baud": family.baud,
            "gives": family.output_kind.value,
            "asked": isinstance(family.decoder({}), PolledDecoder),
        }
        for name, family in FAMILIES.items()
    }
    if as_json:
        rows = [asdict(one) | {"options": dict(one.options)} for one in found]
        click.echo(json.dumps({"readers": rows, "drivers": [*BUILT_IN], "families": families}))
        return
    for one in found:
        steps = " ".join(f'"{step}"' for step in one.steps) or "as it comes"
        click.echo(f"{one.name}: {one.driver} {one.family} {one.port}, card_id {steps}")
    if not found:
        click.echo("no reader in the config")
    click.echo(f"drivers: {', '.join(BUILT_IN)}")
    for name, family in families.items():
        polled = ", speaks when asked" if family["asked"] else ""
        click.echo(f"family {name}: {family['baud']} baud, gives {family['gives']}{polled}")


@readers.command()
@click.option("--port", help="Only this port.")
@click.option("--seconds", type=float, default=LISTEN_S, help="Listen so long to each port.")
@JSON
def detect(port: str | None, seconds: float, *, as_json: bool) -> None:
    """Find ports that may have a reader, and listen to them: hold a card to it meanwhile.

    Nothing is written to any port, so a reader that speaks only when asked stays silent.

    \b
    Examples:
      taptill readers detect
      taptill readers detect --port /dev/ttyUSB0 --seconds 20
    """
    found = [DetectedPort(port, "serial", "named by you", rank=0)] if port else find_ports()
    if not as_json:
        click.echo(f"{len(found)} found; hold a card to the reader", err=True)
    with suppress(KeyboardInterrupt):
        for one in found:
            _listen_to(one, seconds, as_json=as_json)


def _listen_to(found: DetectedPort, seconds: float, *, as_json: bool) -> None:
    state, detail, guesses = ReaderState.OK, "", list[FormatGuess]()
    if found.driver == "serial":
        state, detail, guesses = listen(found.port, seconds)
    if as_json:
        heard = [asdict(guess) for guess in guesses]
        click.echo(json.dumps(asdict(found) | {"state": state, "detail": detail, "heard": heard}))
    else:
        _print_port(found, state, detail, guesses)


def _print_port(
    found: DetectedPort, state: ReaderState, detail: str, guesses: list[FormatGuess]
) -> None:
    usb = f" ({found.usb})" if found.usb else ""
    click.echo(f"{found.port}: {found.likely}, {found.description}{usb}")
    if state is not ReaderState.OK:
        click.echo(f"  {hint(state, detail)}")
    for guess in guesses:
        click.echo(
            f"  speaks {guess.family} at {guess.baud} baud:"
            f" {guess.frames} good frames, {guess.bad_frames} bad, last {guess.raw}"
        )
    if guesses or found.driver != "serial":
        click.echo(f'  [[reader]]\n  driver = "{found.driver}"\n  port = "{found.port}"')
    if guesses:
        click.echo(f'  family = "{guesses[0].family}"')
        for name, value in guesses[0].options.items():
            click.echo(f"  {name} = {value}")
    elif found.driver == "serial" and state is ReaderState.OK:
        click.echo("  said nothing that looks like a card; one that must be asked never does")
