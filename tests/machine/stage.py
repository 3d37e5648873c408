"""What a scenario works with: machines of one Debian, a backend, and the steps that it has seen."""

import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.machine.backend import CARD, LoopbackService, frame
from tests.machine.emulator.command import BACKEND, DiskImage, Hardware
from tests.machine.emulator.desk import SerialPlug
from tests.machine.emulator.machine import Machine
from tests.machine.images import Images, Kind
from tests.project.sources import ROOT

BOOT_S, FRAME_S, SOON_S, INSTALL_S = 600.0, 300.0, 60.0, 900.0
PAINTED_S = 1.5
"""Enter counts once somebody can have seen the verdict."""

HELD_UP, HELD_UP_MAX = "The till was held up", 5

RULES = "/etc/udev/rules.d/70-taptill-readers.rules"
CONFIG = "/etc/taptill/config.toml"
RUN = "/opt/taptill/current/bin/taptill"
AS_TILL = f"runuser -u taptill -- {RUN}"

Claim = Callable[[str], bool]


class StepFailedError(Exception):
    """Something was not as it should be; the words say what, and what stood there instead."""


def says(*words: str) -> Claim:
    """Return the claim that a screen has all of these words."""
    return lambda text: all(word in text for word in words)


def says_any(*words: str) -> Claim:
    """Return the claim that a screen has one of these words."""
    return lambda text: any(word in text for word in words)


def says_not(word: str) -> Claim:
    """Return the claim that a screen has this word no longer."""
    return lambda text: bool(text) and word not in text


