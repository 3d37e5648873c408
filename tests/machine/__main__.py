"""Boots a real Debian in an emulated machine and tries the till on it, from a release's archive.

`python -m tests.machine [SCENARIO ...] [--release bookworm|trixie] [--short]`. Exit status: 0 where
all passed, 1 where a scenario failed, 69 where this machine cannot do it; then the reasons stand on
standard error. Each step is printed when it is seen. It takes minutes: no part of `make test`.
"""

import argparse
import fcntl
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from tests.bare.host import UnavailableError, debian_mirror
from tests.machine import backend
from tests.machine.emulator.json_line import MachineError
from tests.machine.host import EMULATORS, FOREIGN, look
from tests.machine.images import Images, Kind
from tests.machine.scenarios import (
    boots,
    disks,
    image,
    installing,
    mirror,
    power,
    readers,
    replacing,
    sale,
    service,
    unit,
)
from tests.machine.stage import Stage, StepFailedError, say
from tests.project.sources import ROOT

RELEASES = ("bookworm", "trixie")
FOLDER = Path("/var/tmp/taptill-machine")
CANNOT = 69
BUILD_S_MAX = 600
PICTURES = ROOT / "docs/pictures/console"

SCENARIOS: Mapping[str, Callable[[Stage], None]] = {
    "sale": sale.first_sale,
    "states": sale.states,
    "install": installing.first_installation,
    "upgrade": installing.upgrades,
    "remove": installing.removal,
    "pull": readers.pulled_and_back,
    "typing": readers.typing_reader,
    "pcsc": readers.over_pcsc,
    "kill": unit.killed,
    "watchdog": unit.hanging,
    "stop": unit.stopped,
    "token": unit.credential,
    "offline": boots.without_network,
    "mirror": mirror.on_a_stick,
    "service": service.beside_the_till,
    "overlay": disks.read_only_root,
    "board": disks.another_board,
    "replace": replacing.one_by_one,
    "power": power.cuts,
    "image": image.first_sale,
}
SHORT = ("sale",)
"""What shows most in the least time: the console, a reader, a sale, its way to the backend."""

WITHOUT_MACHINE = ("image",)
"""What runs in a root of the architecture, without an emulated computer; armhf has no other."""


def main() -> int:
    options = _options()
    # A machine is ended also where somebody stops the run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    kind = Kind(options.release, options.architecture)
    names = options.scenario
    try:
        look(kind.architecture)
        held = _only_run_in(options.folder)
        images = Images(options.folder, say)
        began_s = time.monotonic()
        debian_mirror([kind.release])
        (images.root if set(names) <= set(WITHOUT_MACHINE) else images.bare)(kind)
        say(f"a bare Debian is there ({time.monotonic() - began_s:.0f} s)")
    except (UnavailableError, subprocess.SubprocessError) as fault:
        sys.stderr.write(f"the till was NOT tried on a booted machine: {fault}\n")
        return CANNOT
    archive = options.archive or _archive(options.folder / "dist")
    prepared = backend.prepare(options.folder)
    run = options.folder / f"run-{kind.release}"
    with backend.running(prepared, run / "backend") as books:
        stage = Stage(
            images=images,
            kind=kind,
            archive=archive,
            folder=run / "machine",
            backend=books,
            patience=options.patience,
            pictures=PICTURES if options.pictures else None,
            cuts=options.cuts,
        )
        try:
            failed = [name for name in names if not _passes(name, stage)]
        finally:
            stage.close()
    held.close()
    say(f"{len(stage.seen)} steps as they should be; failed: {', '.join(failed) or 'none'}")
    return int(bool(failed))


def _only_run_in(folder: Path) -> IO[str]:
    """Return the folder's lock, which holds until this program ends.

    Errors: UnavailableError where another run has it: two would remove each other's disks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        problem = f"another run works in {folder}: name one of your own by --folder"
        raise UnavailableError(problem) from None
    return lock


def _options() -> argparse.Namespace:
    words = argparse.ArgumentParser(prog="python -m tests.machine")
    words.add_argument("scenario", nargs="*", help=f"of {', '.join(SCENARIOS)}; all without any")
    words.add_argument("--release", choices=RELEASES, default="bookworm")
    words.add_argument("--architecture", choices=("amd64", *FOREIGN), default="amd64")
    words.add_argument("--short", action="store_true", help="what shows most in the least time")
    words.add_argument("--patience", type=float, help="times as long for every step; 2, short: 1")
    words.add_argument("--cuts", type=int, default=20, help="so many power cuts")
    words.add_argument("--pictures", action="store_true", help=f"write {PICTURES.name} of the docs")
    words.add_argument("--folder", type=Path, default=FOLDER, help="for disks, 1 GB each")
    words.add_argument("--archive", type=Path, help="of a release; without it this checkout's")
    options = words.parse_args()
    options.patience = options.patience or (1.0 if options.short else 2.0)
    there_are = tuple(SCENARIOS) if options.architecture in EMULATORS else WITHOUT_MACHINE
    options.scenario = options.scenario or (SHORT if options.short else there_are)
    if unknown := set(options.scenario) - set(there_are):
        words.error(f"no such scenario here: {', '.join(sorted(unknown))}")
    return options


def _archive(folder: Path) -> Path:
    """Make the archive of this checkout's release."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("taptill-*.tar.gz"):
        old.unlink()
    build = [sys.executable, str(ROOT / "release/build.py"), str(folder)]
    subprocess.run(build, check=True, capture_output=True, timeout=BUILD_S_MAX)
    (archive,) = folder.glob("taptill-*.tar.gz")
    return archive


def _passes(name: str, stage: Stage) -> bool:
    began_s = time.monotonic()
    say(f"{stage.kind.release}, {name} ...")
    try:
        SCENARIOS[name](stage)
    except (StepFailedError, MachineError, subprocess.TimeoutExpired) as fault:
        say(f"FAILED: {name}: {fault}")
        return False
    say(f"{stage.kind.release}, {name}: {time.monotonic() - began_s:.0f} s")
    return True


if __name__ == "__main__":
    sys.exit(main())
