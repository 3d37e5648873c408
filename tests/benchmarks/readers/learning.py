"""Two cards and the numbers of all customers in, seconds until the rules that fit are found out."""

from random import Random

from tests.benchmarks.figures import Bench, Figure, at_most, median, timed_s

from taptill.readers.frames import RawKind
from taptill.readers.normaliser import normaliser
from taptill.readers.technician.learn import Card, rules_that_fit

CUSTOMERS = 100_000
S_MAX = 2.0
RULES = {RawKind.UID: ("8H10D",), RawKind.TEXT: ("from-hex", "8H10D")}


def measure(bench: Bench) -> list[Figure]:
    """Measure cards of both kinds against a whole cache."""
    return [_figure(bench, gives) for gives in RULES]


def _figure(bench: Bench, gives: RawKind) -> Figure:
    name = f"learn from {CUSTOMERS:,} customers, {gives}"
    dice, rule = Random(6), normaliser(RULES[gives], gives)
    raws = [f"{dice.randrange(1 << 40):010X}" for _ in range(CUSTOMERS)]
    numbers = frozenset(str(rule.card_id(raw)) for raw in raws)
    cards = [Card(raw, numbers) for raw in raws[:2]]
    samples = [timed_s(lambda: rules_that_fit(cards, gives)) for _ in bench.rounds(name, 6)]
    return Figure(name, "s", samples, goals=(at_most("s, p50", median(samples), S_MAX),))
