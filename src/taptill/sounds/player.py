"""Plays sounds by `aplay` in a thread of its own: the till hands over a word and goes on.

Source: aplay(1) of alsa-utils. The latest sound wins, a refusal outranks, and none is longer than
two seconds, also where the sound card hangs.
"""

import logging
import queue
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from taptill.domain.technical.till_warning import TillWarning, WarningCode, till_warning
from taptill.sounds.outcome import RANK, Outcome
from taptill.sounds.tones import wav

log = logging.getLogger("taptill.sounds")

PLAY_S = 2.0
HDMI_SILENCE_MS = 200
"""A screen with loudspeakers swallows the first moment of a sound."""

_LOOK_S = 0.02
_WAITING_MAX = 8
_END = None


class SoundPlayer:
    """Plays the four sounds; `folder` is where their files are made when the first one is played.

    `device` is one of ALSA (`aplay -L`), empty: its default. `program` is the player.
    """

    def __init__(
        self, folder: Path, *, device: str = "", volume: int = 70, program: str = "aplay"
    ) -> None:
        self._folder = folder
        self._volume = volume
        self._command = [program, "-q", *(["-D", device] if device else [])]
        self._silence_ms = HDMI_SILENCE_MS if "hdmi" in device.lower() else 0
        self._sounds: queue.Queue[Outcome | None] = queue.Queue(_WAITING_MAX)
        self._playing: tuple[Outcome, subprocess.Popen[bytes], float] | None = None
        self._thread: threading.Thread | None = None
        self.trouble: TillWarning | None = None

    def warnings(self) -> tuple[TillWarning, ...]:
        """Return a warning while sounds cannot be played."""
        return (self.trouble,) if self.trouble else ()

    def play(self, outcome: Outcome) -> None:
        """Play a sound soon; return at once. What comes too thick is left out."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sounds", daemon=True)
            self._thread.start()
        with suppress(queue.Full):
            self._sounds.put_nowait(outcome)

    def close(self) -> None:
        """End the thread and what it plays."""
        if self._thread is not None:
            with suppress(queue.Full):
                self._sounds.put_nowait(_END)
            self._thread.join(1.0)

    def _run(self) -> None:
        try:
            while True:
                try:
                    outcome = self._sounds.get(timeout=_LOOK_S if self._playing else None)
                except queue.Empty:
                    self._look()
                    continue
                if outcome is _END:
                    self._stop()
                    return
                self._look()
                self._start(outcome)
        except Exception:  # thread top: the till goes on without sounds
            log.exception("sound.fault")
            self.trouble = till_warning(WarningCode.SOUND_FAULT)

    def _start(self, outcome: Outcome) -> None:
        if self._playing and RANK[outcome] < RANK[self._playing[0]]:
            return
        self._stop()
        try:
            path = self._file(outcome)
            process = subprocess.Popen(  # noqa: S603 - a fixed program, and a file of ours
                [*self._command, str(path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError as fault:
            program = Path(self._command[0]).name
            self._say(
                till_warning(WarningCode.SOUND_PROGRAM, program=program, detail=fault.strerror)
            )
            return
        self._playing = (outcome, process, time.monotonic())

    def _look(self) -> None:
        """See whether what plays has come to its end, or should have."""
        if not self._playing:
            return
        _, process, since_s = self._playing
        ended = process.poll()
        if ended is None and time.monotonic() - since_s > PLAY_S:
            self._stop()
            self._say(till_warning(WarningCode.SOUND_CARD_HANGS))
        elif ended is not None:
            self._playing = None
            self._say(None if ended == 0 else till_warning(WarningCode.SOUND_CARD_UNUSABLE))

    def _stop(self) -> None:
        if self._playing:
            _, process, _ = self._playing
            process.kill()
            with suppress(subprocess.TimeoutExpired):
                process.wait(1.0)
            self._playing = None

    def _say(self, trouble: TillWarning | None) -> None:
        if trouble and not self.trouble:
            log.warning("sound.off", extra={"detail": str(trouble)})
        elif self.trouble and not trouble:
            log.info("sound.on")
        self.trouble = trouble

    def _file(self, outcome: Outcome) -> Path:
        """Return the file of a sound, made whole beside its place. Errors: OSError."""
        path = self._folder / f"{outcome}-{self._volume}-{self._silence_ms}.wav"
        if not path.exists():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial = path.with_suffix(".new")
            partial.write_bytes(wav(outcome, self._volume, self._silence_ms))
            partial.replace(path)
        return path


class Bell:
    """The terminal's bell: it has one sound, so it rings only where somebody must look."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring

    def warnings(self) -> tuple[TillWarning, ...]:
        """Return nothing: nobody can know whether a bell is heard."""
        return ()

    def play(self, outcome: Outcome) -> None:
        """Ring for a refusal, and where somebody must look."""
        if outcome in {Outcome.REFUSED, Outcome.LOOK_HERE}:
            self._ring()

    def close(self) -> None:
        """Do nothing."""
