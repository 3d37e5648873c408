"""Second processes, kills and full disks in, every acknowledged entry out."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.journal.drafts import ADA, charge

from taptill.domain.errors import JournalInUseError
from taptill.journal.file import connect, entries
from taptill.journal.journal import Journal
from taptill.journal.verify import verify

ROOT = Path(__file__).parents[2]
ROUNDS = 3


@contextmanager
def appending(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run a process that appends without end, from its first durable entry on."""
    command = [sys.executable, "-m", "tests.journal.appending", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "open\n"
            yield child
        finally:
            child.kill()


def test_a_killed_till_has_kept_all_that_it_called_saved(path: Path) -> None:
    luck = random.Random(3)
    known_count = 0
    for _ in range(ROUNDS):
        with appending(path) as child:
            assert child.stdout is not None
            printed_seqs = [int(child.stdout.readline()) for _ in range(luck.randint(1, 60))]
            child.kill()
            printed_seqs += [int(line) for line in child.stdout if line.endswith("\n")]
        with closing(connect(path, read_only=True)) as reading:
            kept_entries = {entry.seq for entry in entries(reading)}
            assert set(printed_seqs) <= kept_entries
            assert len(kept_entries) > known_count
            assert verify(reading).sound
            known_count = len(kept_entries)


async def test_after_a_kill_the_journal_opens_and_goes_on(path: Path, clock: FakeClock) -> None:
    with appending(path) as child:
        assert child.stdout is not None
        printed_seq = int(child.stdout.readline())
    journal = Journal(path, clock, min_free_mb=0)
    journal.open({"backend": "here"})
    (entry,) = await journal.append([charge(ADA, 1)])
    assert entry.seq > printed_seq
    assert verify(journal.queries.connection).sound
    journal.close()


def test_a_second_process_is_told_who_holds_the_journal(path: Path, clock: FakeClock) -> None:
    with appending(path) as child, pytest.raises(JournalInUseError) as refusal:
        Journal(path, clock).open({"backend": "here"})
    assert str(refusal.value.fields["holder"]).startswith(f"process {child.pid}, running since 20")


@pytest.mark.slow
def test_a_full_disk_closes_the_till_until_there_is_room_again(path: Path) -> None:
    command = [sys.executable, "-m", "tests.journal.disk.full_disk", str(path)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert result.pop("while full") != ""
    assert result == {"at first": "", "refused": "journal-disk", "after": "", "alive": True}
    with closing(connect(path, read_only=True)) as reading:
        assert [entry.charge_id for entry in entries(reading)][1:] == ["before", "after"]
        assert verify(reading).sound
