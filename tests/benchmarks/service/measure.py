"""Measures the service's requests per second beside those of bare endpoints."""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

import pytest
import sqlalchemy as sa
from tests.benchmarks.figures import Bench, Figure, Goal, at_most, median
from tests.benchmarks.service.load import Exchange, Result, generate_load, request
from tests.fakes.postgres import running_cluster
from tests.fakes.service import ended, listening, running_service

from taptill.service.database import open_database, write_transaction

SIZES = (1_000, 100_000, 1_000_000)
CLIENTS = (1, 8, 32)
ROUND_S = 1.0
FIELDS = dict.fromkeys(
    (
        "id",
        "name",
        "cardId",
        "isBlocked",
        "isCreditAllowed",
        "totalDebt",
        "debtData",
        "updatedAt",
        "version",
    ),
    True,
)
SELECT = "/core/data/Customers/select"
# Cards in no order, and each of ten digits: the multiplier is odd, so that no two are the same.
CARD = "(n.i * 2654435761) % 1099511627776"
FILL = """
INSERT INTO customers (name, card_id, is_blocked, is_credit_allowed, total_debt_minor, debt_data,
  is_default, created_at, updated_at, version)
SELECT 'Customer ' || n.i, {card}, {no}, {no}, 0, '{{"taptill":{{"e":"00000000","t":{{}}}}}}', {no},
  '2026-03-01T12:00:00.000000Z', '2026-03-01T12:00:00.000000Z', 1 FROM {numbers}
"""
NUMBERS = {
    "sqlite": "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many}) "
    "SELECT i FROM n) AS n",
    "postgresql": "generate_series(1, {many}::bigint) AS n(i)",
}
HEX = {
    "sqlite": f"printf('%010X', {CARD})",
    "postgresql": f"upper(lpad(to_hex({CARD}), 10, '0'))",
}


@dataclass
class Pair:
    """The service and the bare endpoints over one database with so many customers."""

    customers: int
    port: int
    bare_port: int
    token: str

    def card(self, number: int) -> str:
        """Return a customer's card."""
        return f"{number * 2654435761 % 2**40:010X}"

    def look_up(self, dice: random.Random) -> Exchange:
        """Find one by card at the service."""
        answer = yield self._asked(dice)
        return answer.startswith(b"HTTP/1.1 200") and b'"cardId"' in answer

    def look_up_bare(self, dice: random.Random) -> Exchange:
        """Find one by card at the bare endpoint."""
        card = self.card(dice.randint(1, self.customers))
        answer = yield request("/select", {"cardId": card})
        return answer.startswith(b"HTTP/1.1 200") and card.encode() in answer

    def sell(self, dice: random.Random) -> Exchange:
        """Find one and write its money under its version; again where somebody was quicker."""
        while True:
            answer = yield self._asked(dice)
            (row,) = json.loads(answer.partition(b"\r\n\r\n")[2])
            filters = [{"field": "version", "comparator": "=", "value": row["version"]}]
            body = {
                "fields": {"totalDebt": row["totalDebt"] + 1, "debtData": row["debtData"]},
                "conditions": {"filters": filters},
                "returning": {"totalDebt": True, "version": True},
            }
            path = f"/core/data/Customers/update/{row['id']}"
            answer = yield request(path, body, self.token)
            if not answer.startswith(b"HTTP/1.1 409"):
                return answer.startswith(b"HTTP/1.1 200")

    def sell_bare(self, dice: random.Random) -> Exchange:
        """Do the same at the bare endpoints."""
        while True:
            answer = yield request(
                "/select", {"cardId": self.card(dice.randint(1, self.customers))}
            )
            (row,) = json.loads(answer.partition(b"\r\n\r\n")[2])
            number, *_, total, debt_data, at, version = row
            body = {"total": total + 100, "debtData": debt_data, "at": at, "id": number}
            answer = yield request("/update", {**body, "version": version})
            if not answer.startswith(b"HTTP/1.1 409"):
                return answer.startswith(b"HTTP/1.1 200")

    def _asked(self, dice: random.Random) -> bytes:
        card = self.card(dice.randint(1, self.customers))
        filters = [{"field": "cardId", "comparator": "=", "value": card}]
        body = {"fields": FIELDS, "conditions": {"filters": filters}, "limit": 2}
        return request(SELECT, body, self.token)


