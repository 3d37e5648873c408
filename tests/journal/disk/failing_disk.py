"""A path and a way to lose a sale in, what was promised out, as JSON; then the process is dead.

The disk fails while the journal's folder is called `failing`: strace lets no sync pass there, or
`page_cache.c` does not.
"""

import asyncio
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.journal.disk.full_disk import limit_files
from tests.journal.drafts import ADA, BEN, charge

from taptill.domain.entry import Draft
from taptill.domain.errors import JournalError
from taptill.journal.file import JournalFile
from taptill.journal.journal import Journal
from taptill.journal.lock import alone

HERE = {"backend": "here"}
CLOCK = FakeClock()
FAILING = "failing"


class Told:
    """What a cashier was told of each charge, and the words of the refusals."""

    def __init__(self) -> None:
        self.paid: list[str] = []
        self.refused: list[str] = []
        self.words: set[object] = set()

    def sell(self, file: JournalFile, *charges: str) -> None:
        """Sell in one commit, a group for each charge."""
        try:
            file.append([[charge(ADA, 1, charge_id)] for charge_id in charges])
        except JournalError as fault:
            self.refuse(charges, fault)
        else:
            self.paid += charges

    def refuse(self, charges: tuple[str, ...], fault: JournalError) -> None:
        self.refused += charges
        self.words.add(fault.fields["detail"])


def fail(folder: Path) -> None:
    """Begin to fail; all goes on by the name that it was opened by."""
    if not folder.is_symlink():
        folder.rename(folder.with_name(FAILING))
        folder.symlink_to(FAILING)


def mend(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
        folder.with_name(FAILING).rename(folder)


def one_sale(path: Path, answers: Told) -> None:
    file = JournalFile(path, CLOCK)
    answers.sell(file, "before")
    fail(path.parent)
    answers.sell(file, "failed")


def several_groups(path: Path, answers: Told) -> None:
    file = JournalFile(path, CLOCK)
    answers.sell(file, "before", "with it")
    fail(path.parent)
    answers.sell(file, "failed", "failed too", "and this")


def the_first_of_a_log(path: Path, answers: Told) -> None:
    """The log's header is synced before the first frame: that sync fails only afterwards."""
    file = JournalFile(path, CLOCK)
    answers.sell(file, "before")
    file.checkpoint()
    answers.sell(file, "begins the second log")
    file.checkpoint()
    fail(path.parent)
    answers.sell(file, "failed")


def a_command(path: Path, answers: Told) -> None:
    with alone(path, CLOCK) as journal:
        answers.sell(journal.file, "before")
    with alone(path, CLOCK) as journal:
        fail(path.parent)
        try:
            journal.append(charge(ADA, 1, "failed"))
        except JournalError as fault:
            answers.refuse(("failed",), fault)
        die(answers)


def mended(path: Path, answers: Told) -> None:
    file = JournalFile(path, CLOCK)
    answers.sell(file, "before")
    fail(path.parent)
    answers.sell(file, "failed")
    answers.sell(file, "failed again")
    mend(path.parent)
    answers.sell(file, "after")


def no_write_either(path: Path, answers: Told) -> None:
    _no_write_either(path, answers)


def a_write_later(path: Path, answers: Told) -> None:
    file = _no_write_either(path, answers)
    try:
        file.probe()
    except JournalError as fault:
        answers.words.add(fault.fields["detail"])


def _no_write_either(path: Path, answers: Told) -> JournalFile:
    """Lose the medium between the failing sync and what is to be written over."""
    file = JournalFile(path, CLOCK)
    answers.sell(file, "before")
    write_over = file._write_over

    def fail_too() -> None:
        limit_files(1)
        try:
            write_over()
        finally:
            limit_files(resource.RLIM_INFINITY)

    file._write_over = fail_too  # type: ignore[method-assign]
    fail(path.parent)
    answers.sell(file, "failed")
    file._write_over = write_over  # type: ignore[method-assign]
    return file


def a_till(path: Path, answers: Told) -> None:
    asyncio.run(_till(path, answers, leave=False))


def a_till_that_is_left(path: Path, answers: Told) -> None:
    asyncio.run(_till(path, answers, leave=True))


async def _till(path: Path, answers: Told, *, leave: bool) -> None:
    journal = Journal(path, CLOCK, min_free_mb=0)
    journal.open(HERE)

    async def sell(customer: int, name: str) -> None:
        drafts: list[Draft] = [charge(customer, 1, name)]
        try:
            await journal.append(drafts)
            answers.paid.append(name)
        except JournalError as fault:
            answers.refuse((name,), fault)

    await sell(ADA, "before")
    fail(path.parent)
    await asyncio.gather(
        *(sell(customer_id, f"failed {customer_id}") for customer_id in (ADA, BEN, 9))
    )
    if leave:
        journal.close()
    die(answers)


def die(answers: Told) -> None:
    result = {
        "paid": answers.paid,
        "refused": answers.refused,
        "words": sorted(map(str, answers.words)),
    }
    os.write(1, json.dumps(result).encode())
    os.kill(os.getpid(), signal.SIGKILL)


WAYS: dict[str, Callable[[Path, Told], None]] = {
    way.__name__: way
    for way in (
        one_sale,
        several_groups,
        the_first_of_a_log,
        a_command,
        mended,
        no_write_either,
        a_write_later,
        a_till,
        a_till_that_is_left,
    )
}


if __name__ == "__main__":
    said = Told()
    WAYS[sys.argv[2]](Path(sys.argv[1]), said)
    die(said)
