"""The commands `taptill readers ...`, with which a technician finds and sets up card readers."""

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
from taptill.domain.technical.counting import many
from taptill.readers.frames import PolledDecoder
from taptill.readers.frames.families import FAMILIES
from taptill.readers.registry.built_in import BUILT_IN
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
    config_readers = configured_readers(option, is_required=False)
    families = {
        name: {
            "baud": family.baud,
            "gives": family.output_kind.value,
            "asked": isinstance(family.decoder({}), PolledDecoder),
        }
        for name, family in FAMILIES.items()
    }
    if as_json:
        rows = [asdict(reader) | {"options": dict(reader.options)} for reader in config_readers]
        click.echo(json.dumps({"readers": rows, "drivers": [*BUILT_IN], "families": families}))
        return
    for reader in config_readers:
        steps = " ".join(f'"{step}"' for step in reader.steps) or "as it comes"
        click.echo(f"{reader.name}: {reader.driver} {reader.family} {reader.port}, card_id {steps}")
    if not config_readers:
        click.echo("no reader in the config")
    click.echo(f"drivers: {', '.join(BUILT_IN)}")
    for name, family in families.items():
        polled_words = ", speaks when asked" if family["asked"] else ""
        click.echo(f"family {name}: {family['baud']} baud, gives {family['gives']}{polled_words}")


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
    candidates = [DetectedPort(port, "serial", "named by you", rank=0)] if port else find_ports()
    if not as_json:
        click.echo(f"{len(candidates)} found; hold a card to the reader", err=True)
    with suppress(KeyboardInterrupt):
        for candidate in candidates:
            _listen_to(candidate, seconds, as_json=as_json)


def _listen_to(candidate: DetectedPort, seconds: float, *, as_json: bool) -> None:
    state, detail, guesses = ReaderState.OK, "", list[FormatGuess]()
    if candidate.driver == "serial":
        state, detail, guesses = listen(candidate.port, seconds)
    if as_json:
        row = {
            "port": candidate.port,
            "driver": candidate.driver,
            "what": candidate.description,
            "usb": candidate.usb,
            "rank": candidate.rank,
            "state": state,
            "detail": detail,
            "heard": [asdict(guess) for guess in guesses],
        }
        click.echo(json.dumps(row))
    else:
        _print_port(candidate, state, detail, guesses)


def _print_port(
    candidate: DetectedPort, state: ReaderState, detail: str, guesses: list[FormatGuess]
) -> None:
    usb = f" ({candidate.usb})" if candidate.usb else ""
    click.echo(f"{candidate.port}: {candidate.likely}, {candidate.description}{usb}")
    if state is not ReaderState.OK:
        click.echo(f"  {hint(state, detail)}")
    for guess in guesses:
        click.echo(
            f"  speaks {guess.family} at {guess.baud} baud:"
            f" {many(guess.frames, 'good frame')}, {guess.bad_frames} bad, last {guess.raw}"
        )
    if guesses or candidate.driver != "serial":
        click.echo(f'  [[reader]]\n  driver = "{candidate.driver}"\n  port = "{candidate.port}"')
    if guesses:
        click.echo(f'  family = "{guesses[0].family}"')
        for name, value in guesses[0].options.items():
            click.echo(f"  {name} = {value}")
    elif candidate.driver == "serial" and state is ReaderState.OK:
        click.echo("  said nothing that looks like a card; one that must be asked never does")
