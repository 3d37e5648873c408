"""Disks with a Debian for the machine: a bare one, and one with this checkout's release on it.

They are made once and kept in a folder outside the checkout, named by what is in them. The bare one
has what Debian's installer puts on a computer and taptill meets, Debian's own builds of what
keyboard and PC/SC readers need, the agent that runs commands, and small tools to look with. It has
no boot loader: QEMU starts the kernel, which lies beside the disk.
"""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bare.host import UnavailableError, apt_options, debian_mirror
from tests.machine.emulator.command import DiskImage
from tests.machine.foreign import let_programs_run
from tests.machine.host import own_architecture

PACKAGES = (
    *("initramfs-tools", "systemd-sysv", "systemd-timesyncd", "udev", "dbus", "kmod"),
    *("kbd", "console-setup", "keyboard-configuration", "qemu-guest-agent", "passwd", "login"),
    *("python3", "python3-venv", "python3-evdev", "python3-pyscard", "pcscd", "libusb-1.0-0"),
    *("usbutils", "iproute2", "procps", "psmisc", "locales", "tzdata"),
)
ROOT_PACKAGES = ("systemd", "udev", "python3", "python3-venv")
SIZE = "4G"
MAKE_S_MAX, FOREIGN_MAKE_S_MAX = 1200, 4800
INSTALL_S_MAX = 2400
"""Programs of another processor take four times as long."""

_RAM_DISK = {
    "etc/initramfs-tools/conf.d/machine": "MODULES=list\n",
    "etc/initramfs-tools/hooks/machine": (
        '#!/bin/sh\n[ "$1" = prereqs ] && exit\n. /usr/share/initramfs-tools/hook-functions\n'
        "manual_add_modules virtio_pci virtio_blk ext4 overlay\n"
    ),
    "etc/initramfs-tools/scripts/local-bottom/machine": (
        '#!/bin/sh\n[ "$1" = prereqs ] && exit\nread -r words </proc/cmdline\n'
        "case $words in *readonly-root*) ;; *) exit 0 ;; esac\n"  # there is no grep there
        "modprobe overlay\nmkdir -p /lower /upper\nmount -n -o move ${rootmnt} /lower\n"
        "mount -n -t tmpfs tmpfs /upper\nmkdir -p /upper/data /upper/work\n"
        "mount -n -t overlay -o lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work "
        "overlay ${rootmnt}\n"
    ),
}
"""The first RAM disk has what finds the disk and no more: made in seconds, it boots sooner.

With `readonly-root` on the kernel's command line the root is an overlay whose upper half is in
memory, as raspi-config makes it.
"""

