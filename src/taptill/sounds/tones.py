"""The four sounds as WAV: 48 kHz, two channels, 16 bits, which every sound card takes as it is.

Another rate or one channel makes the jack of a Pi crackle when the format changes. Each tone is
faded in and out within 5 ms, as it would click otherwise.
"""

import io
import math
import wave
from array import array
from collections.abc import Iterable
from sys import byteorder

from taptill.sounds.outcome import Outcome

RATE_HZ = 48_000
CHANNELS = 2
SAMPLE_OCTETS = 2
VOLUME_MAX = 100

_FADE_MS = 5
_PEAK = 32_767
_MS_PER_S = 1000

Tone = tuple[int, int, int]
"""Frequency in Hz, length in milliseconds, loudness in percent; 0 Hz is silence."""

_ACCEPTED: tuple[Tone, ...] = ((880, 90, 100), (1319, 140, 100))
TONES: dict[Outcome, tuple[Tone, ...]] = {
    Outcome.ACCEPTED: _ACCEPTED,
    Outcome.KEPT_OFFLINE: (*_ACCEPTED, (0, 90, 0), (2000, 25, 40)),
    Outcome.LOOK_HERE: ((660, 70, 100), (0, 50, 0), (660, 70, 100), (0, 50, 0), (660, 70, 100)),
    Outcome.REFUSED: ((220, 200, 100), (0, 70, 0), (175, 300, 100)),
}


def wav(outcome: Outcome, volume: int, silence_ms: int = 0) -> bytes:
    """Return the file of a sound; `volume` is 0 to 100, `silence_ms` stands in front of it."""
    tones = ((0, silence_ms, 0), *TONES[outcome])
    samples = array("h", (value for tone in tones for value in _samples(tone, volume)))
    if byteorder == "big":
        samples.byteswap()
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(CHANNELS)
        file.setsampwidth(SAMPLE_OCTETS)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.tobytes())
    return target.getvalue()


def _samples(tone: Tone, volume: int) -> Iterable[int]:
    """Yield the samples of a tone, each once for each channel."""
    frequency_hz, length_ms, loudness = tone
    count = RATE_HZ * length_ms // _MS_PER_S
    fade = RATE_HZ * _FADE_MS // _MS_PER_S
    peak = _PEAK * loudness * volume // (100 * VOLUME_MAX)
    step = 2 * math.pi * frequency_hz / RATE_HZ
    for at in range(count):
        level = peak * min(at, count - at, fade) // fade
        value = round(level * math.sin(step * at))
        for _ in range(CHANNELS):
            yield value
