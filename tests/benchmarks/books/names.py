"""A cache of 100,000 customers in; what a key of the search by name costs, and opening it, out."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

from tests.benchmarks.figures import Bench, Figure, at_most, milliseconds, percentile, timed_s
from tests.domain.samples import ADA, snapshot
from tests.fakes.clock import FakeClock

from taptill.checkout.people.finding import ROWS_MAX
from taptill.customer_cache.cache import CustomerCache
from taptill.domain.card_id import CardId

CUSTOMERS = 100_000
KEY_MS = 30.0
ROWS_A_COMMIT = 5_000
FIRST = ("Ada", "Anna-Lena", "Björn", "Çelik", "Jörg", "José", "Łukasz", "Marie", "Ömer", "Zoë")
SYLLABLES = ("ba", "be", "da", "gä", "ki", "ko", "la", "le", "mi", "mü", "na", "ro", "sa", "sö")


def measure(bench: Bench) -> list[Figure]:
    """Measure opening the search, and each key of names as people type them."""
    luck = random.Random(1)
    names = [_name(luck) for _ in range(CUSTOMERS)]
    clock = FakeClock()
    cache = CustomerCache(bench.folder / "cache.db", clock, frozenset({"name", "company"}))
    with closing(cache):
        bench.say(f"writing a cache of {CUSTOMERS:,} customers")
        _fill(cache, names)
        opened = [
            timed_s(lambda: asyncio.run(cache.names())) for _ in bench.rounds("open the search", 12)
        ]
        index = asyncio.run(cache.names())
        found: list[float] = []
        read: list[float] = []
        for _ in bench.rounds("keys of a name", 300):
            for typed in _keys(luck.choice(names)):
                ids = index.find(typed, ROWS_MAX)
                search = timed_s(lambda typed=typed: index.find(typed, ROWS_MAX))  # type: ignore[misc]
                rows = timed_s(lambda ids=ids: cache.by_ids(ids))  # type: ignore[misc]
                found.append(search + rows)
                read.append(rows)
    samples = milliseconds(found)
    goal = at_most("p95, ms", percentile(samples, 95), KEY_MS)
    remark = f"{CUSTOMERS:,} customers, without painting; own: the rows of those found"
    return [
        Figure(
            "find by name, a key", "ms", samples, milliseconds(read), goals=(goal,), remark=remark
        ),
        Figure("find by name, opened", "ms", milliseconds(opened), remark="in a thread of its own"),
    ]


def _name(luck: random.Random) -> str:
    return f"{luck.choice(FIRST)} {''.join(luck.choices(SYLLABLES, k=luck.randint(2, 4))).title()}"


def _keys(name: str) -> Iterator[str]:
    return (name[:end] for end in range(1, len(name) + 1))


def _fill(cache: CustomerCache, names: list[str]) -> None:
    for first in range(0, len(names), ROWS_A_COMMIT):
        cache.store(
            [
                snapshot(replace(ADA, id=number, name=name, card_id=CardId(f"{number:010X}")))
                for number, name in enumerate(names[first : first + ROWS_A_COMMIT], first + 1)
            ]
        )
