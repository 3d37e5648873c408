"""The command line of QEMU for a till's computer: panel, keyboard, USB sockets, serial line."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RELAY = Path(__file__).with_name("relay.py")
BACKEND = "http://10.0.2.100:8080"
"""Where the guest finds the port of this machine's loopback that it may reach."""

_ARM_MAGIC = slice(56, 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """What the computer is made of.

    `screen` is the panel in dots. `clock` is an ISO time at which the board's clock starts; a board
    without one starts in 1970. `backend_port` gives it a network whose other end is that port of
    this machine's loopback and nothing else; whether its cable is plugged when the computer is
    switched on says `cable_plugged`. `kernel_words` are added to the kernel's command line.
    `second_disk` is another disk, /dev/vdb, whose writes no power cut takes away.
    """

    memory_mb: int = 1024
    processors: int = 2
    screen: str = "1280x800"
    clock: str = ""
    backend_port: int = 0
    cable_plugged: bool = True
    second_disk: Path | None = None
    kernel_words: str = ""


@dataclass(frozen=True, slots=True)
class DiskImage:
    """A disk with a Debian; its kernel and first RAM disk lie beside it."""

    disk: Path

    @property
    def kernel(self) -> Path:
        """The kernel that QEMU starts."""
        return self.disk.with_suffix(".vmlinuz")

    @property
    def initrd(self) -> Path:
        """The kernel's first RAM disk."""
        return self.disk.with_suffix(".initrd")

    @property
    def is_arm(self) -> bool:
        """Whether the kernel is one for 64-bit ARM, by its head (arm64/booting.rst)."""
        with self.kernel.open("rb") as file:
            return file.read(64)[_ARM_MAGIC] == b"ARM\x64"


def qemu_words(hardware: Hardware, image: DiskImage, folder: Path) -> list[str]:
    """Return QEMU's command line; sockets, log and the run's writes lie in the folder."""
    arm = image.is_arm
    return [
        "qemu-system-aarch64" if arm else "qemu-system-x86_64",
        *("-machine", "virt" if arm else "pc"),
        *("-accel", "tcg,thread=multi", "-cpu", "cortex-a72" if arm else "max"),
        *("-m", str(hardware.memory_mb), "-smp", str(hardware.processors), "-S"),
        *("-nodefaults", "-no-user-config", "-display", "none"),
        *("-qmp", f"unix:{folder}/qmp.sock,server=on,wait=off"),
        *_system(hardware, image),
        *_disk(folder),
        *_second_disk(hardware),
        *_desk(hardware, is_arm=arm),
        *_lines(folder, is_arm=arm),
        *_network(hardware),
    ]


def _system(hardware: Hardware, image: DiskImage) -> Iterator[str]:
    # As on a Pi: kernel and systemd speak on the screen, too, which is the last console.
    serial = "hvc0" if image.is_arm else "ttyS0"
    words = f"root=/dev/vda rw console={serial},115200 console=tty1 {hardware.kernel_words}"
    yield from (
        "-kernel",
        str(image.kernel),
        "-initrd",
        str(image.initrd),
        "-append",
        words.strip(),
    )
    if hardware.clock:
        yield from ("-rtc", f"base={hardware.clock}")


def _disk(folder: Path) -> Iterator[str]:
    """A layer for what this run writes, and below the guest a log of each write and flush."""
    yield from ("-blockdev", f"file,node-name=base,filename={folder}/run.qcow2")
    yield from ("-blockdev", "qcow2,node-name=layer,file=base")
    yield from ("-blockdev", f"file,node-name=log,filename={folder}/writes")
    logged = "blklogwrites,node-name=disk,file=layer,log=log,log-super-update-interval=1"
    yield from ("-blockdev", logged, "-device", "virtio-blk-pci,drive=disk")


def _second_disk(hardware: Hardware) -> Iterator[str]:
    if hardware.second_disk is not None:
        yield from ("-blockdev", f"file,node-name=second-file,filename={hardware.second_disk}")
        yield from ("-blockdev", "raw,node-name=second,file=second-file")
        yield from ("-device", "virtio-blk-pci,drive=second")


def _desk(hardware: Hardware, *, is_arm: bool) -> Iterator[str]:
    """Panel and keyboard; a second panel that no system sees, for keys of a typing reader."""
    wide, high = hardware.screen.split("x")
    panel = "virtio-gpu-pci" if is_arm else "VGA"
    yield from ("-device", f"{panel},id=panel,xres={wide},yres={high}", "-device", "ramfb,id=wedge")
    yield from ("-device", "qemu-xhci,id=usb")
    if is_arm:
        yield from ("-device", "usb-kbd,id=keyboard")


def _lines(folder: Path, *, is_arm: bool) -> Iterator[str]:
    """The kernel's console, the board's own serial line (ttyS1, ttyAMA0), and the agent's."""
    log = f"logfile={folder}/console.log,logappend=on"
    yield from ("-chardev", f"socket,id=con,path={folder}/console.sock,server=on,wait=off,{log}")
    yield from ("-chardev", f"socket,id=board,path={folder}/board.sock,server=on,wait=off")
    yield from ("-chardev", f"socket,id=agent,path={folder}/agent.sock,server=on,wait=off")
    yield from ("-device", "virtio-serial-pci")
    if is_arm:
        yield from ("-device", "virtconsole,chardev=con", "-serial", "chardev:board")
    else:
        yield from ("-serial", "chardev:con", "-serial", "chardev:board")
    yield from ("-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0")
    yield from ("-device", "virtio-rng-pci")


def _network(hardware: Hardware) -> Iterator[str]:
    if hardware.backend_port:
        relay = f"{sys.executable} {RELAY} {hardware.backend_port}"
        forward = f"guestfwd=tcp:10.0.2.100:8080-cmd:{relay}"
        yield from ("-netdev", f"user,id=net,restrict=on,{forward}")
        yield from ("-device", "virtio-net-pci,netdev=net,id=nic")
