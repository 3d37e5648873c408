"""Converts what a reader delivers to the card id as the backend spells it, by configured steps.

A rule runs in one direction: filters of text, a parser that reads octets from the text, transforms
of these octets, a formatter that writes them as text, and filters of that text. For a reader that
delivers UIDs or numbers it begins with octets. The whole rule is checked when it is built, and
nothing is guessed card by card.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

from taptill.domain.card_id import CARD_ID_LENGTH_MAX, CardId
from taptill.domain.tap import CardTrouble
from taptill.readers.by_name import unknown_word
from taptill.readers.conversion_steps import (
    BYTE_TRANSFORMS,
    FORMATTERS,
    PARSERS,
    REMOVING_STEPS,
    TEXT_FILTERS,
    ByteTransform,
    Formatter,
    Parser,
    TextFilter,
    UnusableUidError,
    build_step,
    drop_bcc,
    from_hex,
    refuse_blank,
    refuse_non_unique,
    refuse_non_unique_reversed,
)
from taptill.readers.frames import RawKind

DEFAULT_STEPS = {
    RawKind.UID: ("HEX",),
    RawKind.REVERSED: ("reverse-bytes", "HEX"),
    RawKind.NUMBER: ("HEX",),
    RawKind.TEXT: ("text",),
}
_UID_CHECKS: dict[RawKind, ByteTransform] = {
    RawKind.UID: refuse_non_unique,
    RawKind.REVERSED: refuse_non_unique_reversed,
    RawKind.NUMBER: refuse_blank,
}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Normaliser:
    """A rule that is ready to use; `build_normaliser` makes it."""

    text_filters: tuple[TextFilter, ...]
    parser: Parser | None
    byte_transforms: tuple[ByteTransform, ...]
    formatter: Formatter | None
    final_filters: tuple[TextFilter, ...]
    step_names: tuple[str, ...] = ()

    def card_id(self, raw: str) -> CardId | CardTrouble:
        """Return the card id, or why this card has none.

        Callers test for `CardTrouble` first, as both are text.
        """
        if not raw.strip():
            return CardTrouble.BLANK_ID
        try:
            text = self._convert(raw)
        except UnusableUidError as error:
            return error.trouble
        except (ValueError, OverflowError):
            return CardTrouble.WRONG_FORM
        is_valid = 0 < len(text) <= CARD_ID_LENGTH_MAX and text.isprintable()
        return CardId(text) if is_valid else CardTrouble.WRONG_FORM

    @property
    def removes_text(self) -> bool:
        """Return whether a text filter removes a part, and so refuses its own result as input."""
        return any(name in REMOVING_STEPS for name in self.step_names)

    def apply_final_filters(self, text: str) -> str:
        """Return the text after the filters that follow the formatter."""
        return _apply_in_order(self.final_filters, text).strip()

    def _convert(self, raw: str) -> str:
        if len(raw) > 2 * CARD_ID_LENGTH_MAX:
            raise ValueError("longer than the octets of any card id")
        text = _apply_in_order(self.text_filters, raw.strip())
        if self.parser and self.formatter:
            text = self.formatter(_apply_in_order(self.byte_transforms, self.parser(text)))
        return self.apply_final_filters(text)


def build_normaliser(steps: Sequence[str], output_kind: RawKind) -> Normaliser:
    """Build the rule from the config's steps; raise ValueError, which names a step that is wrong.

    The error also says what would fit there. A rule for UIDs refuses those that do not identify a
    card. It checks them as they come from the reader (without the check octet, where `drop-bcc` is
    the first step), or where the step `uid` stands: after `reverse-bytes`, for a `line` whose
    reader sends the last byte first.
    """
    parser: Parser | None = None if output_kind is RawKind.TEXT else from_hex
    formatter: Formatter | None = None
    text_filters: list[TextFilter] = []
    byte_transforms: list[ByteTransform] = []
    final_filters: list[TextFilter] = []
    for step in steps or DEFAULT_STEPS[output_kind]:
        name, *arguments = step.split() or [""]
        at_octets = parser is not None and formatter is None
        if name in TEXT_FILTERS and not at_octets:
            filters = final_filters if formatter else text_filters
            filters.append(build_step(TEXT_FILTERS, name, arguments))
        elif name in PARSERS and parser is None:
            parser = build_step(PARSERS, name, arguments)
        elif name in BYTE_TRANSFORMS and at_octets:
            byte_transforms.append(build_step(BYTE_TRANSFORMS, name, arguments))
        elif name in FORMATTERS and at_octets:
            formatter = build_step(FORMATTERS, name, arguments)
        else:
            raise ValueError(_misplaced_step(name, at_octets=at_octets))
    if parser and not formatter:
        raise ValueError("the steps end with octets: add 'HEX', 'hex' or 'dec 10', for example")
    if output_kind in _UID_CHECKS and refuse_non_unique not in byte_transforms:
        has_check_octet = byte_transforms[:1] == [drop_bcc]
        byte_transforms.insert(int(has_check_octet), _UID_CHECKS[output_kind])
    return Normaliser(
        text_filters=tuple(text_filters),
        parser=parser,
        byte_transforms=tuple(byte_transforms),
        formatter=formatter,
        final_filters=tuple(final_filters),
        step_names=tuple(step.split()[0] for step in steps),
    )


def expected_kind(steps: Sequence[str]) -> RawKind:
    """Return what the steps were written for; for use where the reader's family is not known."""
    first_name = next(iter(steps[:1]), "").partition(" ")[0]
    return RawKind.TEXT if first_name in {*TEXT_FILTERS, *PARSERS} else RawKind.UID


def _misplaced_step(name: str, *, at_octets: bool) -> str:
    """Return what is wrong with a step at this place of the rule."""
    step_names = [*TEXT_FILTERS, *PARSERS, *BYTE_TRANSFORMS, *FORMATTERS]
    if name.casefold() == "auto":
        return "nothing is guessed, as 12345678 is hex and decimal: 'from-hex' or 'from-dec 4'"
    if name not in step_names:
        return unknown_word("step", name, step_names)
    if name in PARSERS:
        return f"'{name}' reads text into octets: only once, and only for a reader of text"
    if at_octets:
        return f"'{name}' takes text, here are octets: write them first, with 'HEX' for example"
    return f"'{name}' takes octets, here is text: read it first, with 'from-hex' or 'from-dec 4'"


def _apply_in_order(functions: Sequence[Callable[[_T], _T]], value: _T) -> _T:
    return reduce(lambda result, function: function(result), functions, value)
