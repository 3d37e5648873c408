"""Prints a table of figures and their floors: `make bench`."""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click
from tests.benchmarks import basket, counter, footprint, reader, start, syncs
from tests.benchmarks.books import history, journal, names, pages, settling, shift
from tests.benchmarks.figures import HEAD, Bench, Figure
from tests.benchmarks.full_sync import rate, taps
from tests.benchmarks.printers import measure as printers
from tests.benchmarks.readers import decoders, idle, learning
from tests.benchmarks.service import measure as service
from tests.benchmarks.stations import measure as stations

Measure = Callable[[Bench], list[Figure]]

MEASURES: Mapping[str, Measure] = {
    "start": start.measure,
    "tap": counter.measure_tap,
    "enter": counter.measure_enter,
    "next": counter.measure_next,
    "printers": printers.measure,
    "basket": basket.measure,
    "pages": pages.measure,
    "stations": stations.measure,
    "journal": journal.measure,
    "settling": settling.measure,
    "shift": shift.measure,
    "history": history.measure,
    "names": names.measure,
    "decision": journal.measure_decision,
    "syncs": syncs.measure,
    "cache": syncs.measure_cache,
    "full sync": rate.measure,
    "taps in a sync": taps.measure,
    "reader": reader.measure,
    "decoders": decoders.measure,
    "idle": idle.measure,
    "learn": learning.measure,
    "footprint": footprint.measure,
    "service": service.measure,
}


@click.command()
@click.option("--only", type=click.Choice(list(MEASURES)), multiple=True, help="Just this one.")
@click.option("--quick", is_flag=True, help="A sixth of the rounds: a look, no measurement.")
@click.option("--json", "path", type=click.Path(path_type=Path), help="Write the figures here.")
def main(only: tuple[str, ...], path: Path | None, *, quick: bool) -> None:
    """Measure the till, each figure next to its floor from the same run."""
    began_s = time.monotonic()
    figures: list[Figure] = []
    for name in only or MEASURES:
        # Beside the packages, not in /tmp: that is often memory, where a sync costs nothing.
        with tempfile.TemporaryDirectory(prefix="bench-", dir=sys.prefix) as folder:
            figures += MEASURES[name](Bench(Path(folder), quick))
    click.echo(f"\n{HEAD}")
    for figure in figures:
        click.echo("\n".join(figure.rows()))
    goals = [goal for figure in figures for goal in figure.goals]
    reached = sum(goal.met for goal in goals)
    took_s = round(time.monotonic() - began_s)
    busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    click.echo(f"\n{reached} of {len(goals)} goals met; took {took_s} s; load {busy}")
    if reached < len(goals):
        click.echo("what a missed goal is made of, and what is noise: docs/performance.md")
    if path:
        path.write_text(json.dumps([figure.as_json() for figure in figures], indent=2) + "\n")


if __name__ == "__main__":
    main()
