"""An export proves itself without the journal that it was made from."""

import csv
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from tests.cli.test_journal_command import ADA, tamper, taptill
from tests.fakes.clock import FakeClock
from tests.fakes.forked.command import run_taptill

from taptill.domain.entry import Draft, EntryKind
from taptill.journal.background.row_formats import LINE_BYTES_MAX, ROWS, rows, to_csv, to_line
from taptill.journal.chain import ENTRY_COLUMNS
from taptill.journal.file import JournalFile, connect
from taptill.journal.verify import UNREADABLE, VerifyResult, verify_copy

COUNT = ROWS + 5


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a journal of entries of all shapes, more than are read at once."""
    folder = tmp_path_factory.mktemp("state")
    file = JournalFile(folder / "journal.db", FakeClock())
    drafts = [
        Draft(
            EntryKind.CHARGE,
            ADA,
            amount_minor=1,
            body={"lines": [['Näherin, "x"\n', 1, 1]]},
            charge_id=f"c{n}",
            staff="Jo",
        )
        for n in range(COUNT - 2)
    ]
    drafts += [Draft(EntryKind.DECLINED, body={"reason": "unknown-card"}), Draft(EntryKind.CLOCK)]
    file.append([drafts])
    file.close()
    return folder


@pytest.mark.parametrize("form", ["json", "csv"])
def test_an_export_is_every_entry_and_proves_its_chain(
    state: Path, tmp_path: Path, form: str
) -> None:
    target = tmp_path / "all"
    result = taptill(state, "export", "--to", str(target), "--format", form, "--json")
    summary = json.loads(result.stdout)
    assert (summary["entries"], summary["last_seq"], summary["file"]) == (COUNT, COUNT, str(target))
    assert summary["last_hash"].encode() in target.read_bytes().splitlines()[-1]
    assert target.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["all"]
    verification = taptill(state, "verify", "--file", str(target))
    assert verification.stdout == f"{COUNT} entries, the chain holds: {target}\n"


def test_an_export_from_an_entry_on_believes_what_is_before_it(state: Path, tmp_path: Path) -> None:
    target = tmp_path / "new.jsonl"
    result = taptill(state, "export", "--to", str(target), "--since", str(COUNT - 1))
    assert result.stdout == f"2 entries, the last is number {COUNT}: {target}\n"
    verification = taptill(state, "verify", "--file", str(target), "--json")
    assert json.loads(verification.stdout) == {
        "entries": 2,
        "first_seq": COUNT - 1,
        "broken_seq": None,
        "detail": "",
        "stale_customers": [],
        "cut_short": False,
        "sound": True,
        "archives": "",
        "shift_faults": [],
    }


def test_entries_go_to_output_for_another_program(state: Path) -> None:
    result = taptill(state, "export")
    assert len(result.stdout.splitlines()) == COUNT
    assert result.stderr == f"{COUNT} entries, the last is number {COUNT}: -\n"
    verification = run_taptill("journal", "verify", "--file", "-", input=result.stdout)
    assert verification.stdout.startswith(f"{COUNT} entries, the chain holds")


def test_a_reader_that_has_enough_is_no_fault(state: Path) -> None:
    words = [sys.executable, "-m", "taptill", "journal", "export", "--state-dir", str(state)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        stderr = child.stderr.read()
    assert child.returncode == 0
    assert b"fault" not in stderr
    assert b"Error" not in stderr


def test_a_disk_that_fills_leaves_the_old_export_and_nothing_else(
    state: Path, tmp_path: Path
) -> None:
    target = tmp_path / "all.jsonl"
    target.write_text("of last year")
    words = [sys.executable, "-m", "taptill", "journal", "export", "--to", str(target)]
    result = subprocess.run(
        [*words, "--state-dir", str(state)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    assert (result.returncode, "File too large" in result.stderr) == (73, True)
    assert target.read_text() == "of last year"
    assert [path.name for path in tmp_path.iterdir()] == ["all.jsonl"]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        pytest.param(("export", "--to", "{state}/journal.db"), 64, id="the journal itself"),
        pytest.param(("export", "--to", "{state}/journal.db-wal"), 64, id="the journal's log"),
        pytest.param(("export", "--to", "journal-from-1.db"), 64, id="an archive"),
        pytest.param(("export", "--file", "{state}/none"), 74, id="no such archive"),
        pytest.param(("export", "--to", "{state}/none/all.jsonl"), 73, id="no such folder"),
        pytest.param(("verify", "--file", "{state}/none"), 74, id="no such file"),
        pytest.param(("verify", "--file", __file__), 74, id="no export"),
        pytest.param(("verify", "--file", "/dev/null"), 74, id="nothing at all"),
        pytest.param(("verify", "--file", "/dev/null", "--rebuild"), 64, id="sums of a copy"),
    ],
)
def test_wrong_words_harm_nothing_and_get_a_line(
    state: Path, words: tuple[str, ...], status: int
) -> None:
    before = (state / "journal.db").read_bytes()
    result = taptill(state, *(word.format(state=state) for word in words))
    assert (result.returncode, len(result.stderr.splitlines())) == (status, 1)
    assert (state / "journal.db").read_bytes() == before


def test_a_broken_chain_is_exported_as_it_is_and_named_by_verify(tmp_path: Path) -> None:
    """An export is evidence: it must not refuse what it is there to show."""
    file = JournalFile(tmp_path / "journal.db", FakeClock())
    file.append([[Draft(EntryKind.CHARGE, ADA, amount) for amount in (1, 2, 3)]])
    file.close()
    tamper(tmp_path, "UPDATE entries SET body = 'x' WHERE seq = 2")
    assert taptill(tmp_path, "export", "--to", str(tmp_path / "all")).returncode == 0
    done = taptill(tmp_path, "verify", "--file", str(tmp_path / "all"))
    assert (done.returncode, "entry 2 does not fit" in done.stderr) == (74, True)


def lines(state: Path, form: str) -> list[bytes]:
    connection = connect(state / "journal.db", read_only=True)
    found = rows(connection, 1, 3)
    exported_lines = list(map(to_line, found)) if form == "json" else list(to_csv(found))
    connection.close()
    return exported_lines


def swap(text: bytes, old: bytes, new: bytes) -> bytes:
    assert old in text
    return text.replace(old, new)


CHANGES: dict[str, tuple[Callable[[list[bytes]], list[bytes]], int, str]] = {
    "an amount": (
        lambda rows: [*rows[:-1], swap(rows[-1], b"Jo", b"Al")],
        3,
        "its content does not fit its hash",
    ),
    "a line taken out": (lambda rows: [*rows[:-2], rows[-1]], 2, "it is missing"),
    "a line twice": (lambda rows: [*rows, rows[-1]], 4, "it is missing"),
    "a line that is none": (lambda rows: [*rows[:-2], b"[1]\n", rows[-1]], 2, UNREADABLE),
    "a line without an end before others": (
        lambda rows: [*rows[:-2], b"x" * LINE_BYTES_MAX, rows[-1]],
        2,
        UNREADABLE,
    ),
    "bytes that are no text": (lambda rows: [*rows[:-2], b"\xff\xfe\n", rows[-1]], 2, UNREADABLE),
}


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.parametrize(("change", "seq", "detail"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_a_copy_is_named(
    state: Path,
    form: str,
    change: Callable[[list[bytes]], list[bytes]],
    seq: int,
    detail: str,
) -> None:
    verdict = verify_copy(BytesIO(b"".join(change(lines(state, form)))))
    assert (verdict.broken_seq, verdict.detail) == (seq, detail)


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_last_line_that_was_cut_short_is_left_out_and_said(state: Path, form: str) -> None:
    content = b"".join(lines(state, form))
    assert verify_copy(BytesIO(content[:-9])) == VerifyResult(2, cut_short=True)
    assert verify_copy(BytesIO(content)) == VerifyResult(3)


@pytest.mark.parametrize("before", ["zero", "é", None])
def test_a_first_entry_whose_forerunner_is_no_hash_is_broken(state: Path, before: object) -> None:
    columns = json.loads(lines(state, "json")[1])
    text = json.dumps({**columns, "prev_hash": before}) + "\n"
    assert verify_copy(BytesIO(text.encode())).broken_seq == 2


@pytest.mark.parametrize("head", ["seq,kind\n", 'seq,"x\n', ""], ids=["other", "open", "none"])
def test_a_table_of_something_else_is_no_copy(head: str) -> None:
    assert verify_copy(BytesIO(f"{head}1,2\n".encode())).detail == UNREADABLE


def test_a_field_that_is_no_number_is_no_row(state: Path) -> None:
    text = b"".join(lines(state, "csv"))
    verdict = verify_copy(BytesIO(swap(text, b"\n2,", b"\ntwo,")))
    assert (verdict.broken_seq, verdict.detail) == (2, UNREADABLE)


def test_a_field_too_large_for_csv_is_no_row(state: Path) -> None:
    text = b"".join(lines(state, "csv")) + b"x" * (csv.field_size_limit() + 1) + b"\n"
    assert verify_copy(BytesIO(text)).broken_seq == 4


def test_the_columns_stand_in_the_order_of_the_table(state: Path) -> None:
    assert lines(state, "csv")[0].decode().strip().split(",") == ENTRY_COLUMNS.split(", ")
    assert list(json.loads(lines(state, "json")[0])) == ENTRY_COLUMNS.split(", ")


def test_a_running_tills_journal_is_exported(tmp_path: Path) -> None:
    file = JournalFile(tmp_path / "journal.db", FakeClock())
    file.append([[Draft(EntryKind.CHARGE, ADA, 1)]])
    file.connection.execute("BEGIN IMMEDIATE")  # a commit is under way
    result = taptill(tmp_path, "export")
    assert (result.returncode, len(result.stdout.splitlines())) == (0, 1)
    file.close()
