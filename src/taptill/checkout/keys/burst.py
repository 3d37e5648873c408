"""The rule that tells a machine's line of keys from a person's, by their times.

A scanner, or a card reader that acts as a keyboard, types a line in one burst and ends it with
Enter or Tab. A person may be as fast between two keys (rollover: the next finger is down before the
last one is up; a keypad's key `00`), but not over a line. A key that is held repeats as fast, but
only after a silence.

Scanners type a key every 7 to 16 ms (measured: bitsnpixels.dev, "Scanner or person?"): a USB
keyboard is asked every 1 to 10 ms and needs two answers a key. Typing at `FAST_S` all along would
be 340 words a minute; 120 words a minute, which are 100 ms a key, is very fast (on rollover and
speeds: Dhakal and others, "Observations on Typing from 136 Million Keystrokes", CHI 2018).
"""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from taptill.checkout.keys.key import Key

FAST_S = 0.035
"""Nobody types a whole line with so short a time from key to key."""

LINE_S = 0.15
"""Keys with less time between them may belong to one line of a machine that was slow within it; the
driver `keyboard` waits as long (`SILENCE_S` of `readers/frames/keystrokes.py`)."""

HALT_S = 0.07
"""After a pause of this length within a line, the keys before it may have been a person's."""

ENDED_MIN = 2
"""The least characters before Enter or Tab; a person may roll from one digit to Enter."""

UNENDED_MIN = 6
"""The least characters of a line without an end; no amount has so many."""

REPEAT_DELAY_S_MAX = 1.1
"""A key that is held down repeats after 0.2 to 1 s (kbdrate(8), xset(1)); a key that comes later
than this after the first press is no repeat of it."""

ENDS = frozenset({"enter", "tab"})


def is_fast(earlier: Key, later: Key) -> bool:
    """Return whether the second key came sooner than a person types, key after key."""
    return later.at_s - earlier.at_s <= FAST_S


def in_one_line(earlier: Key, later: Key) -> bool:
    """Return whether two keys may belong to one line of a machine."""
    return later.since_s - earlier.at_s <= LINE_S


def is_repeat(earlier: Key | None, key: Key) -> bool:
    """Return whether the first key of a line may be a repeat of the key before it, held down."""
    if earlier is None or earlier.name != key.name:
        return False
    return key.at_s - earlier.at_s <= REPEAT_DELAY_S_MAX


def is_machine(line: Sequence[Key], earlier: Key | None = None) -> bool:
    """Return whether a machine typed this line; `earlier` is the key before the line."""
    if is_repeat(earlier, line[0]):
        line = _after_repeats(line)
    character_count = sum(key.is_character for key in line)
    if character_count < (ENDED_MIN if line[-1].name in ENDS else UNENDED_MIN):
        return False
    if line[-1].times_unknown:
        return _is_fast_backlog(line)
    return median(later.at_s - previous.at_s for previous, later in pairwise(line)) <= FAST_S


def is_whole(line: Sequence[Key]) -> bool:
    """Return whether certainly every key of a machine's line is the machine's."""
    return all(later.since_s - previous.at_s <= HALT_S for previous, later in pairwise(line))


def _after_repeats(line: Sequence[Key]) -> Sequence[Key]:
    """Return the line without the repeats of a key that is held down at its start."""
    repeats = next((at for at, key in enumerate(line) if key.name != line[0].name), len(line))
    return line[repeats - 1 :]


def _is_fast_backlog(line: Sequence[Key]) -> bool:
    """Return whether keys that were read at once, late, came faster than a person types.

    Only their number and the length of the stall are known.
    """
    backlog = [key for key in line if key.times_unknown]
    return (backlog[-1].at_s - backlog[0].since_s) / len(backlog) <= FAST_S
