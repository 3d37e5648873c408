"""A folder with a fresh Debian of some release and an ordinary account."""

from dataclasses import dataclass
from pathlib import Path

from tests.bare.host import apt_options, pip_options
from tests.bare.log import Log

PACKAGES = ("git", "make", "python3", "python3-venv")
"""What README asks for; nothing else, so that what it forgets is noticed."""

ACCOUNT = "newcomer"
MAKE_S_MAX = 900
CERTIFICATES = "/etc/pip-certificates.pem"


@dataclass(frozen=True)
class Root:
    """A Debian in a folder; `uid` and `gid` are those of the ordinary account in it."""

    path: Path
    uid: int
    gid: int


def made(release: str, mirror: str, folder: Path, log: Log) -> Root:
    """Make a root of a release in a folder. Errors: CommandFailedError.

    It has neither /etc/hosts nor /etc/machine-id: mmdebstrap makes none, as a container has none.
    """
    path = folder / "root"
    # A root that a power cut spoils is made anew: dpkg need not wait for the disk at each file.
    options = ["--dpkgopt=force-unsafe-io", *(f"--aptopt={option}" for option in apt_options())]
    words = ["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    log.run([*words, *options, release, str(path), mirror], MAKE_S_MAX)
    for left in ("etc/hosts", "etc/machine-id"):
        (path / left).unlink(missing_ok=True)
    log.run(["chroot", str(path), "useradd", "--create-home", ACCOUNT], 60)
    _point_pip(path)
    lines = (path / "etc/passwd").read_text().splitlines()
    uid, gid = next(line.split(":")[2:4] for line in lines if line.startswith(f"{ACCOUNT}:"))
    return Root(path, int(uid), int(gid))


def _point_pip(root: Path) -> None:
    """Let pip in there ask what pip on this machine asks."""
    options = pip_options()
    if "cert" in options:
        (root / CERTIFICATES.lstrip("/")).write_bytes(Path(options["cert"]).read_bytes())
        options["cert"] = CERTIFICATES
    lines = [f"{key} = {value}\n" for key, value in options.items()]
    (root / "etc/pip.conf").write_text("[global]\n" + "".join(lines))
