"""What this machine offers: whether it can make a Debian disk and emulate a computer."""

import os
import shutil
from collections.abc import Iterable, Mapping

from tests.bare.host import UnavailableError

TOOLS = {"mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs", "qemu-img": "qemu-utils"}
EMULATORS = {
    "amd64": ("qemu-system-x86_64", "qemu-system-x86"),
    "arm64": ("qemu-system-aarch64", "qemu-system-arm"),
}
"""What emulates a whole computer; of armhf there is a root alone, whose programs run here."""

FOREIGN = {
    "arm64": ("qemu-aarch64-static", "qemu-user-static"),
    "armhf": ("qemu-arm-static", "qemu-user-static"),
}
"""What runs the programs of a foreign root."""

ARCH_TEST = ("arch-test", "arch-test")
"""What mmdebstrap asks whether they run."""


def tools_for(architecture: str, own: str) -> Mapping[str, str]:
    """Return each program that is needed, with the package of Debian that has it."""
    emulator = dict([EMULATORS[architecture]]) if architecture in EMULATORS else {}
    foreign = dict([FOREIGN[architecture], ARCH_TEST]) if architecture != own else {}
    return {**TOOLS, **emulator, **foreign}


def look(architecture: str) -> None:
    """Raise UnavailableError with all that is missing here."""
    missing = list(_missing(architecture))
    if missing:
        raise UnavailableError("; ".join(missing))


def _missing(architecture: str) -> Iterable[str]:
    if os.getuid() != 0:
        yield "it needs root (sudo make test-machine)"
    if not shutil.which("apt-get"):
        yield "it needs apt: this is no Debian"
    tools = tools_for(architecture, own_architecture())
    absent = sorted({package for tool, package in tools.items() if not shutil.which(tool)})
    if absent:
        yield f"sudo apt install --no-install-recommends {' '.join(absent)}"


def own_architecture() -> str:
    """Return Debian's name of this machine's processor."""
    names = {"x86_64": "amd64", "aarch64": "arm64"}
    return names.get(os.uname().machine, os.uname().machine)
