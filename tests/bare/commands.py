"""Runs one of README's commands in a root."""

import sys

from tests.bare.log import CommandFailedError, Log
from tests.bare.root import Root
from tests.scenarios.program import Program

FIRST_S_MAX = 600.0
"""From `make demo` to the screen, the making of .venv included."""

LEAVE = "\x11"


def inside(root: Root, command: str) -> list[str]:
    """Return the words that run a command in a root, in namespaces that end with it."""
    within = (sys.executable, "-m", "tests.bare.inside")
    owner = (str(root.path), str(root.uid), str(root.gid))
    return [
        "unshare",
        "--mount",
        "--pid",
        "--ipc",
        "--fork",
        "--kill-child",
        *within,
        *owner,
        command,
    ]


def shell(root: Root, command: str, log: Log, wait_s_max: float, folder: str = "taptill") -> str:
    """Run a command in the account's checkout; return its last line. Errors: CommandFailedError."""
    log.run(inside(root, f"cd ~/{folder} && {command}"), wait_s_max)
    return log.tail(1)


def demo(root: Root, log: Log) -> None:
    """Sell in `make demo` on a terminal, and leave. Errors: CommandFailedError."""
    program = Program(inside(root, "cd ~/taptill && make demo"))
    try:
        program.wait_for("READER ok", "ONLINE", wait_s=FIRST_S_MAX)
        program.press("420A")
        program.wait_for("Ada Byron pays €4.20")
        program.confirm()
        program.wait_for("Thank you", "A. B. √ sent")
        program.press(LEAVE)
        program.wait_for("safe to switch off")
        program.press(LEAVE)
        status = program.ended()
    except AssertionError as fault:
        raise CommandFailedError(f"make demo: {fault}") from fault
    finally:
        log.add(f"\n$ make demo\n{program.text()}")
        program.close()
    if status:
        raise CommandFailedError(f"make demo: exit status {status}")
