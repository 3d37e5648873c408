"""A journal and a stick with its moods in, a copy that carries the chain out."""

import json
import resource
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.until import DEADLINE_S, until
from tests.journal.conftest import JournalHarness
from tests.journal.drafts import ADA, charge

from taptill.journal.background import mirror as module
from taptill.journal.background.mirror import LOOK_S, RETRY_S, ROWS, Mirror
from taptill.journal.background.row_formats import from_line
from taptill.journal.chain import ENTRY_COLUMNS, FIRST_PREV_HASH, chain_break
from taptill.journal.journal import Journal


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


@pytest.fixture
def copy(stick: Path) -> Path:
    return stick / "taptill.jsonl"


@pytest.fixture
def mirror(book: JournalHarness, copy: Path) -> Iterator[Mirror]:
    new_mirror = made_for(book.path, copy)
    yield new_mirror
    new_mirror.close()


def made_for(journal: Path, copy: Path) -> Mirror:
    """Make a mirror that takes a folder of the same disk for a stick."""
    return Mirror(journal, copy, lambda _folder, _journal: True)


def catch_up(mirror: Mirror) -> float:
    """Step until there is nothing to write, or no way to; return the rest asked for then."""
    while (rest_s := mirror.step()) < LOOK_S:
        pass
    return rest_s


def holds_all_of(copy: Path, book: JournalHarness) -> bool:
    """Return whether the copy is the whole journal, column by column, with its chain."""
    query = f"SELECT {ENTRY_COLUMNS} FROM entries ORDER BY seq"
    rows = [from_line(line) for line in copy.read_bytes().splitlines()]
    prev_hash = FIRST_PREV_HASH
    for seq, row in enumerate(rows, 1):
        assert row is not None
        assert chain_break(row, seq, prev_hash) == ""
        prev_hash = row[-1]
    return rows == book.file.connection.execute(query).fetchall()


def test_each_entry_is_a_line_with_all_its_columns(
    book: JournalHarness, mirror: Mirror, copy: Path
) -> None:
    book.write(charge(ADA, 320, "c1"))
    assert catch_up(mirror) == LOOK_S
    (line,) = copy.read_text("ascii").splitlines()
    assert list(json.loads(line)) == ENTRY_COLUMNS.split(", ")
    book.write(charge(ADA, 80), charge(ADA, 90))
    catch_up(mirror)
    assert holds_all_of(copy, book)
    assert mirror.warning is None
    assert copy.stat().st_mode & 0o077 == 0


def test_a_long_backlog_is_written_in_small_steps(
    book: JournalHarness, mirror: Mirror, copy: Path
) -> None:
    book.write(*[charge(ADA, 1) for _ in range(4 * ROWS + 1)])
    sizes = []
    while mirror.step() < LOOK_S:
        sizes.append(len(copy.read_bytes().splitlines()))
    assert sizes == [ROWS, 2 * ROWS, 3 * ROWS, 4 * ROWS]
    assert holds_all_of(copy, book)


