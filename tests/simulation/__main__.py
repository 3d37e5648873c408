"""Seeds in, days lived and counted out, or the shortest bad day in words: `make simulate`."""

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import click
from tests.simulation.checks import PromiseError
from tests.simulation.plan import DayCounts, Lot, live_lot
from tests.simulation.small.explorer import explore
from tests.simulation.small.values import WIDE_BOUNDS, WIDEST_BOUNDS, Bound

LOT = 250
"""Seeds that a process takes at a time."""


@click.command()
@click.option("--seeds", default=2000, show_default=True, help="How many days.")
@click.option("--first", default=0, show_default=True, help="The first seed.")
@click.option("--jobs", default=1, show_default=True, help="Processes side by side.")
@click.option(
    "--small-world",
    type=click.Choice(["none", "wide", "widest"]),
    default="none",
    show_default=True,
    help="Visit every state of small worlds, too.",
)
@click.option("--seed", type=int, help="Live this one day again, and no other.")
def main(seeds: int, first: int, jobs: int, small_world: str, seed: int | None) -> None:
    """Let tills, office and a bad network live through seeded days; 1 where the promise breaks."""
    if seed is not None:
        seeds, first, jobs = 1, seed, 1
    began_s = time.monotonic()
    tally = DayCounts()
    lots = [(start, min(start + LOT, first + seeds)) for start in range(first, first + seeds, LOT)]
    for counted_sum, broken in _lived(lots, jobs):
        tally.merge(counted_sum)
        if broken:
            raise click.ClickException(broken)
        took_s = time.monotonic() - began_s
        click.echo(f"{tally.days} of {seeds} days, {took_s:.0f} s", err=True)
    click.echo("\n".join(tally.lines()))
    for name, limits in _bounds(small_world).items():
        try:
            click.echo(f"{name}: {explore(limits)}")
        except PromiseError as broken:
            raise click.ClickException(f"{name}: {broken}") from broken


def _bounds(small_world: str) -> dict[str, Bound]:
    wide = WIDE_BOUNDS if small_world != "none" else {}
    return {**wide, **(WIDEST_BOUNDS if small_world == "widest" else {})}


def _lived(lots: list[tuple[int, int]], jobs: int) -> Iterator[Lot]:
    if jobs == 1:
        yield from map(live_lot, lots)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(live_lot, lots)


if __name__ == "__main__":
    main()
