"""Fills a cache from pages, as the till does it or bare, and prints seconds and megabytes.

`ours URL DB SIZE` syncs from a server; `bare FILE DB` is `json.loads` and `executemany` alone, of
the same pages into the same table with the same indexes.
"""

import asyncio
import json
import re
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from taptill.customer_cache.schema import CUSTOMERS, open_file

FIELDS = frozenset({"name", "company"})


def ours(url: str, path: str, size: str) -> Callable[[], object]:
    """Make a sync through the client into the cache, as the till does it."""
    from taptill.backend.customers import CustomersApi  # noqa: PLC0415 - the bare run goes without
    from taptill.backend.rows import MoneyFormat  # noqa: PLC0415 - as above
    from taptill.backend.select import Dialect  # noqa: PLC0415 - as above
    from taptill.backend.transport import ConnectionSettings, Transport  # noqa: PLC0415 - as above
    from taptill.clock import SystemClock  # noqa: PLC0415 - as above
    from taptill.customer_cache.cache import CustomerCache  # noqa: PLC0415 - as above
    from taptill.domain.customer import Snapshot  # noqa: PLC0415 - as above
    from taptill.lookup.backend_health import BackendHealth  # noqa: PLC0415 - as above
    from taptill.lookup.sync import Sync, SyncPolicy  # noqa: PLC0415 - as above

    clock = SystemClock()
    cache = CustomerCache(Path(path), clock, FIELDS)

    async def sighted(_: Sequence[Snapshot]) -> None:
        """Settle nothing."""

    async def work() -> None:
        transport = Transport(ConnectionSettings(url), clock.heard)
        dialect = Dialect("/core/data", MoneyFormat(2))
        api = CustomersApi(transport, dialect, BackendHealth(clock))
        policy = SyncPolicy(int(size), sync_s=60, full_sync_s=86_400)
        await Sync(api, cache, clock, policy, on_snapshots=sighted).sync_once()
        await api.close()
        cache.close()

    return lambda: asyncio.run(work())


def bare(pages: str, path: str) -> Callable[[], object]:
    """Make what a script of ten lines would do."""
    connection = open_file(Path(path))
    places = ", ".join("?" * len(CUSTOMERS))
    insert = f"INSERT OR REPLACE INTO customers VALUES ({places})"

    def work() -> None:
        with Path(pages).open("rb") as file:
            for line in file:
                with connection:
                    connection.execute("BEGIN")
                    connection.executemany(insert, _rows(json.loads(line)))
        _close(connection)

    return work


def _rows(page: list[dict[str, Any]]) -> Iterator[tuple[object, ...]]:
    for row in page:
        yield (
            row["id"],
            row["cardId"],
            row["name"],
            row["company"]["name"],
            row["isBlocked"],
            row["isCreditAllowed"],
            row["default"],
            row["externalId"],
            str(row["totalDebt"]),
            row["updatedAt"],
            row["id"],
            None,
            json.dumps(row["debtData"]),
            0,
            "boot",
            1,
            "",
            0,
        )


def _close(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _status_mb(name: str) -> float:
    """Read VmRSS (now) or VmHWM (the most so far; rusage would count the parent's before exec)."""
    status = Path("/proc/self/status").read_text("ascii")
    match = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
    assert match is not None
    return int(match[1]) / 1e3


if __name__ == "__main__":
    how, *words = sys.argv[1:]
    run = ours(*words) if how == "ours" else bare(*words)
    before_mb, began_s, cpu_s = _status_mb("VmRSS"), time.perf_counter(), time.process_time()
    run()
    print(  # noqa: T201 - the answer to who started this
        json.dumps(
            {
                "took_s": time.perf_counter() - began_s,
                "cpu_s": time.process_time() - cpu_s,
                "before_mb": before_mb,
                "most_mb": _status_mb("VmHWM"),
            }
        )
    )