def site_files(token: str) -> Mapping[str, str]:
    """Return the files of a site with an FTDI serial reader, for `Images.installed`."""
    config = (ROOT / "config.example.toml").read_text()
    config = re.sub(r"(?m)^base_url = .*", f'base_url = "{BACKEND}"', config)
    config = re.sub(r"(?m)^token_file = .*", 'token_file = ""', config)
    rules = (ROOT / "udev/70-taptill-readers.rules").read_text()
    rules = re.sub(r'(?m)^#(.*"ftdi")$', r"\1", rules)
    keyboard = 'ATTRS{idVendor}=="0627", ATTRS{idProduct}=="0001", ENV{TAPTILL_READER}="machine"'
    rules = re.sub(r"(?m)^#.*sycreader.*$", keyboard, rules)
    return {CONFIG[1:]: config, RULES[1:]: rules, "etc/credstore/api-token": token}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where a scenario runs, and what is said of it."""

    images: Images
    kind: Kind
    archive: Path
    folder: Path
    backend: LoopbackService
    patience: float = 1.0
    pictures: Path | None = None
    cuts: int = 20
    seen: list[str] = field(default_factory=list)
    used: list[Machine] = field(default_factory=list)

    def tell(self, description: str, *, holds: bool = True, instead: str = "") -> None:
        """Note a step. Errors: StepFailedError where it does not hold."""
        if not holds:
            raise StepFailedError(f"{description}\n{instead}".strip())
        self.seen.append(description)
        say(f"ok: {description}")

    @contextmanager
    def bare(self, hardware: Hardware | None = None) -> Iterator[Machine]:
        """Yield a machine with a bare Debian, booted."""
        with self._machine(self.images.bare(self.kind), hardware or Hardware()) as machine:
            yield machine

    @contextmanager
    def till(self, hardware: Hardware | None = None) -> Iterator[Machine]:
        """Yield a machine of its own whose till is about to start, booted."""
        with self._machine(self._till_image(), hardware or Hardware()) as machine:
            yield machine

    @contextmanager
    def same_till(self) -> Iterator[Machine]:
        """Yield a till that earlier scenarios have used, too, as it was after its installation.

        One that failed takes its machine with it, and the next has one of its own.
        """
        files = site_files(self.token)
        if self.used and self.used[0].is_on:
            machine = self.used[0]
            machine.desk.pull_all()
            machine.guest.sh("rm -rf /etc/systemd/system/taptill.service.d")
            for path, text in files.items():
                machine.guest.write(f"/{path}", text.encode())
            machine.guest.sh("systemctl daemon-reload; systemctl reset-failed")
            machine.guest.sh("systemctl restart taptill", within_s=FRAME_S)
        else:
            machine = self._new(self._till_image(), Hardware())
            self.used.append(machine)
            say(f"booted in {machine.boot():.0f} s")
        try:
            yield machine
        except BaseException:
            self.close()
            raise

    def _till_image(self) -> DiskImage:
        return self.images.installed(self.kind, self.archive, site_files(self.token))

    def close(self) -> None:
        """Switch off the machine that several scenarios use."""
        while self.used:
            self.used.pop().switch_off()

    @contextmanager
    def _machine(self, image: DiskImage, hardware: Hardware) -> Iterator[Machine]:
        self.close()
        with self._new(image, hardware) as machine:
            say(f"booted in {machine.boot():.0f} s")
            yield machine

    def _new(self, image: DiskImage, hardware: Hardware) -> Machine:
        shutil.rmtree(self.folder, ignore_errors=True)
        made = replace(hardware, backend_port=self.backend.port)
        return Machine(image, self.folder, made, self.patience)

    @property
    def token(self) -> str:
        """The token of the tills."""
        return self.backend.token

    def wait(
        self,
        machine: Machine,
        description: str,
        claim: Claim,
        within_s: float = SOON_S,
        *,
        console: int = 1,
    ) -> str:
        """Wait until a console is as claimed, the till's or another one; return its text.

        Errors: StepFailedError.
        """
        end_s = time.monotonic() + within_s * self.patience
        while not claim(text := machine.screen(console)):
            if time.monotonic() > end_s:
                raise StepFailedError(f"{description}\n{text}\n{_log_of(machine)}")
            time.sleep(0.1)
        self.tell(description)
        return text

    def picture(self, machine: Machine, name: str) -> None:
        """Take a picture of the panel where pictures are asked for."""
        if self.pictures is not None:
            self.pictures.mkdir(parents=True, exist_ok=True)
            machine.desk.picture(self.pictures / f"{name}.png")

    def plug_reader(self, machine: Machine) -> SerialPlug:
        """Plug in a serial reader, and wait until the till has it."""
        reader = machine.desk.plug_serial_reader()
        self.wait(machine, "the reader works", says("READER ok"))
        return reader

    def sell_sent_and_open(self, machine: Machine) -> None:
        """Plug in a reader, sell, pull the network once that is sent, and sell again."""
        self.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        reader = self.plug_reader(machine)
        self.wait(machine, "the backend answers", says("ONLINE"), FRAME_S)
        self.sell(machine, reader)
        self.wait(machine, "a sale is sent", says("√ sent"), FRAME_S)
        machine.desk.cable(plugged=False)
        self.wait(machine, "the network is away", says("OFFLINE"), FRAME_S)
        self.sell(machine, reader)

    def sell(self, machine: Machine, reader: SerialPlug) -> None:
        """Sell for 4.20: amount, tap, Enter, paid."""
        self.until_confirmable(machine, reader)
        machine.desk.press("ret")
        self.wait(machine, "paid", says("Thank you"))

    def until_confirmable(self, machine: Machine, reader: SerialPlug) -> None:
        """Type an amount and tap; what is left is Enter."""
        # A tap that is taken two seconds late buys nothing: first the amount, then the card.
        self.key_in(machine)
        reader.send(frame(CARD))
        self.wait(machine, "a tap", says("Ada Byron"))
        time.sleep(PAINTED_S)

    def key_in(self, machine: Machine) -> None:
        """Type 4.20, again where the machine was too slow for these keys."""
        machine.desk.type("420")
        for _ in range(HELD_UP_MAX):
            text = self.wait(machine, "keys are answered", says_any("4.20 to pay", HELD_UP))
            if HELD_UP not in text:
                break
            # A machine that was too slow for these keys says so, and they are typed again.
            machine.desk.press("esc")
            self.wait(machine, "ready for them again", says_not(HELD_UP))
            machine.desk.type("420")
        self.wait(machine, "the amount", says("4.20 to pay"))


def _log_of(machine: Machine) -> str:
    return machine.guest.run("journalctl -b -u taptill --no-pager | tail -n 20").text


def say(words: str) -> None:
    """Print a line at once: a step takes minutes."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()
