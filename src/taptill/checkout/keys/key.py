"""A key as it was read: its name, and the interval in which it was pressed."""

from dataclasses import dataclass

NO_KEY = ""
"""The name of input that is not a key: an answer of the terminal, or a stray byte."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that was pressed; times are monotonic seconds.

    `name` is the character that the key types, or one of `enter`, `escape`, `backspace`, `tab`,
    `f1`, `ctrl+q`, `left`, ... `at_s` is when it was read, `since_s` the earliest
    moment at which it may have been pressed. The two are equal unless the program was stalled: then
    it reads everything that was typed meanwhile at once.
    """

    name: str
    at_s: float
    since_s: float

    @property
    def times_unknown(self) -> bool:
        """Return whether the program was stalled, so that the time of this key is unknown."""
        return self.since_s < self.at_s

    @property
    def is_character(self) -> bool:
        """Return whether the key types a character."""
        return len(self.name) == 1


def key_at(name: str, at_s: float) -> Key:
    """Return a key that was read as soon as it was pressed."""
    return Key(name, at_s, at_s)
