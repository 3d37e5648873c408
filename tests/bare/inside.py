"""Runs a command in a root as an ordinary account.

`python -m tests.bare.inside ROOT UID GID COMMAND`, as the first process of namespaces of its own:
what is mounted here is gone with them, and with it every process that was started.
"""

import os
import subprocess
import sys
from pathlib import Path

NODES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
ACCOUNT_HOME = "/home/newcomer"


def main(root: Path, uid: int, gid: int, command: str) -> None:
    """Never returns."""
    mount("proc", "proc", root / "proc")
    mount("sysfs", "sys", root / "sys", "ro")
    devices(root / "dev")
    os.chroot(root)
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)
    os.umask(0o022)
    os.chdir(ACCOUNT_HOME)
    # As after a log-in on a machine where nobody has chosen a language.
    variables = {
        "HOME": ACCOUNT_HOME,
        "USER": "newcomer",
        "LOGNAME": "newcomer",
        "SHELL": "/bin/bash",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TERM": os.environ.get("TERM", "xterm-256color"),
    }
    os.execve("/bin/bash", ["bash", "-c", command], variables)


def devices(place: Path) -> None:
    """Make the few devices that every machine has; none of this machine's own is seen."""
    mount("tmpfs", "dev", place, "mode=755")
    for name in NODES:
        (place / name).touch()
        mount("", f"/dev/{name}", place / name, "bind")
    (place / "pts").mkdir()
    (place / "shm").mkdir()
    mount("devpts", "devpts", place / "pts", "newinstance,ptmxmode=0666,mode=620,gid=5")
    mount("tmpfs", "shm", place / "shm", "mode=1777")
    for name, target in LINKS.items():
        (place / name).symlink_to(target)


def mount(kind: str, source: str, where: Path, options: str = "rw") -> None:
    """Mount something in this namespace."""
    words = ["-t", kind] if kind else []
    subprocess.run(["mount", *words, "-o", options, source, str(where)], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
