"""Runs README's two commands in a fresh root of each Debian release.

`python -m tests.bare [RELEASE ...] [--short]`. Exit status: 0 where all passed, 1 where a command
failed, 69 where this machine cannot do it; then the reasons stand on standard error, all at once.
"""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bare.checkout import bundle, leftovers
from tests.bare.commands import demo, shell
from tests.bare.host import UnavailableError, debian_mirror, look
from tests.bare.log import CommandFailedError, Log
from tests.bare.root import Root, made

RELEASES = ("bookworm", "trixie")
SHORT_RELEASE = "trixie"
TEST_S_MAX = 5400
SHORT_S_MAX = 900
CANNOT = 69

# What is left out of the whole check where minutes count: style and types, which no root changes,
# and the tests marked slow, but for those that have failed in a root that lacked something.
SHORT_TESTS = (
    ".venv/bin/pytest -q -n 2 --dist loadfile -m 'not slow and not bench' --hypothesis-profile=few",
    ".venv/bin/pytest -q tests/cli/test_office_commands.py -k 'board or archives'",
)


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.bare")
    words.add_argument("release", nargs="*", help=f"of {', '.join(RELEASES)}; both without any")
    words.add_argument("--short", action="store_true", help="one release, the demo, fast tests")
    options = words.parse_args()
    if unknown := set(options.release) - set(RELEASES):
        words.error(f"no such release: {', '.join(sorted(unknown))}")
    # A root is removed also where somebody stops the run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    releases = options.release or ((SHORT_RELEASE,) if options.short else RELEASES)
    try:
        look()
        mirror = debian_mirror(releases)
    except UnavailableError as fault:
        complain(f"README's commands were NOT run on a bare Debian: {fault}")
        return CANNOT
    results = [tried(release, mirror, short=options.short) for release in releases]
    return int(not all(results))


def tried(release: str, mirror: str, *, short: bool) -> bool:
    """Run both commands on one release; say how long each step took, and what failed."""
    with folder(release) as place, Log(release) as log:
        try:
            with step(release, "a fresh root"):
                root = made(release, mirror, place, log)
            commands(root, release, log, short=short)
        except CommandFailedError as fault:
            complain(f"{release}: FAILED: {fault}\n{log.tail()}")
            complain(f"{release}: the whole log is {log.path}")
            return False
    say(f"{release}: both commands pass for an ordinary account")
    return True


def commands(root: Root, release: str, log: Log, *, short: bool) -> None:
    """Clone the checkout and run README's commands in it. Errors: CommandFailedError."""
    bundle(root.path / "taptill.bundle")
    shell(root, "git clone -q /taptill.bundle taptill", log, 120, folder="")
    with step(release, "make demo, from nothing to a sale"):
        demo(root, log)
    if left := leftovers(root, log):
        raise CommandFailedError(f"make demo left behind: {left}")
    with step(release, "fast tests" if short else "make test"):
        for line in SHORT_TESTS if short else ("make test",):
            say(f"{release}: {shell(root, line, log, SHORT_S_MAX if short else TEST_S_MAX)}")


@contextmanager
def step(release: str, description: str) -> Iterator[None]:
    """Say what begins, and how long it took."""
    say(f"{release}: {description} ...")
    began_s = time.monotonic()
    yield
    say(f"{release}: {description}: {time.monotonic() - began_s:.0f} s")


@contextmanager
def folder(release: str) -> Iterator[Path]:
    """Yield a folder for a root; it is removed whatever happens."""
    place = Path(tempfile.mkdtemp(prefix=f"taptill-bare-{release}-"))
    place.chmod(0o755)
    try:
        yield place
    finally:
        shutil.rmtree(place)


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def complain(words: str) -> None:
    sys.stderr.write(f"{words}\n")


if __name__ == "__main__":
    sys.exit(main())
