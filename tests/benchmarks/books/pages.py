"""Measures the seconds from a key to a painted page of a till with 100,000 entries."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import time as wall_time

from tests.benchmarks.basket import GOODS, STAFF
from tests.benchmarks.books.history import ENTRIES, PAGE_MS
from tests.benchmarks.books.journal import fill
from tests.benchmarks.counter import FEW, SETTLED_S, bare
from tests.benchmarks.figures import Bench, Figure, at_most, median, milliseconds, percentile
from tests.benchmarks.footprint import busy_s, resident_mb
from tests.benchmarks.terminal import DrivenTerminal
from tests.benchmarks.tills import TillFolder, log_in, till_folder

from taptill.clock import SystemClock
from taptill.config import load
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.reports.shift_report import Closing, closed
from taptill.journal.back_office.shifts import closing_draft, running_report
from taptill.journal.file import JournalFile
from taptill.journal.queries import JournalQueries
from taptill.wiring.late_books import site_days
from taptill.wiring.opening import identity

SHIFT_SALES, LISTED = 300, 200
"""Sales of the running shift, and how many the list of F8 has of them."""

MEMORY_MB = 64
ESC_S = 0.1
"""A lone Esc is one after 50 ms."""

F2, F8, F10 = "\x1b[12~", "\x1b[19~", "\x1b[21~"


@dataclass(frozen=True)
class MeasuredPage:
    """A page: the key that is measured, and what it paints first and last.

    `way` is the key before it and what that paints, where there is one. `is_lock`: it is left by a
    log-in, every other one by Esc.
    """

    name: str
    key: str
    painted: tuple[str, str]
    way: tuple[str, str] | None = None
    is_lock: bool = False


Opened = tuple[float, float]
"""Seconds from the key to all of a page, and how many of them the till has computed."""

MENU = (F10, "A number, or")
PAGES = (
    MeasuredPage(
        f"F8, {LISTED} sales", F8, (f"of {LISTED}", "Which sale is"), way=(F8, "1 wrong amount")
    ),
    MeasuredPage("F10, menu", F10, ("more than selling", "A number, or")),
    MeasuredPage(f"X of {SHIFT_SALES} sales", "1", ("still running", "Only to read"), MENU),
    MeasuredPage("cash at the close", "3", ("the shift ends", "Count the drawer"), MENU),
    MeasuredPage("earlier closes", "4", ("earlier closes", "choose, Enter"), MENU),
    MeasuredPage(f"history of {ENTRIES:,}", "5", (f"{LISTED} found", "Type an amount"), MENU),
    MeasuredPage("log-in, 20 names", F2, ("who works here?", "Choose your name"), is_lock=True),
)


def measure(bench: Bench) -> list[Figure]:
    """Measure each page beside one repaint of the thin program, and the memory after them."""
    opened: dict[str, list[Opened]] = {page.name: [] for page in PAGES}
    repaints: list[float] = []
    bench.say(f"writing a journal of {ENTRIES:,} entries")
    with ExitStack() as stack:
        folder = till_folder(bench.folder / "pages", FEW, goods=GOODS, staff=STAFF)
        terminal = stack.enter_context(_with_past(stack.enter_context(folder)))
        thin = stack.enter_context(bare(bench.folder, "thin"))
        for _ in bench.rounds("pages", 60):
            repaints.append(thin.ring_up())
            for page in PAGES:
                opened[page.name].append(_open(terminal, page))
        memory_mb = resident_mb(terminal)
    thin_ms = milliseconds(repaints)
    figures = [_figure(name, samples, thin_ms) for name, samples in opened.items()]
    goal = at_most("MB", memory_mb, MEMORY_MB)
    return [*figures, Figure("memory after all pages", "MB", [memory_mb], goals=(goal,))]


def _figure(name: str, opened: Sequence[Opened], thin: Sequence[float]) -> Figure:
    samples, busy = (milliseconds(column) for column in zip(*opened, strict=True))
    remark = f"{median(busy):.0f} ms of them computed; the first time {samples[0]:.0f} ms"
    return Figure(
        f"page: {name}",
        "ms",
        samples,
        thin=thin,
        goals=(at_most("p95, ms", percentile(samples, 95), PAGE_MS),),
        remark=f"{remark}; thin: one repaint of a thin program",
    )


def _open(terminal: DrivenTerminal, page: MeasuredPage) -> Opened:
    """Open a page from the sale and go back."""
    if page.way:
        terminal.type(page.way[0], page.way[1].encode())
    terminal.settle()
    busy_before_s = busy_s(terminal)
    began_s = terminal.press(page.key)
    painted_s = max(terminal.drawn_at_s(text.encode()) for text in page.painted)
    computed_s = busy_s(terminal) - busy_before_s
    if page.is_lock:
        log_in(terminal)
    for _ in range(0 if page.is_lock else 2 if page.way == MENU else 1):
        terminal.press("\x1b")
        terminal.settle(ESC_S)
    return painted_s - began_s, computed_s


@contextmanager
def _with_past(folder: TillFolder) -> Iterator[DrivenTerminal]:
    """Run a till whose journal has so many entries, of which the last sales are this shift's."""
    path, clock = folder.state / "journal.db", SystemClock()
    fill(path, ENTRIES - SHIFT_SALES)
    config = load(folder.folder / "config.toml")
    with closing(JournalFile(path, clock)) as file:
        body = {"journal_id": "bench001", **identity(config)}
        file.append([[Draft(EntryKind.OPENED, body=body)]])
        with closing(JournalQueries(path)) as queries:
            report = running_report(queries, site_days(wall_time(), ""), clock.now())
        file.append([[closing_draft(closed(report, Closing(), clock.now()))]])
        file.append([[_sale(number) for number in range(SHIFT_SALES)]])
    with folder.running() as terminal:
        terminal.settle(SETTLED_S)
        yield terminal


def _sale(number: int) -> Draft:
    lines = [["Good 1", 35, 2], ["Good 2", 35, 1]]
    body = {"lines": lines, "currency": "EUR", "initials": "G. B.", "offline": False}
    staff = f"Person {number % STAFF}"
    return Draft(EntryKind.CHARGE, 1 + number % FEW, 105, body, charge_id=f"s{number}", staff=staff)
