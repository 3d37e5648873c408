"""Journals that were damaged, moved or taken away in, a plain refusal or all of the entries out."""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.journal.drafts import ADA, charge

from taptill.domain.entry import Entry
from taptill.domain.errors import (
    JournalDamagedError,
    JournalDiskError,
    JournalError,
    JournalGoneError,
)
from taptill.journal.file import JournalFile, entries
from taptill.journal.journal import Journal
from taptill.journal.lock import JournalLock
from taptill.journal.queries import JournalQueries
from taptill.journal.verify import verify

HERE = {"backend": "here"}
PAGE = 4096
CUSTOMERS = range(1, 31)


def opened(path: Path) -> Journal:
    journal = Journal(path, FakeClock(), min_free_mb=0)
    journal.open(HERE)
    return journal


def beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a journal at rest, of 60 charges and with a log that was taken in."""
    path = tmp_path / "journal.db"
    opened(path).close()
    file = JournalFile(path, FakeClock())
    for number in range(60):
        file.append([[charge(CUSTOMERS[number % 30], number, f"c{number}")]])
    file.close()
    return path


def becomes_a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def becomes_a_letter(path: Path) -> None:
    path.write_text("Dear office, " * 1000)


def loses_its_header(path: Path) -> None:
    path.write_bytes(bytes(100) + path.read_bytes()[100:])


def is_cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 3 * PAGE])


def is_deleted(path: Path) -> None:
    path.unlink()


def is_emptied(path: Path) -> None:
    path.write_bytes(b"")


def leaves_only_its_log(path: Path) -> None:
    beside(path, "-wal").write_bytes(path.read_bytes())
    beside(path, ".lock").unlink()
    path.unlink()


REFUSED: dict[Callable[[Path], None], tuple[type[JournalError], str]] = {
    becomes_a_directory: (JournalDiskError, "a directory lies in its place"),
    becomes_a_letter: (JournalDamagedError, "this file is no database"),
    loses_its_header: (JournalDamagedError, "this file is no database"),
    is_cut_short: (JournalDamagedError, "a part of the file is damaged"),
    is_deleted: (JournalGoneError, r"journal [0-9a-f]{8} was kept here and is gone"),
    is_emptied: (JournalGoneError, r"journal [0-9a-f]{8} was kept here and is empty"),
    leaves_only_its_log: (JournalGoneError, "only its log journal.db-wal is left"),
}


@pytest.mark.parametrize("fault", REFUSED, ids=lambda one: one.__name__)
def test_a_journal_that_is_not_what_was_kept_is_refused_in_words_and_left_alone(
    path: Path, fault: Callable[[Path], None]
) -> None:
    fault(path)
    kind, words = REFUSED[fault]
    before = contents(path)
    for _ in range(2):  # the refusal gave the lock back
        with pytest.raises(JournalError, match=words) as refusal:
            opened(path)
        assert type(refusal.value) is kind
    assert contents(path) == before


def contents(path: Path) -> dict[str, bytes]:
    """Read what lies in the folder; the lock's text is who came last."""
    files = [file for file in path.parent.iterdir() if file.is_file() and file.suffix != ".lock"]
    return {file.name: file.read_bytes() for file in files}


def test_a_journal_that_was_cut_off_in_mid_write_says_what_to_do(
    path: Path, tmp_path: Path
) -> None:
    """As `close-year` is, where it brings all into one file: a reader must not mend that."""
    file = JournalFile(path, FakeClock())
    before = list(entries(file.connection))
    file.leave_whole()
    cut = tmp_path / "cut"
    cut.mkdir()
    file.connection.execute("PRAGMA cache_size = 1")  # so that the file is written before the end
    file.connection.execute("BEGIN")
    file.connection.execute("CREATE TABLE half AS SELECT zeroblob(100000)")
    for end in ("", "-journal"):
        shutil.copy(beside(path, end), cut)
    file.close()
    with pytest.raises(JournalError, match="cut off in mid-write: start the till once") as refusal:
        JournalQueries(cut / path.name)
    assert type(refusal.value) is JournalError
    JournalFile(cut / path.name, FakeClock()).close()
    with closing(JournalQueries(cut / path.name)) as queries:
        assert list(entries(queries.connection)) == before


def test_a_new_journal_is_begun_knowingly_where_the_lock_file_was_deleted(path: Path) -> None:
    path.unlink()
    beside(path, ".lock").unlink()
    opened(path).close()
    assert path.stat().st_size


def test_a_first_start_that_died_before_it_kept_anything_begins_again(tmp_path: Path) -> None:
    """The lock was taken, perhaps the file was made, then the power went."""
    path = tmp_path / "journal.db"
    lock = JournalLock(path)
    lock.take("2026-03-02")
    lock.release()
    path.touch()
    opened(path).close()


def test_a_command_that_takes_the_lock_does_not_forget_which_journal_is_kept(path: Path) -> None:
    lock = JournalLock(path)
    lock.take("2026-03-02")
    lock.release()
    path.unlink()
    with pytest.raises(JournalGoneError):
        opened(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="ONLY ROOT can leave a file that a till cannot use")
