"""Measures the service's requests per second beside those of two kinds of bare endpoints."""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

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
THIN_PARTS = {"sqlite": (0.6, 0.55), "postgresql": (0.75, 0.75)}
"""Which part of the thin endpoint's rate is wanted, of look-ups and of sales."""
ALONE = (
    "waits for three answers (begin and lock; update and ledger; commit), the thin one for one: "
    "the rest would take libpq's pipeline"
)
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
class Servers:
    """The service and both kinds of bare endpoints over one database with so many customers."""

    customers: int
    port: int
    own_port: int
    thin_port: int
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
        if kind == "postgresql":
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        connection.execute(sa.text(words.replace(":", "\\:")))
        connection.execute(sa.text("ANALYZE"))
    engine.dispose()


@contextmanager
def servers(place: str, customers: int) -> Iterator[Servers]:
    """Run all three over a new database; `place` is a path or a URL."""
    with (
        running_service(place, sample=False, is_forked=False) as running,
        ExitStack() as stack,
    ):
        _fill(place, customers)
        own, thin = (stack.enter_context(_bare(place, kind)) for kind in ("own", "thin"))
        port = int(running.url.rpartition(":")[2])
        yield Servers(customers, port, own_port=own, thin_port=thin, token=running.token)


@contextmanager
def _bare(place: str, kind: str) -> Iterator[int]:
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.service.bare", place, kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield int(listening(child).rpartition(":")[2])
    finally:
        assert child.stdin is not None
        child.stdin.close()
        ended(child)


Action = Callable[[random.Random], Exchange]


class Compared:
    """Rounds of the service and of both kinds of bare endpoints in turn."""

    def __init__(self, running: Servers, action: Action, bare_action: Action) -> None:
        bare_ports = (running.own_port, running.thin_port)
        self._sides = ((running.port, action), *((port, bare_action) for port in bare_ports))
        self.results: tuple[list[Result], ...] = ([], [], [])

    def round(self, clients: int, turn: int) -> None:
        """Let all do it for a while."""
        for (port, action), results in zip(self._sides, self.results, strict=True):
            begins = [
                partial(action, random.Random(turn * 100 + client)) for client in range(clients)
            ]
            results.append(generate_load(port, begins, ROUND_S))

    @property
    def rates(self) -> list[float]:
        """Return the service's rates."""
        return [result.rate for result in self.results[0]]

    def figure(self, name: str, thin_part: float, *goals: Goal, remark: str = "") -> Figure:
        """Make the figure, with the goals that all have; of the thin rate this part is wanted."""
        rates, own, thin = ([result.rate for result in results] for results in self.results)
        rate, own_rate, thin_rate = (median(samples) or 1 for samples in (rates, own, thin))
        failures = sum(result.failure_count for result in self.results[0])
        always = (
            Goal("times the bare endpoint's rate", rate / own_rate, 0.5, at_least=True),
            Goal("times the thin endpoint's rate", rate / thin_rate, thin_part, at_least=True),
            at_most("failed", failures, 0),
        )
        return Figure(
            name, "/s", samples=rates, floor=own, goals=(*always, *goals), remark=remark, thin=thin
        )


def measure(bench: Bench) -> list[Figure]:
    """Measure both databases; say so where what that needs is not installed."""
    if find_spec("httptools") is None or find_spec("uvloop") is None:
        return [
            Figure("service", "/s", (), remark="not measured: make fast installs what it needs")
        ]
    figures = _measure("sqlite", bench, lambda size: str(bench.folder / f"{size}.db"))
    try:
        with running_cluster(durable=True) as cluster:
            figures += _measure("postgresql", bench, lambda _: cluster.new_database())
    except pytest.skip.Exception as missing:
        figures.append(Figure("service on PostgreSQL", "/s", (), remark=f"not measured: {missing}"))
    return figures


def _measure(kind: str, bench: Bench, place: Callable[[int], str]) -> list[Figure]:
    with ExitStack() as stack:
        bench.say(f"{kind}: filling databases of {', '.join(f'{size:,}' for size in SIZES)}")
        running = [stack.enter_context(servers(place(size), size)) for size in SIZES]
        return [*_by_size(kind, bench, running), *_by_clients(kind, bench, running[1])]


def _by_size(kind: str, bench: Bench, running: Sequence[Servers]) -> list[Figure]:
    """Measure look-ups of one client in databases of all sizes."""
    comparisons = [Compared(one, one.look_up, one.look_up_bare) for one in running]
    for turn in bench.rounds(f"{kind}, select by card", 12):
        for comparison in comparisons:
            comparison.round(1, turn)
    small = median(comparisons[0].rates) or 0
    figures: list[Figure] = []
    for size, comparison in zip(SIZES, comparisons, strict=True):
        flat = at_most("times slower than with 1,000", small / (median(comparison.rates) or 1), 1.5)
        name = f"{kind}: select by card, {size:,}"
        figures.append(comparison.figure(name, THIN_PARTS[kind][0], flat))
    return figures


def _by_clients(kind: str, bench: Bench, running: Servers) -> list[Figure]:
    """Measure look-ups and sales of several clients; look-ups of one were measured by size."""
    figures: list[Figure] = []
    look_up, sale = THIN_PARTS[kind]
    actions = (
        ("select by card", running.look_up, running.look_up_bare, look_up, CLIENTS[1:]),
        ("sales", running.sell, running.sell_bare, sale, CLIENTS),
    )
    for act, action, bare_action, part, numbers in actions:
        for clients in numbers:
            comparison = Compared(running, action, bare_action)
            name = f"{kind}: {act}, {clients} clients"
            for turn in bench.rounds(name, 8):
                comparison.round(clients, turn)
            is_alone = (kind, act, clients) == ("postgresql", "sales", 1)
            figures.append(comparison.figure(name, part, remark=ALONE if is_alone else ""))
    return figures