def _fill(place: str, customers: int) -> None:
    engine = open_database(place)
    kind = engine.dialect.name
    words = FILL.format(
        card=HEX[kind],
        numbers=NUMBERS[kind].format(many=customers),
        no="0" if kind == "sqlite" else "false",
    )
    with write_transaction(engine) as connection:
        connection.execute(sa.text(words.replace(":", "\\:")))
        connection.execute(sa.text("ANALYZE"))
    engine.dispose()


@contextmanager
def pair(place: str, customers: int) -> Iterator[Pair]:
    """Run both over a new database; `place` is a path or a URL."""
    with running_service(place, sample=False, is_forked=False) as running:
        _fill(place, customers)
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.service.bare", place],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            ports = [url.rpartition(":")[2] for url in (running.url, listening(child))]
            yield Pair(customers, int(ports[0]), int(ports[1]), running.token)
        finally:
            assert child.stdin is not None
            child.stdin.close()
            ended(child)


Action = Callable[[random.Random], Exchange]


class Compared:
    """Rounds of the service and of the bare endpoints in turn."""

    def __init__(self, port: int, action: Action, bare_port: int, bare_action: Action) -> None:
        self._sides = ((port, action), (bare_port, bare_action))
        self.results: tuple[list[Result], list[Result]] = ([], [])

    def round(self, clients: int, turn: int) -> None:
        """Let both do it for a while."""
        for (port, action), results in zip(self._sides, self.results, strict=True):
            begins = [
                partial(action, random.Random(turn * 100 + client)) for client in range(clients)
            ]
            results.append(generate_load(port, begins, ROUND_S))

    @property
    def rates(self) -> list[float]:
        """Return the service's rates."""
        return [result.rate for result in self.results[0]]

    def figure(self, name: str, unit: str, *goals: Goal) -> Figure:
        """Make the figure, with the goals that all have."""
        rates, floor = ([result.rate for result in results] for results in self.results)
        ratio = (median(rates) or 0) / (median(floor) or 1)
        failures = sum(result.failure_count for result in self.results[0])
        always = (
            Goal("times the bare endpoint's rate", ratio, 0.5, at_least=True),
            at_most("failed", failures, 0),
        )
        return Figure(name, unit, rates, floor, (*always, *goals))


def measure(bench: Bench) -> list[Figure]:
    """Measure both databases; without PostgreSQL say that it was not."""
    figures = _measure("sqlite", bench, lambda size: str(bench.folder / f"{size}.db"))
    try:
        with running_cluster(durable=True) as cluster:
            figures += _measure("postgresql", bench, lambda _: cluster.new_database())
    except pytest.skip.Exception as missing:
        figures.append(Figure("service on PostgreSQL", "/s", (), remark=f"not measured: {missing}"))
    return figures


def _measure(kind: str, bench: Bench, place: Callable[[int], str]) -> list[Figure]:
    figures: list[Figure] = []
    with ExitStack() as stack:
        bench.say(f"{kind}: filling databases of {', '.join(f'{size:,}' for size in SIZES)}")
        pairs = [stack.enter_context(pair(place(size), size)) for size in SIZES]
        comparisons = [
            Compared(size_pair.port, size_pair.look_up, size_pair.bare_port, size_pair.look_up_bare)
            for size_pair in pairs
        ]
        for turn in bench.rounds(f"{kind}, select by card", 12):
            for comparison in comparisons:
                comparison.round(1, turn)
        small = median(comparisons[0].rates) or 0
        for size, comparison in zip(SIZES, comparisons, strict=True):
            flat = at_most(
                "times slower than with 1,000", small / (median(comparison.rates) or 1), 1.5
            )
            figures.append(comparison.figure(f"{kind}: select by card, {size:,}", "/s", flat))
        size_pair = pairs[1]
        for clients in CLIENTS:
            comparison = Compared(
                size_pair.port, size_pair.sell, size_pair.bare_port, size_pair.sell_bare
            )
            for turn in bench.rounds(f"{kind}, sales of {clients} clients", 8):
                comparison.round(clients, turn)
            figures.append(comparison.figure(f"{kind}: sales, {clients} clients", "/s"))
    return figures
