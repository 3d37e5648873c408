"""Makes the archive of a release: `python release/build.py [FOLDER]`, or `make release`.

The archive holds wheels for every board and both releases of Debian, so all of them must be pure
Python; what comes as source is built into a wheel here, and the archive has its own list of hashes.
Two builds of one commit are the same bytes: times are the commit's, owners nobody, names in order.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

FILES = {
    "release/install.sh": "install.sh",
    "config.example.toml": "config.example.toml",
    "README.md": "README.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
}
FOLDERS = {
    "release/installer": "installer",
    "systemd": "systemd",
    "udev": "udev",
    "docs": "docs",
    "findings": "findings",
}
"""`docs` name these, and those of `FILES`."""

WHEELS = "wheels"
REQUIREMENTS = "requirements.txt"
"""The folder of wheels, and the list of their hashes.

Every till has those of the Customers service, which `taptill practice` runs as well.
"""


def main() -> None:
    """Build the archive and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "dist")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    name = f"taptill-{version}"
    with tempfile.TemporaryDirectory() as temporary:
        stage = Path(temporary) / name
        stage.mkdir()
        stamp = commit_time()
        make_wheels(stage, stamp)
        copy_files(stage)
        write_lists(stage, version)
        archive = folder / f"{name}.tar.gz"
        pack(stage, archive, stamp)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    print(f"{archive} ({archive.stat().st_size / 1e6:.1f} MB)\nsha256 {digest}")


def commit_time() -> int:
    """Return when the checkout's commit was made, in seconds; 0 outside of a checkout."""
    words = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    return int(told.stdout) if told.returncode == 0 and told.stdout.strip() else 315_532_800


def make_wheels(stage: Path, stamp: int) -> None:
    """Download or build the wheels of till and service; exit where one is not pure Python."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(stamp)}
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "-w",
        str(stage / WHEELS),
    ]
    locked = [*pip, "--require-hashes", "-r", str(ROOT / "requirements.lock")]
    subprocess.run(locked, check=True, env=environment)
    own = [*pip, "--no-build-isolation", str(ROOT)]
    subprocess.run(own, check=True, env=environment)
    download_pure(service_lock(), stage / WHEELS)
    compiled = [wheel.name for wheel in (stage / WHEELS).glob("*.whl") if not is_pure(wheel)]
    if compiled:
        sys.exit(f"these wheels are for one kind of machine only: {', '.join(sorted(compiled))}")


def service_lock() -> str:
    """Return the part of the lock that only the extra `service` has."""
    of_till = locked_packages(ROOT / "requirements.lock")
    of_service = locked_packages(ROOT / "requirements-service.lock")
    return "".join(text for name, text in of_service.items() if name not in of_till)


def locked_packages(lock: Path) -> dict[str, str]:
    """Return the lines of each package of a lock by its `name==version`."""
    packages: dict[str, str] = {}
    name = ""
    for line in lock.read_text().splitlines(keepends=True):
        if not line.startswith(" "):
            name = line.split()[0]
        packages[name] = packages.get(name, "") + line
    return packages


def download_pure(lock: str, folder: Path) -> None:
    """Download the wheels for every machine of packages that have compiled ones, too."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(folder)]
    machine = ["--platform", "any", "--implementation", "py", "--abi", "none"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(lock)
        file.flush()
        locked = ["--only-binary=:all:", "--require-hashes", "-r", file.name]
        subprocess.run([*pip, *machine, *locked], check=True)


def is_pure(wheel: Path) -> bool:
    """Return whether a wheel fits every machine and Python, by its name (PEP 427)."""
    return wheel.stem.endswith("-none-any")


def copy_files(stage: Path) -> None:
    """Copy what the installer and the technician need."""
    for source, target in FILES.items():
        shutil.copyfile(ROOT / source, stage / target)
    (stage / "install.sh").chmod(0o755)
    for source, target in FOLDERS.items():
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / source, stage / target, ignore=skip)


def write_lists(stage: Path, version: str) -> None:
    """Write the hashes of the wheels for pip, those of all files, and what the release is."""
    wheels = sorted((stage / WHEELS).glob("*.whl"))
    lines = [f"{requirement(wheel)} --hash=sha256:{digest_of(wheel)}\n" for wheel in wheels]
    (stage / REQUIREMENTS).write_text("".join(lines))
    about = {"version": version, "journal_format": journal_format()}
    (stage / "release.json").write_text(json.dumps(about) + "\n")
    files = sorted(path for path in stage.rglob("*") if path.is_file())
    sums = [f"{digest_of(path)}  {path.relative_to(stage)}\n" for path in files]
    (stage / "SHA256SUMS").write_text("".join(sums))


def requirement(wheel: Path) -> str:
    """Return `name==version` of a wheel."""
    name, version, *_ = wheel.name.split("-")
    return f"{name}=={version}"


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def journal_format() -> int:
    """Return the format of the journal that this version writes."""
    for line in (ROOT / "src/taptill/journal/schema.py").read_text().splitlines():
        if line.startswith("VERSION = "):
            return int(line.removeprefix("VERSION = "))
    sys.exit("journal/schema.py names no VERSION")


def pack(stage: Path, archive: Path, stamp: int) -> None:
    """Pack a folder so that the same files make the same bytes."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.mtime, member.uid, member.gid = stamp, 0, 0
        member.uname = member.gname = ""
        member.mode = 0o755 if member.isdir() or member.name.endswith(".sh") else 0o644
        return member

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in [stage, *sorted(stage.rglob("*"))]:
            tar.add(
                path, arcname=str(path.relative_to(stage.parent)), recursive=False, filter=plain
            )
    with archive.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=stamp) as out:
        out.write(packed.getvalue())


if __name__ == "__main__":
    main()
