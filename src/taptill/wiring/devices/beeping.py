"""What has become of a tap, said by the beeper of the reader that it was tapped on."""

from collections.abc import Mapping
from typing import Protocol

from taptill.domain.technical.till_warning import TillWarning, WarningCode, till_warning
from taptill.readers.device import Beeps
from taptill.sounds.outcome import Outcome

PATTERNS: Mapping[Outcome, Beeps] = {
    Outcome.ACCEPTED: Beeps(1, 1),
    Outcome.KEPT_OFFLINE: Beeps(2, 1),
    Outcome.LOOK_HERE: Beeps(3, 1),
    Outcome.REFUSED: Beeps(1, 6),
}
"""One short, two, three; one long. None takes longer than 0.7 s, in which no card is read."""


class BeepingReaders(Protocol):
    """The readers of a till."""

    @property
    def has_beeper(self) -> bool:
        """Return whether one that is open now has a beeper."""

    def beep(self, beeps: Beeps) -> None:
        """Let those beep that can; return at once."""


class ReaderBeeper:
    """Fits `Sounds`: the readers beep."""

    def __init__(self, readers: BeepingReaders) -> None:
        self._readers = readers

    def play(self, outcome: Outcome) -> None:
        """Beep soon."""
        self._readers.beep(PATTERNS[outcome])

    def warnings(self) -> tuple[TillWarning, ...]:
        """Return a warning while no reader has a beeper."""
        return () if self._readers.has_beeper else (till_warning(WarningCode.NO_BEEPER),)

    def close(self) -> None:
        """Leave the readers alone: they end by themselves."""
