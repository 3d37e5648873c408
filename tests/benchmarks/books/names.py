"""A cache of 100,000 customers in; what a key of the search by name costs, and opening it, out."""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from tests.benchmarks.figures import Bench, Figure, at_most, milliseconds, percentile, timed_s
from tests.domain.samples import ADA, snapshot
from tests.fakes.clock import FakeClock

from taptill.checkout.people.finding import ROWS_MAX
from taptill.customer_cache.cache import CustomerCache
from taptill.domain.card_id import CardId
from taptill.domain.people.names import NameIndex

CUSTOMERS = 100_000
KEY_MS = 30.0
ROWS_A_COMMIT = 5_000
FIRST = ("Ada", "Anna-Lena", "Björn", "Çelik", "Jörg", "José", "Łukasz", "Marie", "Ömer", "Zoë")
SYLLABLES = ("ba", "be", "da", "gä", "ki", "ko", "la", "le", "mi", "mü", "na", "ro", "sa", "sö")


def measure(bench: Bench) -> list[Figure]:
    """Measure opening the search, keys of names as people type them, and words of several people.

    Words of several people are what no customer may have: a name not yet known, or a mistyped one.
    """
    luck = random.Random(1)
    people = [(_name(luck), f"{number:05}") for number in luck.sample(range(CUSTOMERS), CUSTOMERS)]
    clock = FakeClock()
    cache = CustomerCache(bench.folder / "cache.db", clock, frozenset({"name", "company"}))
    with closing(cache):
        bench.say(f"writing a cache of {CUSTOMERS:,} customers")
        _fill(cache, people)
        opened = [
            timed_s(lambda: asyncio.run(cache.names())) for _ in bench.rounds("open the search", 12)
        ]
        search = _Search(cache, asyncio.run(cache.names()))
        names = _Keys()
        for _ in bench.rounds("keys of a name", 300):
            for typed in _keys(luck.choice(people)[0]):
                search.measure(typed, names)
        mixed = _Keys()
        for _ in bench.rounds("words of several people", 3_000):
            search.measure(_mixed(luck, people), mixed)
    return [
        names.figure("find by name, a key"),
        mixed.figure("find by name, words of several people"),
        Figure("find by name, opened", "ms", milliseconds(opened), remark="in a thread of its own"),
    ]


@dataclass(frozen=True, slots=True)
class _Keys:
    """What was measured of keys: the seconds of each, those of its rows, and how many it found."""

    took_s: list[float] = field(default_factory=list)
    rows_s: list[float] = field(default_factory=list)
    found: list[int] = field(default_factory=list)

    def figure(self, name: str) -> Figure:
        """Return the figure; its goal holds for each kind of key."""
        samples = milliseconds(self.took_s)
        goal = at_most("p95, ms", percentile(samples, 95), KEY_MS)
        remark = (
            f"{CUSTOMERS:,} customers, without painting;"
            f" {self.found.count(0)} of {len(self.found)} find nobody; own: the rows of those found"
        )
        return Figure(name, "ms", samples, milliseconds(self.rows_s), goals=(goal,), remark=remark)


@dataclass(frozen=True, slots=True)
class _Search:
    """A search over a cache, each key of which is measured."""

    cache: CustomerCache
    index: NameIndex

    def measure(self, typed: str, keys: _Keys) -> None:
        """Measure one key as the page does it: who is found, and their rows of the cache."""
        began_s = time.perf_counter()
        ids = self.index.find(typed, ROWS_MAX)
        rows_began_s = time.perf_counter()
        self.cache.by_ids(ids)
        end_s = time.perf_counter()
        keys.took_s.append(end_s - began_s)
        keys.rows_s.append(end_s - rows_began_s)
        keys.found.append(len(ids))


def _name(luck: random.Random) -> str:
    return f"{luck.choice(FIRST)} {''.join(luck.choices(SYLLABLES, k=luck.randint(2, 4))).title()}"


def _mixed(luck: random.Random, people: Sequence[tuple[str, str]]) -> str:
    """Return two to four beginnings of words of as many people."""
    words = [luck.choice(" ".join(luck.choice(people)).split()) for _ in range(luck.randint(2, 4))]
    return " ".join(word[: luck.randint(1, len(word))] for word in words)


def _keys(name: str) -> Iterator[str]:
    return (name[:end] for end in range(1, len(name) + 1))


def _fill(cache: CustomerCache, people: Sequence[tuple[str, str]]) -> None:
    for first in range(0, len(people), ROWS_A_COMMIT):
        cache.store(
            [
                snapshot(
                    replace(ADA, id=id_, name=name, external_id=key, card_id=CardId(f"{id_:010X}"))
                )
                for id_, (name, key) in enumerate(people[first : first + ROWS_A_COMMIT], first + 1)
            ]
        )
