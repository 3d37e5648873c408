"""Lets programs of another processor run on this machine, by QEMU's user mode."""

import subprocess
from pathlib import Path

_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_MAGIC = {
    "arm64": (
        rb":qemu-aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:"
        rb"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:"
        rb"/usr/bin/qemu-aarch64-static:F"
    ),
    "armhf": (
        rb":qemu-arm:M::\x7fELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x28\x00:"
        rb"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:"
        rb"/usr/bin/qemu-arm-static:F"
    ),
}
"""Magic and mask of an ELF file for each processor; F: the interpreter is opened now, outside the
root (the kernel's admin-guide/binfmt-misc.rst)."""


def let_programs_run(architecture: str) -> None:
    """Tell the kernel what runs this architecture's programs, in each root, until it is booted."""
    rule = _MAGIC[architecture]
    if (_BINFMT / rule.split(b":")[1].decode()).exists():
        return
    if not (_BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "none", str(_BINFMT)], check=True)
    (_BINFMT / "register").write_bytes(rule)
