"""A till's computer in QEMU: a booted Debian with panel, keyboard, USB sockets and a power cord.

Every processor is emulated, so that it is 15 to 30 times slower than the machine that it runs on:
wait for what the screen says, never for a time. Real are Debian's kernel, systemd, udev with rules
and rights, the unit with its sandbox, the console, the kernel's USB drivers, ext4 and its recovery.
Emulated are the devices: the serial adapter has no baud rate, the keyboard no bounce. A power cut
ends QEMU: the disk is built anew from the log of writes (`writes.py`); a card that lies about
flushes or tears a sector is not shown. No Pi's firmware, graphics, pins or SD card are in it.
"""

import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.machine.emulator.command import DiskImage, Hardware, qemu_words
from tests.machine.emulator.desk import Desk
from tests.machine.emulator.guest import Guest
from tests.machine.emulator.json_line import JsonLine, MachineError
from tests.machine.emulator.writes import Survival, count_writes, replay

BOOT_S_MAX = 600.0
SHUT_DOWN_S_MAX = 300.0
_SOCKETS = ("qmp.sock", "agent.sock", "board.sock", "console.sock")


class Machine:
    """One computer; disk, sockets and logs lie in a folder, and the disk stays between boots."""

    def __init__(
        self,
        image: DiskImage,
        folder: Path,
        hardware: Hardware | None = None,
        patience: float = 1.0,
    ) -> None:
        self.hardware = hardware or Hardware()
        self.patience = patience
        self.folder = folder.resolve()
        self.disk = self.folder / "disk.img"
        self._image = image
        self._qemu: subprocess.Popen[bytes] | None = None
        self._lines: list[JsonLine] = []
        self._guest: Guest | None = None
        self._desk: Desk | None = None
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.disk.exists():
            copy = ["cp", "--sparse=always", str(image.disk), str(self.disk)]
            subprocess.run(copy, check=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.switch_off()

    @property
    def is_on(self) -> bool:
        """Whether QEMU runs."""
        return self._qemu is not None and self._qemu.poll() is None

    @property
    def guest(self) -> Guest:
        """The system in it, once it is booted."""
        if self._guest is None:
            raise MachineError("the machine is off")
        return self._guest

    @property
    def desk(self) -> Desk:
        """Panel, keyboard and sockets, while it is on."""
        if self._desk is None:
            raise MachineError("the machine is off")
        return self._desk

    def boot(self) -> float:
        """Switch on and wait until commands can be run; return the seconds that took."""
        begin_s = time.monotonic()
        self.switch_on()
        end_s = begin_s + BOOT_S_MAX * self.patience
        while not self.guest.answers():
            self._must_run()
            if time.monotonic() > end_s:
                raise MachineError(f"no answer from the guest: see {self.folder}/console.log")
        return time.monotonic() - begin_s

    def switch_on(self) -> None:
        """Switch on and wait for nothing. What this run writes goes into a layer of its own."""
        if self._qemu is not None:
            raise MachineError("it is on already")
        for name in (*_SOCKETS, "run.qcow2"):
            (self.folder / name).unlink(missing_ok=True)
        layer = ["-f", "qcow2", "-F", "raw", "-b", str(self.disk), str(self.folder / "run.qcow2")]
        subprocess.run(["qemu-img", "create", "-q", *layer], check=True)
        (self.folder / "writes").write_bytes(bytes(512))  # QEMU takes no empty one
        with (self.folder / "qemu.log").open("ab") as log:
            words = qemu_words(self.hardware, self._image, self.folder)
            self._qemu = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        monitor = self._connect("qmp.sock")
        monitor.read(10)
        monitor.ask("qmp_capabilities")
        self._desk = Desk(monitor, self.folder)
        self._guest = Guest(self._connect("agent.sock"), self.patience)
        if self.hardware.backend_port and not self.hardware.cable_plugged:
            self._desk.cable(plugged=False)
        monitor.ask("cont")

    def _connect(self, name: str, within_s: float = 20.0) -> JsonLine:
        end_s = time.monotonic() + within_s
        while True:
            try:
                line = JsonLine(self.folder / name)
            except OSError as fault:
                if time.monotonic() > end_s or self._qemu is None or self._qemu.poll() is not None:
                    said = (self.folder / "qemu.log").read_text(errors="replace")[-2000:]
                    raise MachineError(f"QEMU did not start:\n{said}") from fault
                time.sleep(0.05)
            else:
                self._lines.append(line)
                return line

    def _must_run(self) -> None:
        if self._qemu is None or self._qemu.poll() is not None:
            raise MachineError(f"QEMU has ended by itself: see {self.folder}/qemu.log")

    def shut_down(self) -> None:
        """Shut the system down in good order; the disk keeps everything."""
        assert self._qemu is not None
        self.guest.shut_down()
        self._qemu.wait(SHUT_DOWN_S_MAX * self.patience)
        self._ended()
        self._keep_layer()

    def switch_off(self) -> None:
        """End the machine if it is on; what this run has written is forgotten."""
        if self._qemu is not None:
            self._qemu.kill()
            self._ended()

    def writes(self) -> int:
        """Return how many writes and flushes the disk has seen since the machine was switched on.

        No command of the monitor is in this: one that stops the processors also flushes the disk.
        """
        return count_writes(self.folder / "writes")

    def cut_power(self, seed: int | None = None, *, until: int | None = None) -> Survival:
        """Pull the plug. Unflushed writes are lost; with a seed an arbitrary half of them.

        `until` pulls it after so many of `writes`, which may be a while ago.
        """
        assert self._qemu is not None
        self._qemu.send_signal(signal.SIGKILL)
        self._ended()
        survival = replay(self.folder / "writes", self.disk, seed, until)
        (self.folder / "run.qcow2").unlink()
        return survival

    def _ended(self) -> None:
        assert self._qemu is not None
        self._qemu.wait()
        for line in self._lines:
            line.close()
        self._lines.clear()
        self._qemu = self._guest = self._desk = None

    def _keep_layer(self) -> None:
        layer = self.folder / "run.qcow2"
        subprocess.run(["qemu-img", "commit", "-q", str(layer)], check=True)
        layer.unlink()

    def screen(self, console: int = 1) -> str:
        """Return a console's characters as the kernel has them; "" while nobody can read them.

        The agent reads them itself: on a disk that has failed no command can be started.
        """
        with suppress(MachineError, ValueError):
            high, wide = self.guest.read(f"/dev/vcsa{console}")[:2]
            letters = self.guest.read(f"/dev/vcsu{console}").decode("utf-32-le", errors="replace")
            if len(letters) == high * wide:  # its size may change between the two
                rows = [letters[at : at + wide].rstrip() for at in range(0, len(letters), wide)]
                return "\n".join(rows)
        return ""
