"""What a reader delivers in, the card id as the backend spells it out, by configured steps.

A rule runs in one direction: steps that edit text, one that reads octets from it, steps that turn
octets, one that writes them as text, steps that edit that text. A reader of UIDs or numbers begins
with octets. The rule is checked when it is built; nothing is guessed card by card.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

from taptill.domain.card_id import CARD_ID_LENGTH_MAX, CardId
from taptill.domain.tap import CardTrouble
from taptill.readers import steps as words
from taptill.readers.frames import RawKind
from taptill.readers.nearest import unknown_word

DEFAULT_STEPS = {
    RawKind.UID: ("HEX",),
    RawKind.REVERSED: ("reverse-bytes", "HEX"),
    RawKind.NUMBER: ("HEX",),
    RawKind.TEXT: ("text",),
}
_NAMELESS: dict[RawKind, words.Turn] = {
    RawKind.UID: words.refuse_nameless,
    RawKind.REVERSED: words.refuse_nameless_reversed,
    RawKind.NUMBER: words.refuse_blank,
}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Normaliser:
    """A rule, ready to use; build it with `normaliser`."""

    edits: tuple[words.Edit, ...]
    parse: words.Parse | None
    turns: tuple[words.Turn, ...]
    write: words.Write | None
    last_edits: tuple[words.Edit, ...]
    names: tuple[str, ...] = ()

    def card_id(self, raw: str) -> CardId | CardTrouble:
        """Give the card id, or why this card has none; look for `CardTrouble` first."""
        if not raw.strip():
            return CardTrouble.BLANK_ID
        try:
            text = self._spelled(raw)
        except words.RefusedError as refused:
            return refused.trouble
        except (ValueError, OverflowError):
            return CardTrouble.WRONG_FORM
        fits = 0 < len(text) <= CARD_ID_LENGTH_MAX and text.isprintable()
        return CardId(text) if fits else CardTrouble.WRONG_FORM

    @property
    def cuts(self) -> bool:
        """Tell whether its text steps take something away, so that they refuse what they made."""
        return any(name in words.CUTTING for name in self.names)

    def last_edited(self, text: str) -> str:
        """Do what follows the writing of octets."""
        return _through(self.last_edits, text).strip()

    def _spelled(self, raw: str) -> str:
        if len(raw) > 2 * CARD_ID_LENGTH_MAX:
            raise ValueError("longer than the octets of any card id")
        text = _through(self.edits, raw.strip())
        if self.parse and self.write:
            text = self.write(_through(self.turns, self.parse(text)))
        return self.last_edited(text)


def normaliser(steps: Sequence[str], gives: RawKind) -> Normaliser:
    """Build the rule from the config's steps; ValueError names the step and what would fit.

    A reader of UIDs refuses those that name no card as they come from the reader, or where the
    step `uid` stands (behind `reverse-bytes`, for a `line` whose reader sends the last byte first).
    """
    parse: words.Parse | None = None if gives is RawKind.TEXT else words.from_hex
    write: words.Write | None = None
    edits: list[words.Edit] = []
    turns: list[words.Turn] = []
    last_edits: list[words.Edit] = []
    for step in steps or DEFAULT_STEPS[gives]:
        name, *arguments = step.split() or [""]
        octets_here = parse is not None and write is None
        if name in words.EDITS and not octets_here:
            (last_edits if write else edits).append(words.built(words.EDITS, name, arguments))
        elif name in words.PARSES and parse is None:
            parse = words.built(words.PARSES, name, arguments)
        elif name in words.TURNS and octets_here:
            turns.append(words.built(words.TURNS, name, arguments))
        elif name in words.WRITES and octets_here:
            write = words.built(words.WRITES, name, arguments)
        else:
            raise ValueError(_misplaced(name, octets_here=octets_here))
    if parse and not write:
        raise ValueError("the steps end with octets: add 'HEX', 'hex' or 'dec 10', for example")
    if gives in _NAMELESS and words.refuse_nameless not in turns:
        turns.insert(0, _NAMELESS[gives])
    names = tuple(step.split()[0] for step in steps)
    return Normaliser(tuple(edits), parse, tuple(turns), write, tuple(last_edits), names)


def likely_kind(steps: Sequence[str]) -> RawKind:
    """Tell what steps were written for, where the reader's family is not known."""
    first = next(iter(steps[:1]), "").partition(" ")[0]
    return RawKind.TEXT if first in words.EDITS or first in words.PARSES else RawKind.UID


def _misplaced(name: str, *, octets_here: bool) -> str:
    known = [*words.EDITS, *words.PARSES, *words.TURNS, *words.WRITES]
    if name.casefold() == "auto":
        return "nothing is guessed, as 12345678 is hex and decimal: 'from-hex' or 'from-dec 4'"
    if name not in known:
        return unknown_word("step", name, known)
    if name in words.PARSES:
        return f"'{name}' reads text into octets: only once, and only for a reader of text"
    if octets_here:
        return f"'{name}' takes text, here are octets: write them first, with 'HEX' for example"
    return f"'{name}' takes octets, here is text: read it first, with 'from-hex' or 'from-dec 4'"


def _through(functions: Sequence[Callable[[_T], _T]], value: _T) -> _T:
    return reduce(lambda sofar, function: function(sofar), functions, value)
