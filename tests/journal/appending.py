"""A path in, a line for each entry that the journal calls durable out, until it is killed."""

import asyncio
import os
import sys
from itertools import count
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.journal.drafts import ADA, charge

from taptill.journal.journal import Journal


async def append_without_end(path: Path) -> None:
    journal = Journal(path, FakeClock(), min_free_mb=0)
    journal.open({"backend": "here"})
    say("open")

    async def sell(till: int) -> None:
        for number in count():
            (entry,) = await journal.append([charge(ADA, 1, f"{os.getpid()}-{till}-{number}")])
            say(entry.seq)

    async with asyncio.TaskGroup() as group:
        for till in range(3):
            group.create_task(sell(till))


def say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(append_without_end(Path(sys.argv[1])))
