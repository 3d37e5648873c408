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
from taptill.readers import conversion_steps
from taptill.readers.frames import RawKind
from taptill.readers.nearest import unknown_word

DEFAULT_STEPS = {
    RawKind.UID: ("HEX",),
    RawKind.REVERSED: ("reverse-bytes", "HEX"),
    RawKind.NUMBER: ("HEX",),
    RawKind.TEXT: ("text",),
}
_UID_CHECKS: dict[RawKind, conversion_steps.ByteTransform] = {
    RawKind.UID: conversion_steps.refuse_non_unique,
    RawKind.REVERSED: conversion_steps.refuse_non_unique_reversed,
    RawKind.NUMBER: conversion_steps.refuse_blank,
}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Normaliser:
    """A rule, ready to use; build it with `normaliser`."""

    text_filters: tuple[conversion_steps.TextFilter, ...]
    parser: conversion_steps.Parser | None
    byte_transforms: tuple[conversion_steps.ByteTransform, ...]
    formatter: conversion_steps.Formatter | None
    final_filters: tuple[conversion_steps.TextFilter, ...]
    step_names: tuple[str, ...] = ()

    def card_id(self, raw: str) -> CardId | CardTrouble:
        """Give the card id, or why this card has none; look for `CardTrouble` first."""
        if not raw.strip():
            return CardTrouble.BLANK_ID
        try:
            text = self._convert(raw)
        except conversion_steps.UnusableUidError as refused:
            return refused.trouble
        except (ValueError, OverflowError):
            return CardTrouble.WRONG_FORM
        fits = 0 < len(text) <= CARD_ID_LENGTH_MAX and text.isprintable()
        return CardId(text) if fits else CardTrouble.WRONG_FORM

    @property
    def removes_text(self) -> bool:
        """Tell whether its text steps take something away, so that they refuse what they made."""
        return any(name in conversion_steps.REMOVING_STEPS for name in self.step_names)

    def apply_final_filters(self, text: str) -> str:
        """Do what follows the writing of octets."""
        return _apply_in_order(self.final_filters, text).strip()

    def _convert(self, raw: str) -> str:
        if len(raw) > 2 * CARD_ID_LENGTH_MAX:
            raise ValueError("longer than the octets of any card id")
        text = _apply_in_order(self.text_filters, raw.strip())
        if self.parser and self.formatter:
            text = self.formatter(_apply_in_order(self.byte_transforms, self.parser(text)))
        return self.apply_final_filters(text)


def build_normaliser(steps: Sequence[str], output_kind: RawKind) -> Normaliser:
    """Build the rule from the config's steps; ValueError names the step and what would fit.

    A reader of UIDs refuses those that name no card as they come from the reader, or where the
    step `uid` stands (behind `reverse-bytes`, for a `line` whose reader sends the last byte first).
    """
    parse: conversion_steps.Parser | None = (
        None if output_kind is RawKind.TEXT else conversion_steps.from_hex
    )
    write: conversion_steps.Formatter | None = None
    edits: list[conversion_steps.TextFilter] = []
    turns: list[conversion_steps.ByteTransform] = []
    last_edits: list[conversion_steps.TextFilter] = []
    for step in steps or DEFAULT_STEPS[output_kind]:
        name, *arguments = step.split() or [""]
        octets_here = parse is not None and write is None
        if name in conversion_steps.TEXT_FILTERS and not octets_here:
            (last_edits if write else edits).append(
                conversion_steps.build_step(conversion_steps.TEXT_FILTERS, name, arguments)
            )
        elif name in conversion_steps.PARSERS and parse is None:
            parse = conversion_steps.build_step(conversion_steps.PARSERS, name, arguments)
        elif name in conversion_steps.BYTE_TRANSFORMS and octets_here:
            turns.append(
                conversion_steps.build_step(conversion_steps.BYTE_TRANSFORMS, name, arguments)
            )
        elif name in conversion_steps.FORMATTERS and octets_here:
            write = conversion_steps.build_step(conversion_steps.FORMATTERS, name, arguments)
        else:
            raise ValueError(_misplaced_step(name, octets_here=octets_here))
    if parse and not write:
        raise ValueError("the steps end with octets: add 'HEX', 'hex' or 'dec 10', for example")
    if output_kind in _UID_CHECKS and conversion_steps.refuse_non_unique not in turns:
        turns.insert(0, _UID_CHECKS[output_kind])
    names = tuple(step.split()[0] for step in steps)
    return Normaliser(tuple(edits), parse, tuple(turns), write, tuple(last_edits), names)


def expected_kind(steps: Sequence[str]) -> RawKind:
    """Tell what steps were written for, where the reader's family is not known."""
    first = next(iter(steps[:1]), "").partition(" ")[0]
    return (
        RawKind.TEXT
        if first in conversion_steps.TEXT_FILTERS or first in conversion_steps.PARSERS
        else RawKind.UID
    )


def _misplaced_step(name: str, *, octets_here: bool) -> str:
    known = [
        *conversion_steps.TEXT_FILTERS,
        *conversion_steps.PARSERS,
        *conversion_steps.BYTE_TRANSFORMS,
        *conversion_steps.FORMATTERS,
    ]
    if name.casefold() == "auto":
        return "nothing is guessed, as 12345678 is hex and decimal: 'from-hex' or 'from-dec 4'"
    if name not in known:
        return unknown_word("step", name, known)
    if name in conversion_steps.PARSERS:
        return f"'{name}' reads text into octets: only once, and only for a reader of text"
    if octets_here:
        return f"'{name}' takes text, here are octets: write them first, with 'HEX' for example"
    return f"'{name}' takes octets, here is text: read it first, with 'from-hex' or 'from-dec 4'"


def _apply_in_order(functions: Sequence[Callable[[_T], _T]], value: _T) -> _T:
    return reduce(lambda sofar, function: function(sofar), functions, value)
