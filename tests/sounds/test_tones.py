"""The four sounds are these bytes, and fit every sound card."""

import hashlib
import io
import wave
from array import array

import pytest

from taptill.sounds.outcome import Outcome
from taptill.sounds.tones import wav

GOLDEN = {
    Outcome.ACCEPTED: "b7f32cb6f1b85953",
    Outcome.KEPT_OFFLINE: "af0dd93da0e254a1",
    Outcome.LOOK_HERE: "dfcbc523c29a152d",
    Outcome.REFUSED: "ecb3cef3ae2ba763",
}


def samples(octets: bytes) -> "array[int]":
    """Return the samples of a file."""
    with wave.open(io.BytesIO(octets)) as file:
        return array("h", file.readframes(file.getnframes()))


@pytest.mark.parametrize("outcome", Outcome)
def test_a_sound_is_these_bytes(outcome: Outcome) -> None:
    assert hashlib.sha256(wav(outcome, 70)).hexdigest()[:16] == GOLDEN[outcome]


@pytest.mark.parametrize("outcome", Outcome)
def test_a_sound_has_the_form_that_no_card_must_convert(outcome: Outcome) -> None:
    with wave.open(io.BytesIO(wav(outcome, 100))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48_000, 2, 2)
        assert 0.2 < file.getnframes() / file.getframerate() < 1.0


@pytest.mark.parametrize("outcome", Outcome)
def test_the_volume_is_the_peak_and_no_sound_clicks(outcome: Outcome) -> None:
    loud = samples(wav(outcome, 100))
    assert 32_000 < max(map(abs, loud)) <= 32_767
    assert max(map(abs, samples(wav(outcome, 50)))) <= 16_384
    assert not any(samples(wav(outcome, 0)))
    assert max(abs(loud[0]), abs(loud[-1])) < 400


def test_a_screen_with_loudspeakers_gets_silence_in_front() -> None:
    plain, with_silence = wav(Outcome.REFUSED, 70), wav(Outcome.REFUSED, 70, 200)
    silence = 48_000 * 2 * 2 // 5
    assert len(with_silence) - len(plain) == silence
    assert with_silence[44 : 44 + silence] == bytes(silence)


def test_no_two_sounds_are_alike() -> None:
    assert len({wav(outcome, 70) for outcome in Outcome}) == len(Outcome)
