"""The player beside the till: the latest wins, a refusal outranks, and nothing waits for it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.until import wait_until

from taptill.sounds.outcome import Outcome
from taptill.sounds.player import Bell, SoundPlayer

PLAYER = """#!/bin/sh
for word in "$@"; do last=$word; done
echo "begin $(basename "$last" .wav)" >>"{log}"
{body}
echo "end $(basename "$last" .wav)" >>"{log}"
"""


class Room:
    """A program that stands for aplay and writes down what it is to play."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.players: list[SoundPlayer] = []

    def player(self, body: str, device: str = "") -> SoundPlayer:
        program = self.folder / "player"
        program.write_text(PLAYER.format(log=self.log, body=body))
        program.chmod(0o755)
        made = SoundPlayer(self.folder / "sounds", device=device, program=str(program))
        self.players.append(made)
        return made

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    for player in made.players:
        player.close()


def test_a_sound_is_made_at_first_use_and_played(room: Room) -> None:
    player = room.player("true")
    player.play(Outcome.ACCEPTED)
    wait_until(lambda: room.lines() == ["begin accepted-70-0", "end accepted-70-0"])
    assert [path.name for path in (room.folder / "sounds").iterdir()] == ["accepted-70-0.wav"]
    assert player.warnings() == ()


def test_the_latest_sound_wins_but_not_over_a_refusal(room: Room) -> None:
    player = room.player("exec sleep 1")
    player.play(Outcome.ACCEPTED)
    wait_until(lambda: len(room.lines()) == 1)
    player.play(Outcome.REFUSED)
    wait_until(lambda: len(room.lines()) == 2)
    player.play(Outcome.ACCEPTED)
    player.play(Outcome.LOOK_HERE)
    time.sleep(0.3)
    assert room.lines() == ["begin accepted-70-0", "begin refused-70-0"]
    player.play(Outcome.REFUSED)
    wait_until(lambda: len(room.lines()) == 3)


def test_a_sound_card_that_hangs_is_given_up_and_said(room: Room) -> None:
    player = room.player("exec sleep 60")
    player.play(Outcome.ACCEPTED)
    wait_until(player.warnings)
    assert tuple(map(str, player.warnings())) == ("sound off: the sound card does not go on",)


def test_a_player_that_fails_is_one_line_of_the_log_and_a_warning_until_it_works(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "taptill.sounds")
    player = room.player(f'[ -e "{room.folder}/well" ] || exit 1')
    for _ in range(2):
        count = len(room.lines())
        player.play(Outcome.ACCEPTED)
        wait_until(lambda count=count: len(room.lines()) > count)  # type: ignore[misc]
        wait_until(player.warnings)
    (room.folder / "well").touch()
    player.play(Outcome.ACCEPTED)
    wait_until(lambda: not player.warnings())
    assert [record.message for record in caplog.records] == ["sound.off", "sound.on"]


def test_no_such_program_is_said(tmp_path: Path) -> None:
    player = SoundPlayer(tmp_path, program=str(tmp_path / "aplay"))
    player.play(Outcome.REFUSED)
    wait_until(player.warnings)
    assert tuple(map(str, player.warnings())) == ("sound off: aplay: No such file or directory",)
    player.close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    player = SoundPlayer(tmp_path / "file" / "sounds", program="true")
    player.play(Outcome.REFUSED)
    wait_until(player.warnings)
    player.close()


def test_a_flood_of_sounds_holds_nobody_up(room: Room) -> None:
    player = room.player("exec sleep 1")
    for _ in range(1000):
        player.play(Outcome.LOOK_HERE)
    assert len(room.lines()) < 1000, "nobody waited for each to begin"


def test_the_device_is_named_and_a_screen_gets_silence_in_front(room: Room) -> None:
    player = room.player('echo "$@" >>"' + str(room.log) + '"', "plughw:CARD=vc4hdmi0")
    player.play(Outcome.ACCEPTED)
    wait_until(lambda: len(room.lines()) == 3)
    assert room.lines()[0] == "begin accepted-70-200"
    assert room.lines()[1].startswith("-q -D plughw:CARD=vc4hdmi0 ")


@pytest.mark.parametrize(
    ("outcome", "rings"),
    [
        (Outcome.ACCEPTED, 0),
        (Outcome.KEPT_OFFLINE, 0),
        (Outcome.LOOK_HERE, 1),
        (Outcome.REFUSED, 1),
    ],
)
def test_the_bell_rings_only_where_somebody_must_look(outcome: Outcome, rings: int) -> None:
    rung: list[int] = []
    bell = Bell(lambda: rung.append(1))
    bell.play(outcome)
    bell.close()
    assert (len(rung), bell.warnings()) == (rings, ())
