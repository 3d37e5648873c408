"""Long commands show their progress on a terminal, and nothing of it in a pipe."""

import os
import pty
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.forked.command import ForkedCommand, run_taptill
from tests.service.lists.commands import read_rows

WORDS = {
    "an import": ("importing", ["list.csv"]),
    "a dry run": ("importing", ["list.csv", "--dry-run"]),
    "an update": ("updating", ["list.csv", "--update", "--yes"]),
    "an undo": ("undoing", ["--undo", "1", "--yes"]),
}


def ran(words: list[str], folder: Path, *, terminal: bool) -> tuple[str, str]:
    """Run a command with standard error on a terminal or in a pipe; return both its outputs."""
    command = ["service", "import", *words]
    if not terminal:
        result = run_taptill(*command, cwd=folder)
        assert result.returncode == 0, result.stderr
        return result.stdout, result.stderr
    ours, theirs = pty.openpty()
    with (folder / "out").open("w+", encoding="utf-8") as out:
        process = ForkedCommand(command, stdout=out, stderr=theirs, cwd=folder)
        os.close(theirs)
        errors_output = b""
        while part := _read(ours):
            errors_output += part
        assert process.wait(60) == 0, errors_output
        out.seek(0)
        output = out.read()
    os.close(ours)
    return output, errors_output.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # nobody writes to it any more
        return b""


@pytest.mark.parametrize("case", WORDS.values(), ids=WORDS)
def test_a_terminal_is_shown_how_far_it_is_and_a_pipe_is_not(
    place: str, file: Callable[[str], Path], case: tuple[str, list[str]]
) -> None:
    label, words = case
    path = file("\n".join(["name,externalId", *(f"n{at},K-{at}" for at in range(600))]))
    if "--undo" in words:
        ran([place, path.name], path.parent, terminal=False)
    elif "--update" in words:
        ran([place, file("name,externalId\nOther,K-7\n").name], path.parent, terminal=False)
        file("\n".join(["name,externalId", *(f"n{at},K-{at}" for at in range(600))]))
    out, errors = ran([place, *words], path.parent, terminal=True)
    assert label in errors
    assert "100%" in errors
    assert "%" not in out
    out, errors = ran([place, "list.csv", "--update", "--dry-run"], path.parent, terminal=False)
    assert errors == ""
    assert "%" not in out
    assert read_rows(place) == [] or label != "undoing"
