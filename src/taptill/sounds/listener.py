"""Follows the till's views, and lets be heard what each of them means."""

from typing import Protocol

from taptill.checkout.view import TillView
from taptill.domain.technical.till_warning import TillWarning
from taptill.sounds.outcome import Outcome, outcome_of


class Sounds(Protocol):
    """What makes a sound; each call returns at once and raises nothing."""

    def play(self, outcome: Outcome) -> None:
        """Play a sound soon."""

    def warnings(self) -> tuple[TillWarning, ...]:
        """Return a warning while sounds cannot be played."""

    def close(self) -> None:
        """End what plays."""


class SoundListener:
    """A watcher of views."""

    def __init__(self, sounds: Sounds) -> None:
        self._sounds = sounds
        self._view: TillView | None = None

    def take(self, view: TillView) -> None:
        """Take a view that the till has published."""
        outcome = outcome_of(self._view, view)
        self._view = view
        if outcome is not None:
            self._sounds.play(outcome)
