"""The journal in `taptill doctor`: its chain, its format, and a disk that does not answer."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.install.machine import MachineFolder, diagnosed
from tests.install.test_checks import journal_with
from tests.journal.drafts import charge

from taptill import config as configs
from taptill.domain.diagnosis import Verdict
from taptill.install.checks.program.chain import chain_diagnosis
from taptill.install.checks.program.journal import check_file, check_journal, check_mirror
from taptill.install.checks.site import DROP_INS
from taptill.journal.schema import VERSION


@pytest.fixture
def journal(place: MachineFolder) -> Path:
    """Make a journal of 41 entries at rest."""
    journal_with(place, *(charge(customer, 100 + customer) for customer in range(1, 41)))
    return configs.journal_path(place.folder / "state")


def change(journal: Path, *statements: str) -> None:
    """Change a journal behind the till's back."""
    with closing(sqlite3.connect(journal)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.usefixtures("journal")
async def test_a_chain_that_holds_passes(place: MachineFolder) -> None:
    told = (await diagnosed(check_journal, place.site()))["journal.chain"]
    assert (told.verdict, told.words) == (Verdict.PASS, "41 entries, the chain holds")


async def test_an_amount_that_was_changed_fails(place: MachineFolder, journal: Path) -> None:
    change(
        journal,
        "DROP TRIGGER entries_never_change",
        "UPDATE entries SET amount_minor = 1 WHERE seq = 12",
    )
    told = (await diagnosed(check_journal, place.site()))["journal.chain"]
    assert told.verdict is Verdict.FAIL
    assert told.words.startswith("entry 12 does not fit the chain")
    assert f"copy {place.folder / 'state'}" in told.advice


async def test_sums_that_do_not_fit_the_entries_fail(place: MachineFolder, journal: Path) -> None:
    change(journal, "UPDATE positions SET total = total + 1 WHERE customer_id = 7")
    told = (await diagnosed(check_journal, place.site()))["journal.chain"]
    assert (told.verdict, "1 customer" in told.words) == (Verdict.FAIL, True)
    assert "--rebuild" in told.advice


def test_a_chain_that_takes_too_long_is_verified_at_its_end(journal: Path) -> None:
    told = chain_diagnosis(journal, limit_s=0)
    assert told.verdict is Verdict.PASS
    assert told.words.startswith("the newest 1000 of 41 entries fit the chain; all would take")
    change(journal, "DROP TRIGGER entries_never_change", "UPDATE entries SET staff = 'x'")
    assert chain_diagnosis(journal, limit_s=0).verdict is Verdict.FAIL


async def test_a_journal_of_a_newer_release_wants_that_release(
    place: MachineFolder, journal: Path
) -> None:
    change(journal, f"PRAGMA user_version = {VERSION + 1}")
    (told,) = await check_journal(place.site())
    assert (told.name, told.verdict) == ("journal.file", Verdict.FAIL)
    assert "newer release" in told.advice
    assert "verify" not in told.advice


def test_a_damaged_page_and_a_file_that_is_none_are_kept_as_they_are(journal: Path) -> None:
    journal.write_bytes(b"no database at all" * 100)
    told = chain_diagnosis(journal)
    assert (told.verdict, "change nothing in it" in told.advice) == (Verdict.FAIL, True)


@contextmanager
def silent(path: Path) -> Iterator[None]:
    """Let a file be there that nobody answers for, as on a dead medium; at the end it is let go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    try:
        yield
    finally:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))


async def test_a_journal_on_a_disk_that_does_not_answer_fails(place: MachineFolder) -> None:
    with silent(configs.journal_path(place.folder / "state")):
        (told,) = await check_file(place.site(), limit_s=0.2)
    assert (told.name, told.verdict, bool(told.advice)) == ("journal.file", Verdict.FAIL, True)
    assert "cannot be read within" in told.words


async def test_a_mirror_whose_medium_does_not_answer_fails(
    place: MachineFolder, stick: Path
) -> None:
    target = stick / "till.jsonl"
    with silent(place.folder / f"root{DROP_INS[0]}" / "stick.conf"):
        told = await check_mirror(place.site(), target, limit_s=0.2)
    assert (told.name, told.verdict, bool(told.advice)) == ("journal.mirror", Verdict.FAIL, True)
    assert f"the medium of {target} does not answer" in told.words
