"""Power cuts while a year is closed: the journal's name always stands for a whole journal."""

import os
import random
import shutil
import sys
from contextlib import closing
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.journal.drafts import ADA, BEN, attempt, charge, receipt
from tests.soak.disk import Disk, dropped, kept
from tests.soak.power import POWER_CUTS, ways
from tests.soak.recorder import PrintedLine, record

from taptill.domain.entry import Draft, EntryKind
from taptill.domain.mark import HASH_DIGITS, Mark
from taptill.journal.back_office.close_year import close_year
from taptill.journal.file import JournalFile
from taptill.journal.lock import alone
from taptill.journal.queries import JournalQueries, archive_of, follows
from taptill.journal.verify import verify

pytestmark = POWER_CUTS

SEED = 1
LATE_S = 120
CLOSING, CLOSED = "closing\n", "closed\n"
HERE = {"journal_id": "aaaa0001", "backend": "here", "strategy": "debt"}


def write(path: Path) -> None:
    """Sell and settle, then close the year, and say when it begins and when it is done."""
    clock = FakeClock()
    with alone(path, clock) as journal:
        journal.append(Draft(EntryKind.OPENED, body=HERE))
        total = {ADA: 0, BEN: 0}
        for number in range(40):
            customer = (ADA, BEN)[number % 2]
            (entry,) = journal.append(charge(customer, 5))
            total[customer] += 5
            mark = Mark(entry.seq, total[customer], entry.hash[:HASH_DIGITS])
            journal.append(attempt(customer, mark), receipt(customer, mark))
    clock.pass_time(LATE_S + 1)
    os.write(1, CLOSING.encode())
    close_year(path, clock, LATE_S)
    os.write(1, CLOSED.encode())


def test_whenever_the_power_goes_all_entries_are_there_and_the_year_can_be_closed(
    tmp_path: Path,
) -> None:
    folder, cut_to = tmp_path / "record", tmp_path / "cut"
    folder.mkdir()
    path = folder / "journal.db"
    words = [sys.executable, "-m", "tests.soak.test_year", str(path)]
    steps = record(words, folder, tmp_path / "strace")
    with closing(JournalQueries(folder / "journal-from-1.db")) as archive:
        count = verify(archive.connection).entries - 1  # but the one that ends it
    disk, dice, output, stages = Disk(), random.Random(SEED), "", set[str]()
    for number, step in enumerate(steps):
        if isinstance(step, PrintedLine):
            output = step.words
            continue
        disk.take(step)
        if output:
            for remains, cut in ways(disk, dice):
                stage = after_cut(cut_to, remains, count, is_done=output == CLOSED)
                assert stage in ("before", "after"), f"operation {number}, {cut}: {stage}"
                stages.add(stage)
    assert stages == {"before", "after"}
    assert output == CLOSED
    left = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".db-shm"}
    assert disk.after_cut(kept, lambda: True) == left, "the recorder has missed something"
    sure = disk.after_cut(dropped, lambda: False)
    assert after_cut(cut_to, sure, count, is_done=True) == "after"


def after_cut(folder: Path, remains: dict[str, bytes], count: int, *, is_done: bool) -> str:
    """Say whether a cut left the journal as before or as after; in words what is wrong else."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in remains.items():
        (folder / name).write_bytes(content)
    path, clock = folder / "journal.db", FakeClock()
    clock.pass_time(LATE_S + 1)
    with closing(JournalFile(path, clock)) as file:
        verification = verify(file.connection)
    if not verification.sound:
        return f"not sound: {verification.detail}"
    if verification.first_seq == 1:
        if is_done or verification.entries != count:
            return f"{verification.entries} of {count} entries, done: {is_done}"
        close_year(path, clock, LATE_S)
    with (
        closing(JournalQueries(path)) as queries,
        closing(JournalQueries(archive_of(queries) or Path())) as archive,
    ):
        archive_check = verify(archive.connection)
        is_whole = (
            archive_check.sound and archive_check.entries == count + 1 and follows(queries, archive)
        )
    if not is_whole:
        return "the archive is not whole"
    return "before" if verification.first_seq == 1 else "after"


if __name__ == "__main__":
    write(Path(sys.argv[1]))
