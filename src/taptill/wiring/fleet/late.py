"""The figures of a running till, imported when they are asked for first, not for the start."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from taptill.checkout.technical.sale_times import SaleTimes
from taptill.wiring.card_readers import CardReaders
from taptill.wiring.status import Status

if TYPE_CHECKING:
    from taptill.wiring.fleet.figures import FiguresSource
    from taptill.wiring.fleet.outputs import FleetOutputs
    from taptill.wiring.fleet.runs import Runs

REPORT_AFTER_S = 3.0
"""So long after the start nothing is written: the first taps come first."""


def late_figures(
    status: Status, readers: CardReaders, times: Callable[[], SaleTimes], runs: "Runs"
) -> "Callable[[], FiguresSource]":
    """Return what makes the source of the figures when it is called first, and that one always."""

    @cache
    def source() -> "FiguresSource":
        from taptill.wiring.fleet.figures import FiguresSource  # noqa: PLC0415 - late

        return FiguresSource(status, readers, times(), runs)

    return source


def late_reporter(
    source: "Callable[[], FiguresSource]", outputs: "FleetOutputs", status: Status, cache_file: Path
) -> Callable[[], Awaitable[None]]:
    """Return what reports the figures until it is cancelled, from a moment after the start on."""

    async def run() -> None:
        await asyncio.sleep(REPORT_AFTER_S)
        from taptill.customer_cache.contents import customer_count  # noqa: PLC0415 - late
        from taptill.wiring.fleet.reporter import Reporter  # noqa: PLC0415

        reporter = Reporter(source(), outputs, status.clock, partial(customer_count, cache_file))
        await reporter.run()

    return run
