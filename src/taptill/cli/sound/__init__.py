"""The commands `taptill sound`: try what is heard."""

import time
from pathlib import Path

import click

from taptill import config as configs
from taptill.cli.options import CONFIG, STATE
from taptill.domain.errors import SoundError, UsageError
from taptill.wiring.readers import check_reader

PAUSE_S = 1.2
"""Each sound is over by then."""


@click.group()
def sound() -> None:
    """Try the sounds of the till."""


@sound.command("test")
@CONFIG
@STATE
@click.option("--device", default="", help="Instead of the config's, as `aplay -L` names it.")
def test(option: Path | None, state_dir: Path | None, device: str) -> int:
    """Play the four sounds, one after the other, and name each.

    \b
    Examples:
      taptill sound test
      taptill sound test --device plughw:CARD=vc4hdmi0
    """
    from taptill.sounds.outcome import Outcome  # noqa: PLC0415 - heavy imports are late
    from taptill.wiring.devices.sounding import player_of  # noqa: PLC0415

    config = configs.load(configs.find_config(option), check_reader)
    if config.ui.sound == "reader" and not device:
        problem = "[ui] sound is the reader's beeper: tap a card at the till; --device plays files"
        raise UsageError(problem=problem)
    player = player_of(config, configs.state_dir(state_dir), device)
    try:
        for outcome in Outcome:
            click.echo(outcome.value)
            player.play(outcome)
            time.sleep(PAUSE_S)
            if player.trouble:
                raise SoundError(detail=str(player.trouble))
    finally:
        player.close()
    return 0
