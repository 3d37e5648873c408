"""A journal of 100,000 entries in; how long its lists and a step of a search take out."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.benchmarks.books.journal import fill
from tests.benchmarks.figures import Bench, Figure, at_most, milliseconds, percentile, timed_s

from taptill.domain.money import Currency
from taptill.domain.sales.past import PAGE_ROWS
from taptill.domain.sales.search import HistorySearch
from taptill.journal.queries import JournalQueries
from taptill.journal.sales.past_sales import STEP_ENTRIES, PastSales

ENTRIES = 100_000
PAGE_MS = 60.0
"""Felt as at once, to the painted page."""

NOWHERE = "no sale has this"
"""Words of a search that no row fits, so that a step looks at all it may look at."""

_PAGE = (
    f"SELECT * FROM entries WHERE kind IN ('charge', 'void') ORDER BY seq DESC LIMIT {PAGE_ROWS}"
)
_STEP = f"SELECT * FROM entries WHERE seq > {ENTRIES - STEP_ENTRIES} ORDER BY seq DESC"


def measure(bench: Bench) -> list[Figure]:
    """Measure a page of the shift, the history's first page, and a step that finds nothing."""
    path = bench.folder / "history.db"
    bench.say(f"writing a journal of {ENTRIES:,} entries")
    fill(path, ENTRIES)
    everything, nowhere = (HistorySearch.of(text, Currency("EUR")) for text in ("", NOWHERE))
    return [
        _figure(bench, path, "a page of the shift's sales", _PAGE, lambda sales: sales.of_shift()),
        _figure(bench, path, "history, first page", _PAGE, lambda sales: sales.find(everything)),
        _figure(
            bench,
            path,
            f"history, a step of {STEP_ENTRIES:,}",
            _STEP,
            lambda sales: sales.find(nowhere),
        ),
    ]


def _figure(
    bench: Bench, path: Path, name: str, floor: str, asked: Callable[[PastSales], object]
) -> Figure:
    with closing(JournalQueries(path)) as queries, closing(sqlite3.connect(path)) as raw:

        def read() -> None:
            for row in raw.execute(floor):
                json.loads(row[5])

        sales = PastSales(queries)
        pairs = [(timed_s(lambda: asked(sales)), timed_s(read)) for _ in bench.rounds(name, 300)]
    samples, thin = (milliseconds(times) for times in zip(*pairs, strict=True))
    return Figure(
        name,
        "ms",
        samples,
        thin=thin,
        goals=(at_most("p95, ms", percentile(samples, 95) or 0.0, PAGE_MS),),
        remark=f"{ENTRIES:,} entries, without painting; thin: as many rows read and decoded",
    )
