"""Which sounds a till has, by its config and by what the machine has."""

from pathlib import Path

import pytest
from tests.wiring.test_wiring import built, config_text

from taptill.config import parse
from taptill.domain.technical.till_warning import WarningCode, till_warning
from taptill.readers.device import Beeps
from taptill.sounds.outcome import Outcome
from taptill.sounds.player import Bell, SoundPlayer
from taptill.wiring.devices.beeping import ReaderBeeper
from taptill.wiring.devices.sounding import can_play, sounds_of
from taptill.wiring.readers import check_reader


def ring() -> None:
    """Ring no bell."""


class Readers:
    """Readers that record what they are to beep."""

    def __init__(self, *, has_beeper: bool = True) -> None:
        self.has_beeper = has_beeper
        self.beeped: list[Beeps] = []

    def beep(self, beeps: Beeps) -> None:
        self.beeped.append(beeps)


def test_each_outcome_has_a_pattern_of_its_own_that_is_soon_over() -> None:
    readers = Readers()
    beeper = ReaderBeeper(readers)
    for outcome in Outcome:
        beeper.play(outcome)
    assert len(set(readers.beeped)) == len(Outcome)
    assert max(beeps.seconds for beeps in readers.beeped) <= 0.7


def test_without_a_beeper_the_till_says_so() -> None:
    assert ReaderBeeper(Readers()).warnings() == ()
    assert ReaderBeeper(Readers(has_beeper=False)).warnings() == (
        till_warning(WarningCode.NO_BEEPER),
    )


async def test_a_till_without_an_acr122u_warns_of_its_beeper(tmp_path: Path) -> None:
    config = parse(config_text(extra='[ui]\nsound = "reader"\n'), check_reader)
    runtime = built(config, tmp_path)
    try:
        assert runtime.devices.sounds
        runtime.devices.sounds.play(Outcome.REFUSED)
        assert till_warning(WarningCode.NO_BEEPER) in runtime.devices.warnings()
    finally:
        runtime.close()


@pytest.fixture
def no_player(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have no aplay."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("no_player")
@pytest.mark.parametrize(
    ("sound", "kind"),
    [
        ("auto", Bell),
        ("bell", Bell),
        ("files", SoundPlayer),
        ("reader", ReaderBeeper),
        ("off", type(None)),
    ],
)
def test_the_config_chooses(tmp_path: Path, sound: str, kind: type) -> None:
    config = parse(config_text(extra=f'[ui]\nsound = "{sound}"\n'), check_reader)
    assert type(sounds_of(config, tmp_path, ring, Readers())) is kind


def test_without_a_screen_nothing_rings(tmp_path: Path) -> None:
    config = parse(config_text(extra='[ui]\nsound = "bell"\n'), check_reader)
    assert sounds_of(config, tmp_path, None, Readers()) is None


def test_files_are_played_where_there_are_a_player_and_a_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    cards = tmp_path / "cards"
    assert not can_play(cards)
    player = tmp_path / "aplay"
    player.write_text("#!/bin/sh\n")
    player.chmod(0o755)
    assert not can_play(cards)
    cards.write_text("--- no soundcards ---\n")
    assert not can_play(cards)
    cards.write_text(" 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones\n")
    assert can_play(cards)


@pytest.mark.usefixtures("no_player")
async def test_a_sound_that_cannot_be_played_is_a_warning_of_the_till(tmp_path: Path) -> None:
    config = parse(config_text(extra='[ui]\nsound = "files"\n'), check_reader)
    runtime = built(config, tmp_path)
    try:
        player = runtime.devices.sounds
        assert isinstance(player, SoundPlayer)
        player.play(Outcome.REFUSED)
        player.close()
        assert any("sound off" in str(words) for words in runtime.till._ports.status().warnings)
    finally:
        runtime.close()
