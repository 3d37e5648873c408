"""The driver `replay`: taps, times, the end of a recording, and files that cannot be played."""

import time
from pathlib import Path

import pytest
from tests.readers.conftest import OpenReader
from tests.readers.lines import PATIENCE_S

from taptill.domain.errors import ReaderError
from taptill.domain.tap import ReaderState, Tap
from taptill.readers.device import ReaderSettings, error_state
from taptill.readers.drivers.replay import ReplayReader
from taptill.readers.recording import HEADER

QUEUE = """
# half a frame, whole frames, a line that only silence ends
0.000 02363245
0.050 0236324533303836434544303803
0.450 0233433030434537353443434203
"""


def recording(folder: Path, text: str = QUEUE, family: str = "rdm6300") -> Path:
    file = folder / "queue.txt"
    file.write_text(f"{HEADER}{family}{text}", encoding="utf-8")
    return file


def test_no_tap_comes_before_its_time(tmp_path: Path, readers: OpenReader) -> None:
    """Both may come late on a busy machine, and then closer to each other."""
    began_s = time.monotonic()
    file = str(recording(tmp_path))
    _, inbox = readers(ReaderSettings("x", "replay", file, hold_ms=50))
    inbox.wait_taps("62E3086CED", "3C00CE754C")
    taps = [message.at_s - began_s for message in inbox.messages if isinstance(message, Tap)]
    assert taps[0] >= 0.05
    assert taps[1] >= 0.45
    inbox.wait(lambda: inbox.health[-1].bad_frames == 1)
    assert inbox.health[-1].state is ReaderState.OK


def test_a_silence_in_the_recording_ends_what_is_pending(
    tmp_path: Path,
    readers: OpenReader,
) -> None:
    file = recording(tmp_path, "\n0.0 343530304335443145394238\n", "em18")
    _, inbox = readers(ReaderSettings("x", "replay", str(file)))
    inbox.wait_taps("4500C5D1E9")


def ended(device: ReplayReader) -> bool:
    return device.finished


@pytest.mark.slow
def test_the_end_is_told_and_a_reopen_begins_anew(tmp_path: Path) -> None:
    device = ReplayReader(ReaderSettings("x", "replay", str(recording(tmp_path, "\n0.0 02\n"))))
    for _ in range(2):
        device.open()
        assert not ended(device)
        end_s = time.monotonic() + PATIENCE_S
        while not ended(device) and time.monotonic() < end_s:
            device.read()
        assert ended(device)
        device.close()


def test_a_file_that_goes_while_the_till_runs_is_missing(tmp_path: Path) -> None:
    file = recording(tmp_path)
    device = ReplayReader(ReaderSettings("x", "replay", str(file)))
    file.unlink()
    with pytest.raises(ReaderError) as missing:
        device.open()
    assert error_state(missing.value) == (ReaderState.MISSING, str(file))
