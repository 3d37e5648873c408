"""A path and steps in, what was promised out, as JSON; then the process is dead.

The disk fails as in `failing_disk`, and loses what `page_cache.c` calls clean.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.journal.disk.failing_disk import Told, die, fail, mend

from taptill.domain.errors import JournalError
from taptill.journal.file import JournalFile, connect


def steps(path: Path, answers: Told) -> dict[str, Callable[[], object]]:
    """Return what may happen to a journal and its disk; each step may come at any moment."""
    file = JournalFile(path, FakeClock())
    file.make_room()
    file.connection.execute("PRAGMA busy_timeout = 0")  # who reads here does not leave meanwhile
    reading = connect(path, read_only=True)
    number = count(1)

    def sell(groups: int) -> None:
        answers.sell(file, *(f"charge {next(number)}" for _ in range(groups)))

    def read() -> None:
        if not reading.in_transaction:
            reading.execute("BEGIN")
            reading.execute("SELECT max(seq) FROM entries").fetchone()

    return {
        "sell": lambda: sell(1),
        "sell-three": lambda: sell(3),
        "fail": lambda: fail(path.parent),
        "mend": lambda: mend(path.parent),
        "probe": file.probe,
        "checkpoint": file.checkpoint,
        "read": read,
        "leave": reading.rollback,
    }


if __name__ == "__main__":
    said = Told()
    take = steps(Path(sys.argv[1]), said)
    for step in sys.argv[2:]:
        with suppress(JournalError):
            take[step]()
    die(said)
