"""Disks that fill up, fail, go read-only or hold something else: CLOSED in words, nothing lost."""

import resource
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.scenarios import disks
from tests.scenarios.books import entries, row_of
from tests.scenarios.conftest import TillAndService
from tests.scenarios.program import Program, TillSite, running

from taptill.journal.journal import Journal
from taptill.journal.schema import VERSION

pytestmark = pytest.mark.slow

ADA = "62E3086CED"
PAGE = 4096
CLOSED = "Please use another till"
LITTLE_ROOM = "[journal]\nmin_free_mb = 1"


def pay(till: Program, amount: str) -> None:
    """Sell to Ada and see it PAID."""
    till.sell(amount, ADA)
    till.wait_for("Ada Byron pays")
    till.confirm()
    till.wait_for("Thank you")


def charges(site: TillSite) -> list[int]:
    """Read the charges of the journal, which must hold."""
    verification = site.ask("journal", "verify", "--state-dir", str(site.state))
    assert verification.returncode == 0, verification.stderr
    return [entry["amount_minor"] for entry in entries(site) if entry["kind"] == "charge"]


def kept(site: TillSite) -> Path:
    """Make a journal at rest; return its path."""
    site.state.mkdir(mode=0o700)
    path = site.state / "journal.db"
    journal = Journal(path, FakeClock(), min_free_mb=0)
    journal.open({"backend": "here"})
    journal.close()
    return path


def test_a_full_disk_closes_the_till_and_room_opens_it_again(world: TillAndService) -> None:
    """The screen says how much room is left; keys sell nothing meanwhile."""
    disks.need("FULL DISK")
    site = replace(world.site, extra_config=LITTLE_ROOM, clear_after_s=6)
    site.state.mkdir(mode=0o700)
    till = Program(disks.on(disks.SMALL, site.state, site.run_words()), site.socket)
    with closing(till):
        till.wait_for("READER ok", "ONLINE", "data")
        pay(till, "100")
        filler = disks.seen_by(till, site.state) / "filler"
        with filler.open("wb") as file, pytest.raises(OSError, match="No space"):
            file.write(bytes(2**24))
        till.wait_for(CLOSED, "only 0 MB free on the disk", "nothing was charged")
        till.press("200")
        filler.unlink()
        till.wait_for("no card yet", absent="only 0 MB free")
        pay(till, "300")
        till.wait_for("│ 0 to send")
    assert row_of(world.service, ADA).total == Decimal("-8.30")


def test_a_disk_that_takes_no_write_charges_nobody_and_the_till_goes_on_by_itself(
    world: TillAndService,
) -> None:
    """The commit itself fails; a while later the disk takes writes again."""
    site = replace(world.site, clear_after_s=6)
    with running(site) as till:
        till.wait_for("ONLINE", "data")
        pay(till, "100")
        till.wait_for("│ 0 to send")
        till.sell("200", ADA)
        till.wait_for("Ada Byron pays")
        limit = resource.prlimit(till.process.pid, resource.RLIMIT_FSIZE, (1, -1))
        till.confirm()
        till.wait_for(CLOSED, "the disk fails", "nothing was charged")
        resource.prlimit(till.process.pid, resource.RLIMIT_FSIZE, limit)
        till.wait_for("> 200", absent=CLOSED)
        pay(till, "300")
        till.wait_for("│ 0 to send")
        assert till.leave() == 0
    assert charges(site) == [100, 300]
    assert row_of(world.service, ADA).total == Decimal("-8.30")


