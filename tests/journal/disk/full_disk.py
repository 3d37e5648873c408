"""A path in, how the journal fares while its disk takes no more and afterwards out, as JSON."""

import asyncio
import json
import resource
import sys
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.fakes.until import until
from tests.journal.drafts import ADA, charge

from taptill.domain.errors import JournalError
from taptill.journal.journal import Journal


async def fill(path: Path) -> dict[str, object]:
    journal = Journal(path, FakeClock(), min_free_mb=0)
    journal.open({"backend": "here"})
    await journal.append([charge(ADA, 1, "before")])
    result: dict[str, object] = {"at first": journal.closed_by()}
    limit_files(1)
    try:
        await journal.append([charge(ADA, 2, "while full")])
    except JournalError as fault:
        result["refused"] = fault.code
    result["while full"] = journal.closed_by()
    limit_files(resource.RLIM_INFINITY)
    await until(lambda: not journal.closed_by())
    await journal.append([charge(ADA, 3, "after")])
    result["after"] = journal.closed_by()
    result["alive"] = journal.alive()
    journal.close()
    return result


def limit_files(size: int) -> None:
    """Let nothing be written beyond this: the kernel answers as a full disk does."""
    _, hard_limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard_limit))


if __name__ == "__main__":
    json.dump(asyncio.run(fill(Path(sys.argv[1]))), sys.stdout)
