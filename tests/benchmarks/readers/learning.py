"""Measures how long it takes to find the rules that fit two cards, among all customers."""

from random import Random

from tests.benchmarks.figures import Bench, Figure, at_most, median, timed_s

from taptill.readers.frames import RawKind
from taptill.readers.normaliser import build_normaliser
from taptill.readers.technician.learn import SampleCard, rules_that_fit

CUSTOMERS = 100_000
S_MAX = 2.0
RULES = {RawKind.UID: ("8H10D",), RawKind.TEXT: ("from-hex", "8H10D")}


def measure(bench: Bench) -> list[Figure]:
    """Measure cards of both kinds against a whole cache."""
    return [_figure(bench, output_kind) for output_kind in RULES]


def _figure(bench: Bench, output_kind: RawKind) -> Figure:
    name = f"learn from {CUSTOMERS:,} customers, {output_kind}"
    dice, rule = Random(6), build_normaliser(RULES[output_kind], output_kind)
    raws = [f"{dice.randrange(1 << 40):010X}" for _ in range(CUSTOMERS)]
    numbers = frozenset(str(rule.card_id(raw)) for raw in raws)
    cards = [SampleCard(raw, numbers) for raw in raws[:2]]
    samples = [timed_s(lambda: rules_that_fit(cards, output_kind)) for _ in bench.rounds(name, 6)]
    return Figure(name, "s", samples, goals=(at_most("s, p50", median(samples), S_MAX),))
