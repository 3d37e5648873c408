"""Boots a Debian with this checkout's till and checks its unit and its console.

`python -m tests.boot --machine vm.py --image DISK.img --folder FOLDER`: `vm.py` is a module whose
class VM boots the image with a console and USB plugs. In the image a till is installed in
/opt/taptill/current, with a Customers service on loopback that knows Ada Byron's card. The image
decides which release of Debian is booted. It takes minutes and is no part of `make test`; where
other work slows the machine down, `--patience 3` waits three times as long for every step.
"""

import argparse
import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.project.sources import ROOT

from taptill.ui.themes import CONSOLE_PALETTE

BOOT_S_MAX = 600.0
INSTALL_S_MAX = 400.0
FRAME_S_MAX = 300.0
SOON_S_MAX = 60.0
STOP_S_MAX = 120.0
CARD = "0062E3086C"
CARD_FRAME = b"\x020062E3086CE5\x03"
WRITTEN_OVER = "somebody else wrote this"
STARTING = "taptill: starting"
KEYBOARD = "0627:0001"
RULES = "/etc/udev/rules.d/70-taptill-readers.rules"
CONFIG = "/etc/taptill/config.toml"


class Machine:
    """A machine with the till's screen; `done` are the steps that were seen, in order."""

    def __init__(self, vm: Any, patience: float) -> None:
        self.vm = vm
        self.patience = patience
        self.done: list[str] = []

    def screen(self) -> str:
        """Return what stands on the console; while a unit ends, a console cannot be opened."""
        with suppress(Exception):
            return "\n".join(self.vm.screen_text())
        return ""

    def seen(
        self, description: str, claim: Callable[[str], bool], wait_s_max: float = SOON_S_MAX
    ) -> str:
        """Wait until the screen is as claimed."""
        end_s = time.monotonic() + wait_s_max * self.patience
        while not claim(text := self.screen()):
            if time.monotonic() > end_s:
                raise SystemExit(f"FAILED: {description}\n{text}")
            time.sleep(0.1)
        self.tell(description)
        return text

    def tell(self, description: str, *, holds: bool = True) -> None:
        if not holds:
            raise SystemExit(f"FAILED: {description}")
        self.done.append(description)
        sys.stdout.write(f"ok: {description}\n")
        sys.stdout.flush()

    def colours(self, file: Path) -> set[str]:
        """Return the colours of the picture on the panel that more than a few dots have."""
        self.vm.ask("screendump", filename=str(file), format="ppm", device="panel")
        dots = file.read_bytes().split(b"\n", 3)[3]
        counts: dict[bytes, int] = {}
        for at in range(0, len(dots) - 2, 3):
            counts[dots[at : at + 3]] = counts.get(dots[at : at + 3], 0) + 1
        return {f"#{dot.hex()}" for dot, count in counts.items() if count > 20}


def main() -> None:
    options = options_of("tests.boot", "a disk with an installed till")
    with vm_class(options.machine)(options.image, options.folder) as vm:
        machine = Machine(vm, options.patience)
        vm.boot(BOOT_S_MAX * options.patience)
        install(machine, options.folder)
        vm.shut_down(FRAME_S_MAX * options.patience)
        vm.boot(BOOT_S_MAX * options.patience)
        serial_reader(machine, options.folder)
        keyboard_reader(machine)
        stopped(machine, options.folder)
        vm.shut_down(FRAME_S_MAX * options.patience)
    sys.stdout.write(f"{len(machine.done)} steps, all as they should be\n")


def options_of(module: str, image: str) -> argparse.Namespace:
    """Return machine, image, folder and patience, as the command line of a module says them."""
    words = argparse.ArgumentParser(prog=f"python -m {module}")
    words.add_argument("--machine", type=Path, required=True, help="the module with the class VM")
    words.add_argument("--image", type=Path, required=True, help=image)
    words.add_argument("--folder", type=Path, required=True, help="for the machine's disk")
    words.add_argument("--patience", type=float, default=1.0, help="times as long for every step")
    return words.parse_args()