@pytest.mark.parametrize("is_there", [True, False])
def test_a_lock_file_that_root_makes_belongs_to_whom_the_journal_or_its_folder_belongs(
    path: Path, *, is_there: bool
) -> None:
    beside(path, ".lock").unlink()
    if not is_there:
        path.unlink()
    os.chown(path if is_there else path.parent, 4321, 4322)
    opened(path).close()
    lock = beside(path, ".lock").stat()
    assert (lock.st_uid, lock.st_gid) == (4321, 4322)


def test_a_link_in_place_of_the_lock_file_is_not_followed(path: Path, tmp_path: Path) -> None:
    """Where root runs a command, it would write into a file that the till's account chose."""
    other_file = tmp_path / "other"
    other_file.write_text("words")
    beside(path, ".lock").unlink()
    beside(path, ".lock").symlink_to(other_file)
    with pytest.raises(JournalDiskError):
        opened(path)
    assert other_file.read_text() == "words"


@pytest.mark.parametrize("end", ["-wal", "-shm"])
async def test_a_log_deleted_under_a_till_closes_it_and_its_end_saves_all(
    path: Path, end: str
) -> None:
    journal = opened(path)
    (last,) = await journal.append([charge(ADA, 320)])
    assert journal.closed_by() == ""
    beside(path, end).unlink()
    assert journal.closed_by() == f"the journal.db{end} is gone"
    beside(path, end).touch()
    assert journal.closed_by() == f"another journal.db{end} lies in its place"
    journal.close()
    again = opened(path)
    assert list(entries(again.queries.connection))[-1] == last
    assert verify(again.queries.connection).sound
    again.close()


async def test_a_log_left_over_by_a_crash_is_taken_in(path: Path, tmp_path: Path) -> None:
    """Its last frame may be half: that entry was never called kept."""
    journal = opened(path)
    kept_entries = [(await journal.append([charge(ADA, amount)]))[0] for amount in (1, 2, 3)]
    left = tmp_path / "left"
    left.mkdir()
    for end in ("", "-wal"):
        shutil.copy(beside(path, end), left)
    journal.close()
    log = left / "journal.db-wal"
    log_bytes = log.read_bytes().rstrip(b"\0")  # behind it lies room for more
    log.write_bytes(log_bytes[: -PAGE // 2])
    again = opened(left / "journal.db")
    assert list(entries(again.queries.connection))[-2:] == kept_entries[:2]
    assert verify(again.queries.connection).sound
    again.close()


@dataclass(frozen=True)
class Facts:
    """What a till and settlement believe of a journal."""

    entries: list[Entry]
    open: list[int]
    positions: list[object]
    last: list[Entry]


def facts(journal: Journal) -> Facts:
    return Facts(
        list(entries(journal.queries.connection)),
        journal.open_customers(100),
        [journal.position(customer) for customer in CUSTOMERS],
        journal.queries.last_sales(6),
    )


def damages(whole_bytes: bytes, dice: random.Random) -> Iterator[bytes]:
    """Damage each page in several ways: lost, foreign, a few bytes, a single bit."""
    for page in range(len(whole_bytes) // PAGE):
        start = page * PAGE
        for part in (bytes(PAGE), dice.randbytes(PAGE), *(dice.randbytes(16) for _ in range(12))):
            at = start + dice.randrange(PAGE - len(part) + 1)
            yield whole_bytes[:at] + part + whole_bytes[at + len(part) :]
        for _ in range(20):
            at = start + dice.randrange(PAGE)
            yield (
                whole_bytes[:at]
                + bytes([whole_bytes[at] ^ 1 << dice.randrange(8)])
                + whole_bytes[at + 1 :]
            )


@pytest.mark.slow
def test_whatever_page_is_damaged_verify_says_so_or_nothing_is_lost(
    path: Path, tmp_path: Path
) -> None:
    journal = opened(path)
    truth = facts(journal)
    journal.close()
    result = {"refused": 0, "not sound": 0, "harmless": 0}
    for number, content in enumerate(damages(path.read_bytes(), random.Random(21))):
        copy = tmp_path / f"damaged-{number}.db"
        copy.write_bytes(content)
        result[outcome(copy, truth)] += 1
    assert min(result.values()) > 0


def outcome(path: Path, truth: Facts) -> str:
    """Open and verify a damaged journal; any error but ours fails the test."""
    try:
        journal = opened(path)
    except JournalError:
        return "refused"
    try:
        if not verify(journal.queries.connection).sound:
            return "not sound"
    except JournalError:
        return "not sound"
    else:
        assert facts(journal) == truth
        return "harmless"
    finally:
        journal.close()


def test_bytes_that_are_no_text_stay_out_of_the_error(path: Path) -> None:
    """They may be anything, a name or a terminal's control sequence."""
    whole_bytes = path.read_bytes()
    at = whole_bytes.index(b'{"offline":false}')
    path.write_bytes(whole_bytes[:at] + b'{"Ada":\x1b\xff' + whole_bytes[at + 9 :])
    with pytest.raises(JournalDamagedError) as refusal:
        opened(path)
    assert "Ada" not in str(refusal.value)
    assert "\x1b" not in str(refusal.value)
