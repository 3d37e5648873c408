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


LATER = (
    "backend",
    "lookup",
    "customer_cache",
    "settlement.schedule",
    "checkout.till",
    "readers.supervisor",
    "readers.drivers.serial",
    "wiring.runtime",
)
"""What is imported behind the first frame, see docs/adr/0016."""


def test_the_rest_of_the_house_is_imported_behind_the_first_frame() -> None:
    """Neither the command nor the screen imports it, so that the first frame does not wait."""
    rooms = {f"taptill.{room}" for room in LATER}
    run = python(
        "import sys, taptill.cli.run, taptill.ui.app, taptill.wiring.late_till;"
        f"print(*({rooms!r} & set(sys.modules)), 'taptill.ui.app' in sys.modules)"
    )
    assert (run.returncode, run.stdout.split(), run.stderr) == (0, ["True"], "")


def test_a_till_that_says_lines_imports_nothing_of_textual() -> None:
    """Neither before the first line nor behind it, where all the rest is built."""
    run = python(
        "import sys, taptill.cli.run, taptill.ui.plain.terminal, taptill.wiring.late_till;"
        f"first = {HEAVY!r};"
        "print(*(name for name in first if name in sys.modules), '|');"
        "import asyncio, taptill.wiring.runtime, taptill.wiring.late_books as books;"
        "asyncio.run(books.import_late(0.0));"
        "print(*(name for name in sys.modules if name.split('.')[0] == 'textual'))"
    )
    assert (run.returncode, run.stdout.split("\n"), run.stderr) == (0, ["|", "", ""], "")


def test_help_is_said_without_a_config() -> None:
    run = python(
        "import atexit, sys, taptill.cli; sys.argv = ['taptill', '--help'];"
        "not_needed = {'taptill.config', 'asyncio', 'sqlite3'};"
        "atexit.register(lambda: print(not_needed & set(sys.modules)));"
        "taptill.cli.main()"
    )
    assert (run.returncode, run.stdout.splitlines()[-1]) == (0, "set()"), run.stderr


def test_the_first_frame_waits_for_no_heavy_import() -> None:
    """Importing the screen loads no HTTP client, database kit or reader library."""
    run = python(f"import sys, taptill.ui.app; print(*(set({HEAVY!r}) & set(sys.modules)))")
    assert (run.returncode, run.stdout.split(), run.stderr) == (0, [], "")
