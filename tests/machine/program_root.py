"""The root of a Debian without a kernel: its programs run on this machine, on this one's kernel.

Programs of another processor run by QEMU's user mode, 5 to 10 times slower than their own. There is
no systemd and no udev in it, and its loopback is this machine's.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

RUN_S_MAX = 1200.0
_MOUNTED = 'mount -t proc proc "$0/proc" && mount --bind /dev/pts "$0/dev/pts" && exec chroot "$@"'
_VARIABLES = (
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    *("LANG=C.UTF-8", "TERM=linux"),
)


@dataclass(frozen=True, slots=True)
class ProgramRoot:
    """The folder that is the root."""

    folder: Path

    def words(
        self, *words: str, account: str = "root", variables: tuple[str, ...] = ()
    ) -> list[str]:
        """Return the words that run a program in this root under an account of it.

        What it needs is mounted for that program alone, and goes with it.
        """
        mount = ["unshare", "--mount", "sh", "-c", _MOUNTED, str(self.folder)]
        root = [f"--userspec={account}:{account}", str(self.folder)]
        return [*mount, *root, "env", "-i", *_VARIABLES, *variables, *words]

    def run(self, *words: str, account: str = "root") -> subprocess.CompletedProcess[str]:
        """Run a program to its end; both its streams are `stdout`."""
        return subprocess.run(
            self.words(*words, account=account),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_S_MAX,
        )

    def write(self, path: str, text: str, account: str = "root") -> None:
        """Make a file that this account alone may read; its folder is the account's, if new."""
        file = self.folder / path.lstrip("/")
        user, group = self._numbers(account)
        if not file.parent.is_dir():
            file.parent.mkdir(parents=True)
            os.chown(file.parent, user, group)
        file.write_text(text)
        file.chmod(0o600)
        os.chown(file, user, group)

    def _numbers(self, account: str) -> tuple[int, int]:
        rows = (self.folder / "etc/passwd").read_text().splitlines()
        [row] = [row.split(":") for row in rows if row.startswith(f"{account}:")]
        return int(row[2]), int(row[3])
