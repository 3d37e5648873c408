"""Recorded lines through decoder, normaliser and presence, in the time of the recording."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from taptill.domain.tap import CardProblem, Tap
from taptill.readers.frames import Frame
from taptill.readers.frames.families import find_family
from taptill.readers.normaliser import normaliser
from taptill.readers.presence import Presence

RECORDINGS = Path(__file__).parents[1] / "recordings"
SILENCE_S = 0.1

EXPECTED: dict[str, tuple[str, list[tuple[float, str]]]] = {
    "rdm6300-card-held-for-three-seconds": ("rdm6300", [(0.0, "62E3086CED")]),
    "rdm6300-opened-mid-frame-then-a-queue-of-two": (
        "rdm6300",
        [(0.1, "62E3086CED"), (1.1, "3C00CE754C"), (3.0, "62E3086CED")],
    ),
    "line-scanner-two-lines-and-a-burst-at-another-speed": (
        "line",
        [(2.0, "0009334109"), (5.0, "0012964329")],
    ),
}


def reads(name: str) -> Iterator[tuple[float, bytes]]:
    """Give the time and the bytes of each read."""
    for line in (RECORDINGS / f"{name}.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            at_s, _, octets = line.partition(" ")
            yield float(at_s), bytes.fromhex(octets)


def taps(name: str, family_name: str) -> list[tuple[float, str]]:
    family = find_family(family_name)
    decoder, rule = family.decoder({}), normaliser((), family.gives)
    presence = Presence("counter", hold_ms=400, same_card_delay_ms=1500)
    found: list[tuple[float, str]] = []
    last_s = 0.0
    for at_s, octets in reads(name):
        frames = decoder.idle() if at_s - last_s >= SILENCE_S else []
        for frame in [*frames, *decoder.feed(octets)]:
            if isinstance(frame, Frame):
                message = presence.seen(rule.card_id(frame.raw), at_s)
                assert not isinstance(message, CardProblem)
                if isinstance(message, Tap):
                    found.append((round(at_s, 1), message.card_id))
        last_s = at_s
    return found


@pytest.mark.parametrize(("name", "expected"), EXPECTED.items())
def test_a_recording_taps(name: str, expected: tuple[str, list[tuple[float, str]]]) -> None:
    assert taps(name, expected[0]) == expected[1]


def test_every_recording_is_listened_to() -> None:
    assert {path.stem for path in RECORDINGS.glob("*.txt")} == {*EXPECTED}
