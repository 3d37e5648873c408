"""`taptill journal ...` over a real journal: what it says, and what it refuses to hide."""

import json
import sqlite3
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.forked.command import run_taptill
from tests.journal.drafts import attempt, charge, receipt

from taptill.domain.entry import Draft, EntryKind
from taptill.domain.errors import JournalError
from taptill.domain.mark import HASH_DIGITS, Mark
from taptill.journal.file import JournalFile
from taptill.journal.lock import alone

ADA = 7


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return a folder with a journal of three charges."""
    file = JournalFile(tmp_path / "journal.db", FakeClock())
    charges = [Draft(EntryKind.CHARGE, ADA, amount, charge_id=str(amount)) for amount in (1, 2, 3)]
    file.append([[draft] for draft in charges])
    file.close()
    return tmp_path


def taptill(state: Path, *words: str) -> CompletedProcess[str]:
    """Run the command on that folder."""
    return run_taptill("journal", *words, "--state-dir", str(state))


def tamper(state: Path, statement: str) -> None:
    """Change the file with a database tool."""
    connection = sqlite3.connect(state / "journal.db")
    for trigger in ("entries_never_change", "entries_never_go"):
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.execute(statement)
    connection.commit()
    connection.close()


def total(state: Path) -> int:
    """Read the sum that settlement would send."""
    connection = sqlite3.connect(state / "journal.db")
    row = connection.execute("SELECT total FROM positions").fetchone()
    connection.close()
    return int(row[0])


def test_hostile_words_of_an_entry_are_shown_harmless(tmp_path: Path) -> None:
    file = JournalFile(tmp_path / "journal.db", FakeClock())
    body = {"lines": [["Caf\u00e9 \x9b31m \u202e", 1, 1]], "long": "x" * 500}
    file.append([[Draft(EntryKind.CHARGE, ADA, 1, body)]])
    file.close()
    text = taptill(tmp_path, "show", "1").stdout
    assert "Caf\u00e9 ?31m ?" in text
    assert "x" * 500 in text
    document = taptill(tmp_path, "show", "1", "--json").stdout
    assert document.isascii()
    assert json.loads(document)["body"] == body


def test_a_void_is_listed_with_what_it_takes_back(state: Path) -> None:
    file = JournalFile(state / "journal.db", FakeClock())
    part = {"voids": 3, "lines": [["Coffee", 2, 1]]}
    file.append(
        [
            [Draft(EntryKind.VOID, ADA, -1, {"voids": 1}, charge_id="1")],
            [Draft(EntryKind.VOID, ADA, -2, part, charge_id="3")],
        ]
    )
    file.close()
    whole, partial = taptill(state, "list", "--last", "2").stdout.splitlines()
    assert whole.endswith("void                -1 customer 7, takes back entry 1")
    assert partial.endswith("void                -2 customer 7, takes back a part of entry 3")


def test_a_sound_journal_is_listed_shown_and_verified(state: Path) -> None:
    listing = taptill(state, "list", "--json", "--last", "2")
    assert [json.loads(line)["amount_minor"] for line in listing.stdout.splitlines()] == [2, 3]
    entry_text = taptill(state, "show", "1")
    assert 'kind           "charge"' in entry_text.stdout
    verification = taptill(state, "verify")
    assert verification.returncode == 0
    assert "3 entries, the chain holds" in verification.stdout


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        pytest.param("UPDATE entries SET amount_minor = 9999 WHERE seq = 2", 2, id="a sum changed"),
        pytest.param("DELETE FROM entries WHERE seq = 3", 3, id="the end taken away"),
        pytest.param("UPDATE entries SET body = 'x' WHERE seq = 1", 1, id="a body that is no JSON"),
    ],
)
def test_rebuild_never_hides_a_break(state: Path, change: str, broken: int) -> None:
    """The sums stay as they were: a broken chain must not become what settlement sends."""
    tamper(state, change)
    result = taptill(state, "verify", "--rebuild")
    assert result.returncode == 74
    assert f"entry {broken}" in result.stderr
    assert total(state) == 6


def test_wrong_sums_are_mended_by_rebuild(state: Path) -> None:
    tamper(state, "UPDATE positions SET total = 5")
    assert taptill(state, "verify").returncode == 74
    assert taptill(state, "verify", "--rebuild").returncode == 0
    assert total(state) == 6


@pytest.mark.parametrize(
    ("words", "status"),
    [
        pytest.param(("show", "99"), 74, id="no such entry"),
        pytest.param(("show", "9" * 20), 64, id="a number beyond SQLite"),
        pytest.param(("list", "--last", "-5"), 64, id="a negative count"),
    ],
)
def test_wrong_words_get_a_line_and_a_status(
    state: Path, words: tuple[str, ...], status: int
) -> None:
    result = taptill(state, *words)
    assert result.returncode == status
    assert "Traceback" not in result.stderr


def test_a_damaged_page_is_said_in_a_line(state: Path) -> None:
    path = state / "journal.db"
    content = bytearray(path.read_bytes())
    content[4096 : 4096 + 2000] = b"\xff" * 2000
    path.write_bytes(content)
    result = taptill(state, "verify")
    assert result.returncode == 74
    assert "Traceback" not in result.stderr


def test_the_year_of_a_journal_that_is_a_link_is_closed_where_the_file_lies(tmp_path: Path) -> None:
    file = JournalFile(tmp_path / "journal.db", FakeClock())
    file.append([[Draft(EntryKind.OPENED, body={"journal_id": "aaaa0001", "strategy": "debt"})]])
    file.close()
    link = tmp_path / "by a link" / "journal.db"
    link.parent.mkdir(0o700)
    link.symlink_to("../journal.db")
    with alone(tmp_path / "journal.db", FakeClock()):
        refusal = taptill(link.parent, "close-year")
    assert (refusal.returncode, "is in use by" in refusal.stderr) == (75, True)
    closing = taptill(link.parent, "close-year")
    assert (closing.returncode, link.is_symlink()) == (0, True), closing.stderr
    assert (tmp_path / "journal-from-1.db").exists()
    assert "the chain holds" in taptill(tmp_path, "verify").stdout
    assert [path.name for path in link.parent.iterdir()] == ["journal.db"]


def test_a_year_is_closed_and_both_its_files_are_verified(tmp_path: Path) -> None:
    file = JournalFile(tmp_path / "journal.db", FakeClock())
    file.append([[Draft(EntryKind.OPENED, body={"journal_id": "aaaa0001", "strategy": "debt"})]])
    (group,) = file.append([[charge(ADA, 320)]])
    assert not isinstance(group, JournalError)
    (entry,) = group
    mark = Mark(entry.seq, 320, entry.hash[:HASH_DIGITS])
    refusal = taptill(tmp_path, "close-year", "--late-max-s", "0")
    assert (refusal.returncode, "3.20" in refusal.stderr) == (75, True)
    file.append([[attempt(ADA, mark), receipt(ADA, mark)]])
    file.close()
    closing = taptill(tmp_path, "close-year", "--late-max-s", "0", "--json")
    document = json.loads(closing.stdout)
    archive = tmp_path / "journal-from-1.db"
    assert document == {"archive": str(archive), "first_seq": 1, "last_seq": 4, "customers": 1}
    verification = taptill(tmp_path, "verify")
    assert "3 entries from 5 on, the chain holds" in verification.stdout
    assert (
        "5 entries, the chain holds" in taptill(tmp_path, "verify", "--file", str(archive)).stdout
    )
    reads_the_archive(tmp_path, archive)
    archive_file = JournalFile(archive, FakeClock())
    archive_file.append([[charge(ADA, 1)]])
    archive_file.close()
    for harm, words in (
        ("exchanged", "journal.db does not follow the end of journal-from-1.db"),
        ("gone", "journal-from-1.db is gone"),
    ):
        if harm == "gone":
            archive.unlink()
        broken = taptill(tmp_path, "verify")
        assert "3 entries from 5 on, the chain holds" in broken.stdout  # of the journal itself
        assert (broken.returncode, words in broken.stderr) == (74, True)
        report = taptill(tmp_path, "verify", "--json")
        assert (report.returncode, json.loads(report.stdout)["archives"]) == (74, words)


def reads_the_archive(state: Path, archive: Path) -> None:
    elsewhere = taptill(state, "show", "2")
    assert (elsewhere.returncode, f"--file {archive}" in elsewhere.stderr) == (74, True)
    assert "there is no entry 99" in taptill(state, "show", "99").stderr
    assert "320" in taptill(state, "show", "2", "--file", str(archive)).stdout
    assert len(taptill(state, "list", "--file", str(archive)).stdout.splitlines()) == 5
    assert len(taptill(state, "export", "--file", str(archive)).stdout.splitlines()) == 5