_SYSTEM = {
    "etc/hostname": "till\n",
    "etc/hosts": "127.0.0.1 localhost till\n",
    "etc/fstab": "/dev/vda / ext4 noatime,errors=remount-ro 0 1\n",
    "etc/systemd/network/80-dhcp.network": "[Match]\nName=en*\n[Network]\nDHCP=ipv4\n",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """Which Debian: the name of a release, and the processor."""

    release: str
    architecture: str = "amd64"


class Images:
    """The disks that were made on this machine, in a folder."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say

    def bare(self, kind: Kind) -> DiskImage:
        """Return a disk with a bare Debian, made now if there is none of this recipe."""
        recipe = repr((PACKAGES, _RAM_DISK, _SYSTEM, SIZE))
        name = f"{kind.release}-{kind.architecture}-{_digest(recipe.encode())}"
        return self._made(name, lambda root: _bootstrap(kind, root))

    def installed(self, kind: Kind, archive: Path, site: Mapping[str, str]) -> DiskImage:
        """Return a disk on which the archive was installed, with a site's files.

        `site` has paths below the root and what is written there.
        """
        bare = self.bare(kind)
        contents = archive.read_bytes() + repr(sorted(site.items())).encode()
        name = f"{bare.disk.parent.name}-till-{_digest(contents)}"

        def make(root: Path) -> None:
            copy = ["cp", "-a", f"{bare.disk.parent}/root", str(root)]
            subprocess.run(copy, check=True)
            _install(root, archive)
            for path, text in site.items():
                _write(root, path, text, 0o600 if "credstore" in path else 0o644)
            _chroot(root, "chown", "root:taptill", "/etc/taptill/config.toml")

        return self._made(name, make)

    def root(self, kind: Kind) -> Path:
        """Return a folder with the root of a Debian that has what the installer asks for.

        It has no kernel, and is made now if there is none of this recipe.
        """
        name = f"{kind.release}-{kind.architecture}-root-{_digest(repr(ROOT_PACKAGES).encode())}"
        folder = self._folder / name
        if not folder.is_dir():
            self._say(f"making the root {name} ...")
            half = folder.with_suffix(".half")
            shutil.rmtree(half, ignore_errors=True)
            _unpack_debian(kind, half, ROOT_PACKAGES)
            half.rename(folder)
        return folder

    def _made(self, name: str, make: Callable[[Path], None]) -> DiskImage:
        folder = self._folder / name
        image = DiskImage(folder / "disk.img")
        if image.disk.is_file():
            return image
        self._say(f"making the disk {name} ...")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        root = folder / "root"
        make(root)
        shutil.copyfile(root / "vmlinuz", image.kernel)
        shutil.copyfile(root / "initrd.img", image.initrd)
        half = folder / "half.img"
        words = ["mke2fs", "-q", "-t", "ext4", "-L", "taptill", "-d", str(root), str(half), SIZE]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        half.rename(image.disk)
        return image


def _bootstrap(kind: Kind, root: Path) -> None:
    """Make the root of a bare Debian. Errors: UnavailableError."""
    packages = (f"linux-image-{kind.architecture}", *PACKAGES)
    with tempfile.TemporaryDirectory() as temporary:
        first = Path(temporary)
        first.chmod(0o755)  # it becomes the root's own mode
        for path, text in _RAM_DISK.items():
            _write(first, path, text, 0o755)
        _unpack_debian(kind, root, packages, f"--essential-hook=sync-in {first} /")
    for path, text in _SYSTEM.items():
        _write(root, path, text, 0o644)
    _chroot(root, "passwd", "--quiet", "-d", "root")
    _chroot(root, "systemctl", "enable", "--quiet", "systemd-networkd")
    shutil.rmtree(root / "var/lib/apt/lists", ignore_errors=True)


def _unpack_debian(kind: Kind, root: Path, packages: Sequence[str], *options: str) -> None:
    """Make a root with these packages. Errors: UnavailableError."""
    mirror = debian_mirror([kind.release])
    is_foreign = kind.architecture != own_architecture()
    if is_foreign:
        let_programs_run(kind.architecture)
    words = [
        *("mmdebstrap", "--mode=root", "--variant=apt", f"--include={','.join(packages)}"),
        *("--architectures", kind.architecture, "--dpkgopt=force-unsafe-io", *options),
        *(f"--aptopt={option}" for option in apt_options()),
        *("--aptopt=APT::Install-Recommends false", kind.release, str(root), mirror),
    ]
    made = subprocess.run(
        words,
        timeout=FOREIGN_MAKE_S_MAX if is_foreign else MAKE_S_MAX,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if made.returncode:
        raise UnavailableError(f"mmdebstrap made no {kind.release}: {made.stderr[-1000:]}")


def _install(root: Path, archive: Path) -> None:
    """Install an archive in a root, by its own installer and with the Python of that Debian."""
    unpack(archive, root)
    subprocess.run(["mount", "-t", "proc", "proc", str(root / "proc")], check=True)
    try:
        _chroot(root, "/root/release/install.sh")
    finally:
        subprocess.run(["umount", str(root / "proc")], check=True)


def unpack(archive: Path, root: Path) -> None:
    """Unpack an archive in a root, to /root/release, and keep it there, too."""
    with tarfile.open(archive) as tar:
        tar.extractall(root / "root", filter="data")
        name = tar.getnames()[0]
    (root / "root" / name).rename(root / "root/release")
    shutil.copyfile(archive, root / "root/taptill.tar.gz")


def _chroot(root: Path, *words: str) -> None:
    command = ["chroot", str(root), *words]
    done = subprocess.run(
        command, check=False, timeout=INSTALL_S_MAX, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: {done.stdout}{done.stderr}")


def _write(root: Path, path: str, text: str, mode: int) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)  # a link would lead out of this root
    file.write_text(text)
    file.chmod(mode)


def _digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()[:12]
