"""What this machine offers: whether it can make a Debian root, and from which mirror."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

TOOLS = {"mmdebstrap": "mmdebstrap", "unshare": "util-linux", "mount": "mount", "git": "git"}
MIRROR_VARIABLE = "DEBIAN_MIRROR"
ANSWER_S_MAX = 60


class UnavailableError(Exception):
    """This machine cannot run the check; the words say everything that is missing."""


def look() -> None:
    """Raise UnavailableError with all that is missing here."""
    missing = list(_missing())
    if missing:
        raise UnavailableError("; ".join(missing))


def _missing() -> Iterable[str]:
    if os.getuid() != 0:
        yield "it needs root (sudo make test-bare)"
    absent = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})
    if absent:
        yield f"sudo apt install {' '.join(absent)}"
    elif os.getuid() == 0 and _fails("unshare", "--mount", "--pid", "--fork", "true"):
        yield "this machine lets nobody make namespaces (is it a container?)"
    if not shutil.which("apt-get"):
        yield "it needs apt: this is no Debian"


def debian_mirror(releases: Iterable[str]) -> str:
    """Return the Debian mirror that this machine's own apt uses, or that DEBIAN_MIRROR names.

    Errors: UnavailableError where there is none or it does not have these releases.
    """
    mirror = os.environ.get(MIRROR_VARIABLE) or _own_mirror()
    if not mirror:
        raise UnavailableError(f"apt knows no Debian mirror: apt-get update, or {MIRROR_VARIABLE}=")
    with tempfile.TemporaryDirectory() as folder:
        for release in releases:
            place = f"{mirror.rstrip('/')}/dists/{release}/Release"
            # apt's own client: it knows this machine's proxies and certificates.
            fetch = ("/usr/lib/apt/apt-helper", "download-file", place, f"{folder}/Release")
            if _fails(*fetch):
                raise UnavailableError(f"no network: apt cannot read Debian's list of {release}")
    return mirror


def apt_options() -> list[str]:
    """Return what this machine's apt is told about getting packages, as mmdebstrap takes it."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True)
    lines = (line for line in dump.stdout.splitlines() if not line.endswith(' "";'))
    return [line.rstrip(";") for line in lines if line.startswith("Acquire::")]


def pip_options() -> dict[str, str]:
    """Return what this machine's pip is told about its index, without folders of this machine."""
    result = subprocess.run(
        ["python3", "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    settings: dict[str, str] = {}
    for line in result.stdout.splitlines():
        key, _, value = line.partition("=")
        name, urls = key.rpartition(".")[2], value.strip("'").split()
        remote_urls = [url for url in urls if not url.startswith(("file:", "/"))]
        if name == "cert" and Path(value.strip("'")).is_file():
            settings[name] = value.strip("'")
        elif name in {"index-url", "extra-index-url", "proxy", "trusted-host"} and remote_urls:
            settings[name] = " ".join(remote_urls)
    return settings


def _own_mirror() -> str:
    form = "$(ORIGIN) $(CODENAME) $(REPO_URI)"
    words = ["apt-get", "indextargets", "--format", form, "Created-By: Packages"]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    for line in result.stdout.splitlines():
        origin, codename, place = line.split(maxsplit=2)
        # Not its updates and not its security archive, which are mirrors of another kind.
        if origin == "Debian" and "-" not in codename:
            return place
    return ""


def _fails(*words: str) -> bool:
    try:
        result = subprocess.run(words, capture_output=True, check=False, timeout=ANSWER_S_MAX)
    except (OSError, subprocess.TimeoutExpired):
        return True
    return result.returncode != 0
