"""The shifts of a running till: opened, looked at and closed while it sells."""

import asyncio
import platform
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import time
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.journal.drafts import charge

from taptill.clock import SystemClock, named_zone
from taptill.domain.errors import ShiftError
from taptill.domain.money import Currency, Money
from taptill.domain.reports.shift_report import Closing
from taptill.domain.sales.search import HistorySearch
from taptill.domain.staff.pins import hash_pin
from taptill.journal.back_office.shift_book import JournalShiftBook
from taptill.journal.journal import Journal
from taptill.wiring.late_books import late_sales_book, late_shift_book, site_days
from taptill.wiring.opening import OpenJournal

IDENTITY = {"backend": "b", "strategy": "debt", "money": "EUR", "machine": "m", "till": "bar"}


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = Journal(tmp_path / "journal.db", FakeClock())
    opened.open(IDENTITY)
    yield opened
    opened.close()


def book_of(journal: Journal) -> JournalShiftBook:
    days = site_days(time(4), "Europe/Berlin")
    return JournalShiftBook(journal, FakeClock(), days, named_zone)


async def test_a_shift_is_opened_looked_at_and_closed(journal: Journal) -> None:
    book = book_of(journal)
    await book.open(Money(5000), "Jo")
    await journal.append([charge(7, 320, "one")])
    x = await book.running()
    assert (x.till, x.zone, x.is_closed, x.figures.total.sales) == (
        "bar",
        "Europe/Berlin",
        False,
        1,
    )
    z = await book.close(Closing(counted=Money(5000), staff="Sam"))
    assert (z.shift.number, z.cash.difference_minor, z.closed_by) == (1, 0, "Sam")
    assert await book.closed(5) == [z]
    await book.close(Closing())
    assert [report.shift.number for report in await book.closed(1)] == [2]


async def test_a_shift_is_opened_once(journal: Journal) -> None:
    book = book_of(journal)
    await book.open(None, None)
    with pytest.raises(ShiftError, match="shift 1 was opened already"):
        await book.open(Money(1), "Jo")
    await book.close(Closing())
    await book.open(Money(1), "Jo")


async def test_two_closes_at_once_are_two_shifts(journal: Journal) -> None:
    book = book_of(journal)
    zs = await asyncio.gather(*(book.close(Closing()) for _ in range(3)))
    assert [z.shift.number for z in zs] == [1, 2, 3]


async def test_a_close_by_somebody_else_meanwhile_is_said(journal: Journal) -> None:
    """The journal refuses the second one, whichever it is."""
    answers = await asyncio.gather(
        *(book_of(journal).close(Closing()) for _ in range(4)), return_exceptions=True
    )
    failed = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(answer, ShiftError) for answer in failed)
    numbers = [z.shift.number for z in await book_of(journal).closed(9)]
    assert numbers == [*range(len(answers) - len(failed), 0, -1)]


async def test_the_till_sells_on_while_a_shift_is_closed(journal: Journal) -> None:
    """Each sale is in one shift, none in two."""
    book, sold = book_of(journal), 0
    for number in range(400):
        await journal.append([charge(7, 10, f"before {number}")])

    over = asyncio.Event()

    async def sell() -> None:
        nonlocal sold
        while not over.is_set():
            await journal.append([charge(8, 1, f"meanwhile {sold}")])
            sold += 1

    async with asyncio.TaskGroup() as group:
        group.create_task(sell())
        zs = [await book.close(Closing()) for _ in range(3)]
        over.set()
    zs.append(await book.close(Closing()))
    total = sum(z.figures.total.gross_minor for z in zs)
    written = journal.queries.connection.execute("SELECT sum(amount_minor) FROM entries")
    assert total == written.fetchone()[0] == 4000 + sold
    assert sold > 0


async def test_the_till_opens_and_closes_shifts_by_a_book_that_is_built_late(
    journal: Journal,
) -> None:
    clock = SystemClock()
    made = late_shift_book(OpenJournal(journal, clock), time(4), "Europe/Berlin")
    book = made()
    assert made() is book  # one opening or closing at a time
    await book.open(Money(100), "Jo")
    assert (await book.running()).cash.opening_minor == 100
    with pytest.raises(ShiftError):
        await book.open(None, None)
    z = await book.close(Closing(counted=Money(90)))
    assert (z.cash.difference_minor, z.zone) == (-10, "Europe/Berlin")
    assert await book.closed(1) == [z]


LATE = """
import asyncio, sys
import taptill.wiring.runtime
from taptill.wiring.late_books import import_late
first = set(sys.modules)
asyncio.run(import_late(0.0))
late = set(sys.modules) - first
import taptill.checkout.pages.opening, taptill.journal.sales.past_sales
import taptill.journal.back_office.shift_book
print(*sorted(name for name in first if name.startswith("taptill")))
print(*sorted(set(sys.modules) - first - late))
"""


def test_a_start_imports_no_pages_and_later_all_of_them() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", LATE], capture_output=True, text=True, check=True, timeout=60
    )
    first, never = answer.stdout.splitlines()
    pages = [name for name in first.split() if name.startswith("taptill.checkout.pages.")]
    assert pages == ["taptill.checkout.pages.page", "taptill.checkout.pages.runner"]
    reports = ("taptill.domain.reports", "taptill.domain.conflicts", "taptill.journal.back_office")
    assert not [name for name in first.split() if name.startswith(reports)]
    assert never == ""


CHECKS = """
import asyncio, sys
from taptill.wiring.late_books import pin_matches_in_thread

def memory_mb():
    return int(open("/proc/self/statm").read().split()[1]) / 256

async def check():
    before_mb = memory_mb()
    for _ in range(5):
        assert await pin_matches_in_thread("2580", sys.argv[1])
    print(memory_mb() - before_mb)

asyncio.run(check())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries do as they do")
def test_the_memory_of_a_pins_check_is_given_back() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", CHECKS, hash_pin("2580")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert float(answer.stdout) < 2.0  # 4 where it is kept


async def test_past_sales_are_read_by_a_book_that_is_built_late(journal: Journal) -> None:
    (sale,) = await journal.append([charge(7, 320, "one")])
    book = late_sales_book(journal.queries)
    assert [one.charge for one in book.of_shift().sales] == [sale]
    assert book.is_of_shift(sale.seq)
    found = book.sale("one")
    assert found is not None
    assert found.left.amount == Money(320)
    page = book.find(HistorySearch.of("", Currency("EUR")))
    assert [row.entry for row in page.rows] == [sale]


def test_a_zone_that_this_machine_has_not_is_the_machines() -> None:
    assert site_days(time(), "Nowhere/At_all").zone == ""
    assert site_days(time(), "").business_days.zone is None