def test_a_disk_that_the_kernel_made_read_only_keeps_what_was_paid(world: TillAndService) -> None:
    """An error on a real file system: CLOSED; mounted anew, all is there and is sent."""
    disks.need("READ-ONLY REMOUNT", "nsenter", "mkfs.ext4")
    site = replace(world.site, extra_config=LITTLE_ROOM)
    site.state.mkdir(mode=0o700)
    disks.make_image(site.state)
    words = disks.on(disks.IMAGE, site.state, site.run_words())
    till = Program(words, site.socket)
    with closing(till):
        till.wait_for("READER ok", "ONLINE", "data")
        world.service.stop()
        pay(till, "100")
        disks.break_image(till, site.state)
        till.sell("200", ADA)
        till.wait_for("Ada Byron pays")
        till.confirm()
        till.wait_for(CLOSED, "nothing was charged")
    world.service.start_again()
    till = Program(words, site.socket)
    with closing(till):
        till.wait_for("READER ok", "ONLINE", "│ 0 to send", "1.00 A. B. √ sent")
    assert row_of(world.service, ADA).total == Decimal("-11.30")


def test_a_log_deleted_under_the_till_closes_it_and_its_end_saves_all(
    world: TillAndService,
) -> None:
    site = world.site
    with running(site) as till:
        till.wait_for("ONLINE", "data")
        pay(till, "100")
        (site.state / "journal.db-wal").unlink()
        till.wait_for(CLOSED, "the journal.db-wal is gone")
        assert till.leave() == 0
    assert charges(site) == [100]


def test_pages_that_go_bad_under_the_till_close_it(world: TillAndService) -> None:
    """The medium gives rubbish instead of what was written: nothing is sold on it."""
    site = world.site
    path = kept(site)
    with running(site) as till:
        till.wait_for("ONLINE", "data")
        with path.open("r+b") as file:
            file.seek(PAGE)
            file.write(b"\xff" * (path.stat().st_size - PAGE))
        till.tap("DEADBEEF00")  # a decline is written: what is in memory is old from then on
        till.wait_for(CLOSED, "a part of the file is damaged")
        assert till.leave() == 0
    verification = site.ask("journal", "verify", "--state-dir", str(site.state))
    assert verification.returncode == 74
    assert "a part of the file is damaged" in verification.stderr


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def letter(path: Path) -> None:
    path.write_text("Dear office, " * 1000)


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def closed(path: Path) -> None:
    path.chmod(0)


def closed_folder(path: Path) -> None:
    path.parent.chmod(0o500)


AT_START: dict[Callable[[Path], None], str] = {
    directory: "a directory lies in its place. Nothing can be kept until that is mended",
    letter: "this file is no database. Keep the file, copy it",
    newer: f"has format 99, this version knows {VERSION}: install the newer taptill",
    Path.unlink: "was kept here and is gone. Put it back",
    closed: "this account may not read and write it",
    closed_folder: "this account may not read and write it",
}


@pytest.mark.parametrize("fault", AT_START, ids=lambda fault: fault.__name__)
def test_a_journal_that_cannot_be_used_is_one_line_and_status_74(
    tmp_path: Path, fault: Callable[[Path], None]
) -> None:
    """For the till and for `journal verify` alike."""
    site = TillSite(tmp_path, "http://127.0.0.1:1", "token")
    fault(kept(site))
    refused(Program(disks.without_powers(site.run_words())), AT_START[fault])
    verify = site.words("journal", "verify", "--state-dir", str(site.state))
    refused(Program(disks.without_powers(verify)), "[journal")


def test_a_read_only_disk_at_the_start_is_one_line_and_status_74(tmp_path: Path) -> None:
    disks.need("READ-ONLY DISK")
    site = TillSite(tmp_path, "http://127.0.0.1:1", "token")
    kept(site)
    verify = site.words("journal", "verify", "--state-dir", str(site.state))
    for words in (site.run_words(), verify):
        refused(Program(disks.on(disks.READ_ONLY, site.state, words)), "the disk is read-only")


def refused(program: Program, words: str) -> None:
    """Wait for the end: a line that a terminal may have wrapped, and the status of an IO error."""
    status = program.ended()
    text = "".join(program.text().split())
    assert status == 74, text
    assert words.replace(" ", "") in text
    assert text.startswith("taptill:journal")
    assert text.endswith("]")
    assert "Traceback" not in text