def vm_class(path: Path) -> Any:
    """Load the class VM from a file."""
    spec = importlib.util.spec_from_file_location("vm", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["vm"] = module
    spec.loader.exec_module(module)
    return module.VM


def install(machine: Machine, folder: Path) -> None:
    """Put this checkout's program and unit over those of the image; the till starts at boot."""
    vm = machine.vm
    build = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation")
    subprocess.run([*build, "-w", str(folder), str(ROOT)], check=True)
    (wheel,) = folder.glob("taptill-*.whl")
    vm.put(wheel, f"/root/{wheel.name}")
    vm.put(ROOT / "systemd/taptill.service", "/etc/systemd/system/taptill.service")
    pip = "/opt/taptill/current/bin/pip install -q --no-index --no-deps --force-reinstall"
    vm.sh(f"{pip} /root/{wheel.name}", timeout=INSTALL_S_MAX * machine.patience)
    vendor, product = KEYBOARD.split(":")
    kind = f'ATTRS{{idVendor}}=="{vendor}", ATTRS{{idProduct}}=="{product}"'
    line = f'{kind}, ENV{{TAPTILL_READER}}="vm"'
    vm.sh(f"sed -i '/^#.*sycreader/c {line}' {RULES} && grep -q {vendor} {RULES}")
    vm.sh("systemctl enable taptill.service")


def serial_reader(machine: Machine, folder: Path) -> None:
    """No reader at boot; one is plugged in, a card tapped and paid; the till is killed."""
    vm = machine.vm
    machine.seen(
        "the till starts without a reader", lambda text: "READER missing" in text, FRAME_S_MAX
    )
    late = "ttyUSB" not in vm.sh("cat /proc/devices")
    machine.tell("no driver of USB serial readers is loaded at start", holds=late)
    reader = vm.plug_serial_reader()
    text = machine.seen("a reader that is plugged in later works", lambda text: "READER ok" in text)
    machine.tell("the kernel has not written over the screen", holds="usb " not in text)
    vm.type("420")
    # A tap that is taken two seconds late buys nothing: first the amount, then the card.
    machine.seen("the amount", lambda text: "4.20 to pay" in text)
    reader.send(CARD_FRAME)
    machine.seen("a tap", lambda text: "Ada" in text)
    time.sleep(1.5)  # Enter counts once somebody can have seen the verdict
    vm.key("ret")
    machine.seen("paid", lambda text: "Thank you" in text)
    colours = machine.colours(folder / "paid.ppm")
    ours = {CONSOLE_PALETTE[2], CONSOLE_PALETTE[7]} <= colours and "#00aa00" not in colours
    machine.tell("PAID is white on the till's green", holds=ours)
    acts: dict[str, Callable[[], object]] = {
        "Ctrl-L": lambda: vm.key("ctrl-l"),
        "a reader that is pulled": lambda: vm.unplug(reader),
    }
    for description, act in acts.items():
        vm.sh(f"printf '\\033[3;1H{WRITTEN_OVER}\\n' >/dev/tty1")
        act()
        machine.seen(f"{description} paints all", lambda text: "READER" in text and clean(text))
    vm.run("kill -9 $(systemctl show -p MainPID --value taptill)")
    text = machine.seen("after a kill a line stands", lambda text: STARTING in text)
    machine.tell("and the last frame is gone", holds="last sales" not in text)
    machine.seen("then the till is back", lambda text: "READER" in text, FRAME_S_MAX)


def keyboard_reader(machine: Machine) -> None:
    """A reader that types is plugged in, and a card tapped."""
    vm = machine.vm
    for key, value in {
        "driver": '"keyboard"',
        "port": '"/dev/input/rfid-reader"',
        "family": '""',
        "card_id": '["text"]',
    }.items():
        vm.sh(f"sed -i '/^[[][[]reader/,/^$/ s|^{key} = .*|{key} = {value}|' {CONFIG}")
    vm.sh("systemctl restart taptill", timeout=FRAME_S_MAX * machine.patience)
    machine.seen(
        "a till for a reader that types", lambda text: "READER missing" in text, FRAME_S_MAX
    )
    reader = vm.plug_keyboard_reader()
    machine.seen("it works under the unit", lambda text: "READER ok" in text)
    reader.type(CARD)
    machine.seen("a tap of a reader that types", lambda text: "Ada" in text)
    vm.key("esc")


def stopped(machine: Machine, folder: Path) -> None:
    """The till is stopped: colours and the kernel's words are back."""
    vm = machine.vm
    vm.sh(
        "systemctl stop taptill; printf '\\033[42;37mPAID\\033[0m' >/dev/tty1",
        timeout=STOP_S_MAX * machine.patience,
    )
    colours = machine.colours(folder / "stopped.ppm")
    machine.tell("the console has its own colours", holds={"#00aa00", "#aaaaaa"} <= colours)
    level = int(vm.sh("cat /proc/sys/kernel/printk").split()[0])
    machine.tell("the kernel speaks on the console again", holds=level > 1)


def clean(text: str) -> bool:
    return WRITTEN_OVER not in text and "last sales" in text


if __name__ == "__main__":
    main()
