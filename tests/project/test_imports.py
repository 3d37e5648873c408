"""The tree in, its import contracts kept: who may know whom."""

import subprocess
import sys

from tests.project.sources import ROOT

HEAVY = ("httpx", "sqlite_utils", "nfc", "serial")


def python(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own: it may load and set up what it likes."""
    command = [sys.executable, "-c", program, *words]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT
    )


def test_every_import_contract_is_kept() -> None:
    linter = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    run = python(linter, "--no-cache", "--no-logo")
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_first_frame_waits_for_no_heavy_import() -> None:
    """Importing the screen loads no HTTP client, database kit or reader library."""
    run = python(f"import sys, taptill.ui.app; print(*(set({HEAVY!r}) & set(sys.modules)))")
    assert (run.returncode, run.stdout.split(), run.stderr) == (0, [], "")
