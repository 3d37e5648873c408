"""A key as it was read: its name, and between which two moments it was pressed."""

from dataclasses import dataclass

NO_KEY = ""
"""The name for something that was read and is no key: an answer of the terminal, a stray byte."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that was pressed; times are monotonic seconds.

    `name` is the character that the key types, or one of `enter`, `escape`, `backspace`, `tab`,
    `f1`, `ctrl+q`, `left`, ... `at_s` is when it was read. `since_s` is the earliest moment at
    which it may have been pressed: the same one, but for a program that was held up, which finds
    all that was typed meanwhile at once.
    """

    name: str
    at_s: float
    since_s: float

    @property
    def times_unknown(self) -> bool:
        """Whether the program was held up, so that nobody knows when this was pressed."""
        return self.since_s < self.at_s

    @property
    def is_character(self) -> bool:
        """Whether the key types a character."""
        return len(self.name) == 1


def key_at(name: str, at_s: float) -> Key:
    """Make a key that was read as soon as it was pressed."""
    return Key(name, at_s, at_s)
