"""The sounds of a till, from `[ui]`."""

import shutil
from collections.abc import Callable
from pathlib import Path

from taptill import config as configs
from taptill.config import Config
from taptill.sounds.listener import Sounds
from taptill.sounds.player import Bell, SoundPlayer
from taptill.wiring.devices.beeping import BeepingReaders, ReaderBeeper

PLAYER = "aplay"
CARDS = Path("/proc/asound/cards")
FOLDER = "sounds"


def sounds_of(
    config: Config, state: Path, ring: Callable[[], None] | None, readers: BeepingReaders
) -> Sounds | None:
    """Return what sounds; None where nothing shall or can. `ring` is the terminal's bell."""
    kind = config.ui.sound
    if kind == "reader":
        return ReaderBeeper(readers)
    if kind == "files" or (kind == "auto" and can_play()):
        return player_of(config, state)
    return Bell(ring) if ring and kind in {"bell", "auto"} else None


def player_of(config: Config, state: Path, device: str = "") -> SoundPlayer:
    """Return the player; `device` takes the place of the config's."""
    folder = configs.runtime_dir(state) / FOLDER
    return SoundPlayer(folder, device=device or config.ui.sound_device, volume=config.ui.volume)


def can_play(cards: Path = CARDS) -> bool:
    """Return whether there are a player and a sound card."""
    if shutil.which(PLAYER) is None:
        return False
    try:
        return "[" in cards.read_text("utf-8", "replace")
    except OSError:
        return False
