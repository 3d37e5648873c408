"""Frames whose checksum holds by chance make no tap where a site requires equal frames."""

from pathlib import Path

import pytest
from tests.readers.conftest import OpenReader

from taptill.domain.tap import CardTrouble
from taptill.readers.device import ReaderSettings
from taptill.readers.registry import settings_problems
from taptill.readers.repeat_filter import EQUAL_FRAMES_MAX, TRACKED_MAX, RepeatFilter

# Frames that an idle rdm6300 beside a strong field sent; HELD is a card that lies there.
GHOSTS = (
    "0230303030303030303030303003",
    "0230303030303030373846383803",
    "0230304630303030304630303003",
    "0246303030303630303037463103",
    "0242353941393945354139464103",
    "0234464642333838464646464303",
    "0244413933383642354541393003",
    "0244414546364645453242394603",
)
OPEN_CONNECTIONS = "0236324533303836434544303803"
CARD = "62E3086CED"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Record each ghost once, further apart than the hold time, then the card."""
    ghosts = [f"{0.35 * number:.3f} {octets}" for number, octets in enumerate(GHOSTS)]
    held_card = [f"{3.2 + 0.03 * number:.3f} {OPEN_CONNECTIONS}" for number in range(8)]
    path = tmp_path / "idle.txt"
    path.write_text("\n".join(["# taptill recording, family rdm6300", *ghosts, *held_card]) + "\n")
    return path


def settings(recording: Path, equal_frames: int) -> ReaderSettings:
    return ReaderSettings(
        "counter", "replay", str(recording), hold_ms=100, equal_frames=equal_frames
    )


@pytest.mark.slow
def test_c15_two_equal_frames_let_no_ghost_tap_and_the_held_card_once(
    recording: Path, readers: OpenReader
) -> None:
    _, inbox = readers(settings(recording, 2))
    inbox.wait(lambda: CARD in inbox.taps)
    assert (inbox.taps, inbox.problems) == ([CARD], [])


@pytest.mark.slow
def test_c15_without_it_each_ghost_is_a_card_of_somebodys(
    recording: Path, readers: OpenReader
) -> None:
    _, inbox = readers(settings(recording, 1))
    inbox.wait(lambda: CARD in inbox.taps)
    assert len(inbox.taps) == len(GHOSTS)  # one of them is all zeros and is refused
    assert [problem.trouble for problem in inbox.problems] == [CardTrouble.BLANK_ID]


def test_two_cards_that_are_sent_in_turn_are_both_believed() -> None:
    repeats = RepeatFilter(2, 400)
    times = [number / 20 for number in range(6)]
    assert [repeats.is_confirmed("AB"[number % 2], at_s) for number, at_s in enumerate(times)] == [
        *(False, False, True, True, True, True)
    ]


def test_a_silence_begins_the_count_anew() -> None:
    repeats = RepeatFilter(2, 400)
    assert [repeats.is_confirmed("A", at_s) for at_s in (0.0, 0.41, 0.8, 1.3)] == [
        *(False, False, True, False)
    ]


def test_what_is_remembered_is_bounded() -> None:
    repeats = RepeatFilter(2, 400)
    for number in range(TRACKED_MAX + 1):
        repeats.is_confirmed(str(number), 0.0)
    assert len(repeats._counts) == TRACKED_MAX
    assert not repeats.is_confirmed("0", 0.0)
    assert repeats.is_confirmed(str(TRACKED_MAX), 0.0)


WRONG = {
    "a reader that types": ("keyboard", 2, "says each card once"),
    "a simulated one": ("simulated", 2, "says each card once"),
    "none at all": ("simulated", 0, "0 is not within 1 to 5"),
    "more than anybody waits for": ("simulated", EQUAL_FRAMES_MAX + 1, "says each card once"),
}


@pytest.mark.parametrize(("driver", "number", "words"), WRONG.values(), ids=WRONG)
def test_what_is_no_number_of_frames(driver: str, number: int, words: str) -> None:
    problems = settings_problems(
        ReaderSettings("counter", driver, "/dev/null", equal_frames=number)
    )
    assert any(problem.startswith("equal_frames: ") and words in problem for problem in problems)
    with pytest.raises(ValueError, match="equal_frames"):
        RepeatFilter(0, 400)
