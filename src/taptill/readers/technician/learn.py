"""Cards and the numbers that an office has for them in, the normaliser's rules that fit out.

Every combination of the usual steps is tried; of rules that make the same of every card like
these only the shortest counts, so that what is left differs on some card.
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
    *((one,) for one in ("HEX", "hex", "HEX:", "plain-dec", "signed-dec")),
    *((one,) for one in ("10H13D", "8H10D", "6H8D", "2H4H", "4H4H")),
    *((one,) for one in ("3D5D", "plain-3D5D", "loose-3D5D", "5D5D")),
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
    """A card as the reader delivers it, and the numbers that may be its: one, or all there are."""

    raw: str
    numbers: Collection[str]


def rules_that_fit(cards: Sequence[SampleCard], output_kind: RawKind) -> list[Rule]:
    """Give every rule that makes one of its numbers of each card, the shortest first."""
    matching_readers = [
        (steps, rule)
        for steps, rule in _candidate_rules(output_kind)
        if all(rule.card_id(card.raw) in card.numbers for card in cards)
    ]
    return list(_distinct_rules(matching_readers, _probe_numbers(cards, output_kind)))


def _candidate_rules(output_kind: RawKind) -> Iterator[tuple[Rule, Normaliser]]:
    parses = _PARSER_STEPS.get(output_kind, ((),))
    spelled = _TEXT_RULES if output_kind is RawKind.TEXT else ()
    build_step: list[Rule] = [
        *spelled,
        *(
            (*parse, *turn, *cut, *write) if first == "turn" else (*parse, *cut, *turn, *write)
            for parse, turn, cut, write in product(
                parses, _TRANSFORM_STEPS, _SLICE_STEPS, _FORMATTER_STEPS
            )
            for first in (("turn", "cut") if turn and cut else ("turn",))
        ),
    ]
    for steps in sorted(build_step, key=len):
        yield steps, build_normaliser(steps, output_kind)


def _probe_numbers(cards: Sequence[SampleCard], output_kind: RawKind) -> list[str]:
    """Make cards of the same shape up."""
    dice = Random(PROBES)  # noqa: S311 - the same ones each time, nothing secret
    raws = [card.raw for card in cards]
    digits = "0123456789ABCDEF"
    if output_kind is RawKind.TEXT and all(map(str.isdecimal, raws)):
        # A card of 32 bits prints ten digits, and none above 4294967295.
        end = UINT32_END if all(int(raw) < UINT32_END for raw in raws) else 10**CARD_ID_LENGTH_MAX
        sizes = [len(dice.choice(raws)) for _ in range(PROBES)]
        return [f"{dice.randrange(min(end, 10**size)):0{size}d}" for size in sizes]
    if all(map(str.islower, raws)):
        digits = digits.lower()
    return [
        "".join(dice.choice(digits) if one.isalnum() else one for one in dice.choice(raws))
        for _ in range(PROBES)
    ]


def _distinct_rules(
    rules: Iterable[tuple[Rule, Normaliser]], probes: Sequence[str]
) -> Iterator[Rule]:
    kept: list[Outputs] = []
    for steps, rule in rules:
        made = [rule.card_id(probe) for probe in probes]
        if not any(_is_equivalent(made, one) for one in kept):
            kept.append(made)
            yield steps


def _is_equivalent(made: Outputs, kept: Outputs) -> bool:
    """Tell whether a rule names no card otherwise, though it may refuse some."""
    pairs = zip(made, kept, strict=True)
    named = [one == other for one, other in pairs if not isinstance(one, CardTrouble)]
    return made == kept or (bool(named) and all(named))


def numbers_of(written: str) -> frozenset[str]:
    """Give what may be a card's number of what people read off it, `206,30028 0013530444`.

    The whole of it, each part between blanks, and the parts as one figure.
    """
    parts = written.split()
    return frozenset({written.strip(), *parts, "".join(parts)})


def warnings_of(rule: Rule) -> list[str]:
    """Say what a technician should know of a rule before it is used."""
    return [AMBIGUOUS_FORMATS[step] for step in rule if step in AMBIGUOUS_FORMATS]


def config_lines(rule: Rule) -> str:
    """Write what to paste into `[[reader]]`."""
    return f"card_id = {json.dumps(rule)}"
