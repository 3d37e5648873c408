"""A program that writes a journal under load, with checkpoints, and then dies.

Standard output gets a line `FIRST LAST` for each group of entries, once the journal calls it
durable. With a second word the journal commits with that `synchronous` instead of FULL.
"""

import asyncio
import os
import sys
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.fakes.until import until
from tests.journal.drafts import attempt, charge, declined, office_moved, receipt

from taptill.domain.entry import Draft, Entry
from taptill.domain.mark import Mark
from taptill.journal.journal import CHECKPOINT_COMMITS, Journal

HERE = {"backend": "here"}
CUSTOMERS = (1, 2, 3)


async def write(path: Path, synchronous: str) -> None:
    """Append until a checkpoint is due, and on into the log that begins anew; reopen; append."""
    one_page = 4096
    for commits in (CHECKPOINT_COMMITS, 12):
        journal = Journal(path, FakeClock(), min_free_mb=0)
        journal.open(HERE)
        if synchronous:
            await Load(journal).play(1)  # the writer has made ready: no transaction is under way
            journal._file.connection.execute(f"PRAGMA synchronous = {synchronous}")
        await Load(journal).play(commits)
        if commits == CHECKPOINT_COMMITS:
            await until(lambda: size(path) > one_page)
            await Load(journal).play(20)
            journal.close()


def size(path: Path) -> int:
    return path.stat().st_size


class Load:
    """Sales of several customers at once, declines, and the entries of settlement."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._marks: dict[int, Mark] = {}

    async def play(self, rounds: int) -> None:
        """Append in at least so many commits."""
        for number in range(rounds):
            customer = CUSTOMERS[number % len(CUSTOMERS)]
            mark = self._marks.get(customer)
            if number % 4 == 0:
                await asyncio.gather(*(self._sell(customer) for customer in CUSTOMERS))
            elif number % 4 == 1 or mark is None:
                await self._append(declined())
            elif number % 4 == 2:
                await self._append(attempt(customer, mark))
            else:
                await self._append(receipt(customer, mark), office_moved(customer, "0"))

    async def _sell(self, customer: int) -> None:
        await self._append(charge(customer, 320))
        position = self._journal.position(customer)
        assert position
        assert position.last
        self._marks[customer] = position.last

    async def _append(self, *drafts: Draft) -> list[Entry]:
        entries = await self._journal.append(drafts)
        os.write(1, f"{entries[0].seq} {entries[-1].seq}\n".encode())
        return entries


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), (*sys.argv, "")[2]))
    os._exit(0)
