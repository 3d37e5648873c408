"""Long work shows how far it is on a terminal, and nothing of that in a pipe."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.service.lists.commands import kept

WORDS = {
    "an import": ("importing", ["list.csv"]),
    "a dry run": ("importing", ["list.csv", "--dry-run"]),
    "an update": ("updating", ["list.csv", "--update", "--yes"]),
    "an undo": ("undoing", ["--undo", "1", "--yes"]),
}


def ran(words: list[str], folder: Path, *, terminal: bool) -> tuple[str, str]:
    """Run a command with standard error on a terminal or in a pipe; give both its outputs."""
    command = [sys.executable, "-m", "taptill", "service", "import", *words]
    ours, theirs = pty.openpty()
    out = (folder / "out").open("w+b")
    errors = theirs if terminal else subprocess.PIPE
    with out, subprocess.Popen(command, stdout=out, stderr=errors, cwd=folder) as ended:
        os.close(theirs)
        shown = b"" if terminal else ended.communicate()[1]
        while terminal and (part := _read(ours)):
            shown += part
        assert ended.wait(60) == 0, shown
        out.seek(0)
        told = out.read().decode()
    os.close(ours)
    return told, shown.decode()


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
    out, shown = ran([place, *words], path.parent, terminal=True)
    assert label in shown
    assert "100%" in shown
    assert "%" not in out
    out, shown = ran([place, "list.csv", "--update", "--dry-run"], path.parent, terminal=False)
    assert shown == ""
    assert "%" not in out
    assert kept(place) == [] or label != "undoing"
