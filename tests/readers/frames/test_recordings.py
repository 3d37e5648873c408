"""Recorded lines through decoder, normaliser and presence, with the times of the recording."""

from pathlib import Path

import pytest

from taptill.domain.tap import CardProblem, Tap
from taptill.readers.frames import Frame
from taptill.readers.frames.families import FAMILIES, find_family
from taptill.readers.normaliser import build_normaliser
from taptill.readers.presence import Presence
from taptill.readers.recording import HEADER, RecordedRead, read_recording, recording_lines

RECORDINGS = Path(__file__).parents[2] / "recordings"

HELD_THEN_CUT = "composed-a-card-held-then-a-frame-cut-short"
TWICE_AND_CUT = "composed-a-card-twice-and-an-answer-cut-short"

EXPECTED: dict[str, list[tuple[float, str]]] = {
    "rdm6300-card-held-for-three-seconds": [(0.0, "62E3086CED")],
    "rdm6300-opened-mid-frame-then-a-queue-of-two": [
        (0.1, "62E3086CED"),
        (1.1, "3C00CE754C"),
        (3.0, "62E3086CED"),
    ],
    "line-scanner-two-lines-and-a-burst-at-another-speed": [
        (2.0, "0009334109"),
        (5.0, "0012964329"),
    ],
    f"em18-{HELD_THEN_CUT}": [(0.0, "307E4DE5C2"), (2.5, "4E0060D81D")],
    f"gwiot-7941e-{HELD_THEN_CUT}": [(0.0, "2E00B6D7B5"), (2.5, "06008E6D5D")],
    f"id12-{HELD_THEN_CUT}": [(0.0, "62E3086CED"), (2.5, "0C000621A5")],
    f"parallax-{HELD_THEN_CUT}": [(0.0, "0F0184F07A"), (2.5, "0F0184F07A")],
    f"promag-mf5-auto-{HELD_THEN_CUT}": [(0.0, "A24045CB"), (2.5, "A24045CB")],
    f"stx-10hex-{HELD_THEN_CUT}": [(0.0, "50008C0891"), (2.5, "50008C0891")],
    f"twn3-hidprox-{HELD_THEN_CUT}": [(0.0, "26:2020007"), (3.5, "26:2020007")],
    f"twn3-inditag-{HELD_THEN_CUT}": [(0.0, "1122334455"), (2.5, "1122334455")],
    f"wiegand-bits-{HELD_THEN_CUT}": [(0.1, "3D12D6"), (3.6, "6B3D12D6")],
    f"acs-serial-ccid-{TWICE_AND_CUT}": [(0.4, "A1B2C3D4"), (2.3, "A1B2C3D4")],
    f"gnetplus-ascii-{TWICE_AND_CUT}": [(0.4, "A24045CB"), (2.3, "A24045CB")],
    f"gnetplus-binary-{TWICE_AND_CUT}": [(0.4, "A24045CB"), (2.3, "A24045CB")],
    f"gwiot-7941w-{TWICE_AND_CUT}": [(0.4, "2E00B6A302"), (2.3, "2E00B6A302")],
    f"stronglink-sl0xx-{TWICE_AND_CUT}": [(0.4, "A1B2C3D4"), (2.3, "A1B2C3D4")],
    f"twn4-simple-{TWICE_AND_CUT}": [(0.4, "2E00B6D7B5"), (2.3, "2E00B6D7B5")],
    f"twn4-simple-bin-{TWICE_AND_CUT}": [(0.4, "66CF4DC2"), (2.3, "66CF4DC2")],
    f"twn4-simple-bin-crc-{TWICE_AND_CUT}": [(0.4, "66CF4DC2"), (2.3, "66CF4DC2")],
    f"twn4-simple-crc-{TWICE_AND_CUT}": [(0.4, "66CF4DC2"), (2.3, "66CF4DC2")],
    f"yhy-aabb-{TWICE_AND_CUT}": [(0.4, "4CD90080"), (2.3, "4CD90080")],
}


def taps(name: str) -> list[tuple[float, str]]:
    recording = read_recording(RECORDINGS / f"{name}.txt")
    family = find_family(recording.family)
    decoder, rule = family.decoder({}), build_normaliser((), family.output_kind)
    presence = Presence("counter", hold_ms=400, same_card_delay_ms=1500)
    result: list[tuple[float, str]] = []
    next_times = [*(read.at_s for read in recording.reads[1:]), float("inf")]
    for read, next_s in zip(recording.reads, next_times, strict=True):
        looks = [(read.at_s, frame) for frame in decoder.feed(read.octets)]
        silent_s = read.at_s + family.silence_s
        if next_s >= silent_s:
            looks += [(silent_s, frame) for frame in decoder.idle()]
        for at_s, frame in looks:
            if isinstance(frame, Frame):
                message = presence.card_read(rule.card_id(frame.raw), at_s)
                assert not isinstance(message, CardProblem)
                if isinstance(message, Tap):
                    result.append((round(at_s, 1), message.card_id))
    return result


@pytest.mark.parametrize(("name", "expected_taps"), EXPECTED.items())
def test_a_recording_taps(name: str, expected_taps: list[tuple[float, str]]) -> None:
    assert taps(name) == expected_taps


def test_every_recording_is_listened_to_and_every_family_has_one() -> None:
    assert {path.stem for path in RECORDINGS.glob("*.txt")} == {*EXPECTED}
    assert {read_recording(path).family for path in RECORDINGS.glob("*.txt")} == {*FAMILIES}


def test_what_is_written_reads_the_same(tmp_path: Path) -> None:
    reads = (RecordedRead(0.0, b"\x02"), RecordedRead(0.125, b"62\r"))
    (tmp_path / "x").write_text("".join(recording_lines("rdm6300", reads)), encoding="utf-8")
    assert read_recording(tmp_path / "x").reads == reads


WRONG = {
    "no header": ("0.0 02", "the first line is not"),
    "nothing": ("", "the first line is not"),
    "no number": (f"{HEADER}line\n\n# hm\nx 02", "line 4 is not 'SECONDS HEX'"),
    "no hex": (f"{HEADER}line\n0.0 0X", "line 2 is not 'SECONDS HEX'"),
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_a_file_that_is_no_recording_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "x").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=sentence):
        read_recording(tmp_path / "x")
