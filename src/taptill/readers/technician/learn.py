"""Finds the `card_id` rules that make the numbers of an office of the cards of a reader.

Every combination of the usual steps is tried. Of rules that give the same number for every card of
this shape only the shortest is kept, so that any two rules returned differ for some card.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from taptill.domain.card_id import CARD_ID_LENGTH_MAX
from taptill.domain.tap import CardTrouble
from taptill.readers.conversion_steps import AMBIGUOUS_FORMATS
from taptill.readers.frames import RawKind
from taptill.readers.normaliser import Normaliser, build_normaliser

Rule = tuple[str, ...]

Outputs = Sequence[str | CardTrouble]

PROBES = 24
_HALF_UID = (
    "if the number is made of a UID and its check octet, a card whose UID has seven octets gives "
    'half of it, which others share: write "drop-bcc", "uid", and such a card is refused'
)
"""Of drivers of RC522 modules, see findings/rc522-half-uid.sh."""

UINT32_END = 2**32
_PARSER_STEPS: Mapping[RawKind, Sequence[Rule]] = {
    RawKind.TEXT: (
        ("from-hex",),
        ("strip-separators", "from-hex"),
        ("strip-prefix 0x", "from-hex"),
        *((f"from-dec {size}",) for size in (3, 4, 5, 7, 8)),
        ("from-signed-dec 4",),
        ("from-2H4H",),
        ("from-4H4H",),
        ("from-3D5D",),
        ("from-5D5D",),
    ),
}
_TRANSFORM_STEPS: Sequence[Rule] = (
    (),
    ("reverse-bytes",),
    ("swap-nibbles",),
    ("reverse-bits",),
    ("reverse-bytes", "swap-nibbles"),
    ("reverse-bytes", "reverse-bits"),
)
_SLICE_STEPS: Sequence[Rule] = (
    (),
    ("drop-first 1",),
    ("drop-last 1",),
    ("drop-bcc",),
    *((f"{step} {size}",) for size in (3, 4, 5, 7) for step in ("take-last", "take-first")),
)
_FORMATTER_STEPS: Sequence[Rule] = (
    *((step,) for step in ("HEX", "hex", "HEX:", "plain-dec", "signed-dec")),
    *((step,) for step in ("10H13D", "8H10D", "6H8D", "2H4H", "4H4H")),
    *((step,) for step in ("3D5D", "plain-3D5D", "loose-3D5D", "5D5D")),
    *((f"dec {width}",) for width in (8, 10, 12, 13, 14, 17, 20)),
)
_TEXT_RULES: Sequence[Rule] = (
    ("text",),
    ("upper",),
    ("lower",),
    ("strip-separators",),
    ("strip-separators", "upper"),
)


@dataclass(frozen=True, slots=True)
class SampleCard:
    """A card as the reader delivers it, and the numbers that it may have at the office."""

    raw: str
    numbers: Collection[str]


def rules_that_fit(cards: Sequence[SampleCard], output_kind: RawKind) -> list[Rule]:
    """Return the rules that give one of its numbers for each card, the shortest first."""
    fitting_rules = [
        (steps, rule)
        for steps, rule in _candidate_rules(output_kind)
        if all(rule.card_id(card.raw) in card.numbers for card in cards)
    ]
    return list(_distinct_rules(fitting_rules, _probe_numbers(cards, output_kind)))


def _candidate_rules(output_kind: RawKind) -> Iterator[tuple[Rule, Normaliser]]:
    parses = _PARSER_STEPS.get(output_kind, ((),))
    text_rules = _TEXT_RULES if output_kind is RawKind.TEXT else ()
    rules: list[Rule] = [
        *text_rules,
        *(
            (*parser_steps, *transform_steps, *slice_steps, *formatter_steps)
            if first_change == "transform"
            else (*parser_steps, *slice_steps, *transform_steps, *formatter_steps)
            for parser_steps, transform_steps, slice_steps, formatter_steps in product(
                parses, _TRANSFORM_STEPS, _SLICE_STEPS, _FORMATTER_STEPS
            )
            for first_change in (
                ("transform", "slice") if transform_steps and slice_steps else ("transform",)
            )
        ),
    ]
    for steps in sorted(rules, key=len):
        yield steps, build_normaliser(steps, output_kind)


def _probe_numbers(cards: Sequence[SampleCard], output_kind: RawKind) -> list[str]:
    """Return made-up cards of the same shape, the same ones each time."""
    rng = Random(PROBES)  # noqa: S311 - the same ones each time, nothing secret
    raws = [card.raw for card in cards]
    digits = "0123456789ABCDEF"
    if output_kind is RawKind.TEXT and all(map(str.isdecimal, raws)):
        # A number of 32 bits has ten digits, and is at most 4294967295.
        end = UINT32_END if all(int(raw) < UINT32_END for raw in raws) else 10**CARD_ID_LENGTH_MAX
        sizes = [len(rng.choice(raws)) for _ in range(PROBES)]
        return [f"{rng.randrange(min(end, 10**size)):0{size}d}" for size in sizes]
    if all(map(str.islower, raws)):
        digits = digits.lower()
    return [
        "".join(
            rng.choice(digits) if character.isalnum() else character
            for character in rng.choice(raws)
        )
        for _ in range(PROBES)
    ]


def _distinct_rules(
    rules: Iterable[tuple[Rule, Normaliser]], probes: Sequence[str]
) -> Iterator[Rule]:
    outputs_so_far: list[Outputs] = []
    for steps, rule in rules:
        outputs = [rule.card_id(probe) for probe in probes]
        if not any(_is_equivalent(outputs, kept_outputs) for kept_outputs in outputs_so_far):
            outputs_so_far.append(outputs)
            yield steps


def _is_equivalent(outputs: Outputs, kept_outputs: Outputs) -> bool:
    """Return whether a rule gives the kept rule's id for every probe that it accepts."""
    pairs = zip(outputs, kept_outputs, strict=True)
    agreements = [
        output == kept_output
        for output, kept_output in pairs
        if not isinstance(output, CardTrouble)
    ]
    return outputs == kept_outputs or (bool(agreements) and all(agreements))


def numbers_of(text: str) -> frozenset[str]:
    """Return the numbers in a text that is printed on a card, such as `206,30028 0013530444`.

    They are the whole text, each part between blanks, and the parts joined.
    """
    parts = text.split()
    return frozenset({text.strip(), *parts, "".join(parts)})


def warnings_of(rule: Rule) -> list[str]:
    """Return what a technician should know of a rule before it is used."""
    ambiguous = [AMBIGUOUS_FORMATS[step] for step in rule if step in AMBIGUOUS_FORMATS]
    drops_check = "from-dec 5" in rule and not {"drop-bcc", "drop-last 1"}.isdisjoint(rule)
    return [*ambiguous, *([_HALF_UID] if drops_check and "uid" not in rule else [])]


def config_lines(rule: Rule) -> str:
    """Return what to paste into `[[reader]]`."""
    return f"card_id = {json.dumps(rule)}"