ENDS = {
    "as it was left": b"",
    "half a line, after a power cut": b'{"seq":3,"kind":"cha',
    "a line without its end": b'{"seq":3}',
    "a block of nothing, as FAT leaves it": bytes(70_000),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_new_start_goes_on_where_the_file_ends(
    book: JournalHarness, mirror: Mirror, copy: Path, end: bytes
) -> None:
    book.write(charge(ADA, 1), charge(ADA, 2))
    catch_up(mirror)
    begun_bytes = copy.read_bytes()
    copy.write_bytes(begun_bytes + end)
    book.write(charge(ADA, 3))
    again = made_for(book.path, copy)
    catch_up(again)
    again.close()
    assert copy.read_bytes().startswith(begun_bytes)
    assert holds_all_of(copy, book)


@pytest.mark.parametrize("result", [b'{"seq":1,"kind":"char', b""], ids=["half", "nothing"])
def test_a_first_line_that_was_never_finished_is_begun_anew(
    book: JournalHarness, mirror: Mirror, copy: Path, result: bytes
) -> None:
    copy.write_bytes(result)
    book.write(charge(ADA, 1))
    catch_up(mirror)
    assert holds_all_of(copy, book)


FOREIGN = {
    "another till's copy": b'{"seq":1,"kind":"opened"}\n',
    "a picture": b"\x89PNG" + bytes(range(256)) * 9,
    "a letter": b"Dear office,\nthe till was here.\n",
    "a number too large for any journal": b'{"seq":99999999999999999999}\n',
}


@pytest.mark.parametrize("result", FOREIGN.values(), ids=FOREIGN)
def test_a_file_that_is_not_this_journals_is_left_alone(
    book: JournalHarness, mirror: Mirror, copy: Path, result: bytes
) -> None:
    copy.write_bytes(result)
    book.write(charge(ADA, 1))
    catch_up(mirror)
    assert copy.read_bytes() == result
    assert holds_all_of(copy.with_name("taptill.jsonl.2"), book)
    assert (
        str(mirror.warning) == "mirror: taptill.jsonl is not this journal's, using taptill.jsonl.2"
    )


def test_a_copy_that_knows_more_than_a_restored_journal_is_kept(
    book: JournalHarness, mirror: Mirror, copy: Path, clock: FakeClock
) -> None:
    """The copy may be all that is left of some charges."""
    book.write(charge(ADA, 1))
    (book.path.parent / "old").mkdir()
    old = Path(shutil.copy(book.path, book.path.parent / "old"))
    shutil.copy(f"{book.path}-wal", old.parent)
    book.write(charge(ADA, 2), charge(ADA, 3))
    catch_up(mirror)
    whole_bytes = copy.read_bytes()
    restored_book = JournalHarness(old, clock)
    for drafts in ([], [charge(ADA, 9)] * 3):  # shorter than the copy, then longer and different
        if drafts:
            restored_book.write(*drafts)
        again = made_for(old, copy)
        catch_up(again)
        again.close()
        assert copy.read_bytes() == whole_bytes
    assert holds_all_of(copy.with_name("taptill.jsonl.2"), restored_book)
    restored_book.close()


def test_once_the_foreign_file_is_taken_away_the_wanted_name_is_used(
    book: JournalHarness, mirror: Mirror, copy: Path
) -> None:
    copy.write_bytes(FOREIGN["a letter"])
    book.write(charge(ADA, 1))
    catch_up(mirror)
    copy.unlink()
    copy.with_name("taptill.jsonl.2").unlink()
    catch_up(mirror)
    assert holds_all_of(copy, book)
    assert mirror.warning is None


def test_too_many_foreign_files_end_the_search(
    book: JournalHarness, mirror: Mirror, copy: Path
) -> None:
    copy.write_bytes(FOREIGN["a letter"])
    for number in range(2, module.COPIES_MAX + 1):
        copy.with_name(f"{copy.name}.{number}").write_bytes(FOREIGN["a letter"])
    book.write(charge(ADA, 1))
    assert catch_up(mirror) == RETRY_S
    assert "files there are not this journal's" in str(mirror.warning)
    assert len(list(copy.parent.iterdir())) == module.COPIES_MAX


def test_a_stick_that_is_pulled_and_comes_back_is_said_and_caught_up(
    book: JournalHarness, mirror: Mirror, copy: Path, caplog: pytest.LogCaptureFixture
) -> None:
    book.write(charge(ADA, 1))
    catch_up(mirror)
    copy.parent.rename(copy.parent.with_name("pulled"))
    assert mirror.step() == RETRY_S  # noticed although nothing was sold
    assert mirror.step() == RETRY_S
    assert str(mirror.warning) == "mirror: its folder is missing: is the stick in?"
    book.write(charge(ADA, 2))
    copy.parent.with_name("pulled").rename(copy.parent)
    catch_up(mirror)
    assert mirror.warning is None
    assert holds_all_of(copy, book)
    assert [record.message for record in caplog.records] == ["mirror.failed", "mirror.recovered"]


def test_another_stick_is_given_the_whole_journal(
    book: JournalHarness, mirror: Mirror, copy: Path
) -> None:
    book.write(charge(ADA, 1))
    catch_up(mirror)
    copy.parent.rename(copy.parent.with_name("full of old copies"))
    copy.parent.mkdir()
    book.write(charge(ADA, 2))
    catch_up(mirror)
    assert holds_all_of(copy, book)


def test_a_mount_point_without_its_stick_is_not_written(book: JournalHarness, copy: Path) -> None:
    book.write(charge(ADA, 1))
    plain = Mirror(book.path, copy)
    assert catch_up(plain) == RETRY_S
    assert "journal's own disk" in str(plain.warning)
    plain.close()
    assert list(copy.parent.iterdir()) == []


def test_a_stick_that_is_full_in_the_middle_of_a_line_is_said_and_caught_up(
    book: JournalHarness, mirror: Mirror, copy: Path
) -> None:
    book.write(charge(ADA, 1))
    catch_up(mirror)
    book.write(charge(ADA, 2), charge(ADA, 3))
    with no_file_longer_than(copy.stat().st_size + 100):
        assert mirror.step() == RETRY_S
        assert mirror.step() == RETRY_S
    assert str(mirror.warning) == "mirror: File too large"  # what the kernel says of this limit
    assert not copy.read_bytes().endswith(b"\n")
    catch_up(mirror)
    assert mirror.warning is None
    assert holds_all_of(copy, book)


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.skipif(not Path("/sys/kernel").exists(), reason="nowhere that nobody may write")
def test_a_read_only_stick_is_said(book: JournalHarness) -> None:
    book.write(charge(ADA, 1))
    unwritable = made_for(book.path, Path("/sys/kernel/taptill.jsonl"))
    assert unwritable.step() == RETRY_S
    assert str(unwritable.warning) in {"mirror: Read-only file system", "mirror: Permission denied"}
    unwritable.close()


def test_a_journal_that_cannot_be_read_is_the_mirrors_trouble_alone(
    book: JournalHarness, mirror: Mirror
) -> None:
    book.tamper("DROP TABLE entries")
    assert mirror.step() == RETRY_S
    assert "not a journal's" in str(mirror.warning)


@pytest.mark.slow
async def test_a_stick_that_hangs_is_said_and_hinders_neither_a_sale_nor_the_end(
    path: Path, copy: Path, clock: FakeClock
) -> None:
    goes_on, gone_on = threading.Event(), threading.Event()

    def hangs(*_: Path) -> bool:
        goes_on.wait(DEADLINE_S)
        gone_on.set()
        return True

    journal = Journal(path, clock, min_free_mb=0, mirror=copy)
    journal._mirror = Mirror(path, copy, hangs, hangs_s=0.05)
    journal.open({"backend": "here"})
    await until(journal.warnings)
    assert tuple(map(str, journal.warnings())) == ("mirror: the medium does not answer",)
    await journal.append([charge(ADA, 320)])
    journal.close()
    assert not gone_on.is_set(), "it was closed while the stick hung"
    goes_on.set()
    await until(lambda: not any(thread.name == "mirror" for thread in threading.enumerate()))
    book = JournalHarness(path, clock)
    assert holds_all_of(copy, book)
    book.close()


async def test_a_running_till_mirrors_what_it_sells_up_to_its_last_entry(
    path: Path, copy: Path, clock: FakeClock
) -> None:
    journal = Journal(path, clock, min_free_mb=0, mirror=copy)
    journal._mirror = made_for(path, copy)
    journal.open({"backend": "here"})
    await until(copy.exists)
    await journal.append([charge(ADA, 320)])  # the mirror looks again after a second
    journal.close()
    book = JournalHarness(path, clock)
    assert holds_all_of(copy, book)
    assert journal.warnings() == ()
    book.close()


async def test_a_till_without_its_stick_sells_and_says_so(
    path: Path, copy: Path, clock: FakeClock
) -> None:
    copy.parent.rmdir()
    journal = Journal(path, clock, min_free_mb=0, mirror=copy)
    journal.open({"backend": "here"})
    await until(journal.warnings)
    await journal.append([charge(ADA, 320)])
    assert journal.closed_by() == ""
    assert tuple(map(str, journal.warnings())) == (
        "mirror: its folder is missing: is the stick in?",
    )
    journal.close()
