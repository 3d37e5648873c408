"""Keys with their times in, whether a machine typed them out.

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
"""From one key to the next, nobody types a line at this speed."""

LINE_S = 0.15
"""Keys that come sooner after each other may be of one line of a machine that was held up within
it; the grabbed keyboard reader waits as long (`readers/frames/keys.py`)."""

HALT_S = 0.07
"""After a halt this long within a line, what stood before it may have been a person's."""

ENDED_MIN = 2
"""Characters before Enter or Tab; a person does roll over from one digit to Enter."""

UNENDED_MIN = 6
"""Characters without an end; no amount has so many."""

REPEAT_DELAY_S_MAX = 1.1
"""A key that is held is silent for 0.2 to 1 s before it repeats (kbdrate(8), xset(1)); so what
comes sooner after the first press is no repeat."""

ENDS = frozenset({"enter", "tab"})


def is_fast(earlier: Key, later: Key) -> bool:
    """Tell whether no person presses keys so soon after each other, time and again."""
    return later.at_s - earlier.at_s <= FAST_S


def in_one_line(earlier: Key, later: Key) -> bool:
    """Tell whether two keys may be of one line of a machine."""
    return later.since_s - earlier.at_s <= LINE_S


def is_repeat(earlier: Key | None, key: Key) -> bool:
    """Tell whether the first key of a line may repeat the key before it, which is being held."""
    if earlier is None or earlier.name != key.name:
        return False
    return key.at_s - earlier.at_s <= REPEAT_DELAY_S_MAX


def is_machine(line: Sequence[Key], earlier: Key | None = None) -> bool:
    """Tell whether a machine typed a line, which its last key may end; `earlier` came before it."""
    if is_repeat(earlier, line[0]):
        line = _after_repeats(line)
    character_count = sum(key.is_character for key in line)
    if character_count < (ENDED_MIN if line[-1].name in ENDS else UNENDED_MIN):
        return False
    if line[-1].times_unknown:
        return _is_fast_pile(line)
    return median(later.at_s - previous.at_s for previous, later in pairwise(line)) <= FAST_S


def is_whole(line: Sequence[Key]) -> bool:
    """Tell whether all of a machine's line is surely the machine's."""
    return all(later.since_s - previous.at_s <= HALT_S for previous, later in pairwise(line))


def _after_repeats(line: Sequence[Key]) -> Sequence[Key]:
    """Leave out all but the last of the keys that are one key being held."""
    repeats = next((at for at, key in enumerate(line) if key.name != line[0].name), len(line))
    return line[repeats - 1 :]


def _is_fast_pile(line: Sequence[Key]) -> bool:
    """Judge keys that were read at once, late: all that is known is how many came how soon."""
    pile = [key for key in line if key.times_unknown]
    return (pile[-1].at_s - pile[0].since_s) / len(pile) <= FAST_S
