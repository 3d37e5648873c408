"""A second copy of the journal on a USB stick that is pulled and comes back."""

import json
import subprocess
import time

from tests.machine.emulator.machine import Machine
from tests.machine.stage import AS_TILL, CONFIG, FRAME_S, Stage, says

STICK = "/media/stick"
COPY = f"{STICK}/taptill.jsonl"
MOUNT = f"/dev/disk/by-label/MIRROR {STICK} ext4 nofail,noatime,x-systemd.device-timeout=1s 0 0"
VERIFY = f"{AS_TILL} journal verify --file {COPY}"
MOUNT_IT = (
    f"udevadm settle; for i in 1 2 3 4 5; do mount {STICK} && break; sleep 2; done"
    f"; mountpoint -q {STICK}"
)
DROP_IN = "/etc/systemd/system/taptill.service.d"
CAUGHT_UP_S = 20


def on_a_stick(stage: Stage) -> None:
    """Sales go on while the stick is away; what it missed is on it when it is back."""
    content = stage.folder.parent / "stick.img"
    content.unlink(missing_ok=True)
    words = ["mke2fs", "-q", "-t", "ext4", "-L", "MIRROR", str(content), "64M"]
    subprocess.run(words, check=True)
    with stage.same_till() as machine:
        stage.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        stick = machine.desk.plug_stick(content)
        set_up(machine)
        reader = stage.plug_reader(machine)
        stage.sell(machine, reader)
        holds_all(stage, machine, "the stick has the sale")
        machine.desk.pull(stick)
        stage.sell(machine, reader)
        stage.tell("without the stick the till sells", holds="CLOSED" not in machine.screen())
        stage.picture(machine, "mirror-away")
        machine.desk.plug_stick(content)
        machine.guest.sh(f"umount -l {STICK}; sleep 3; {MOUNT_IT}")
        stage.sell(machine, reader)
        holds_all(stage, machine, "back again it has all")


def set_up(machine: Machine) -> None:
    """Mount the stick and name it in the config and the unit, as docs/configuration.md says."""
    machine.guest.sh(f"mkdir -p {STICK}; echo '{MOUNT}' >>/etc/fstab; systemctl daemon-reload")
    machine.guest.sh(f"{MOUNT_IT} && chown taptill {STICK}")
    machine.guest.sh(f"sed -i 's|^mirror = .*|mirror = \"{COPY}\"|' {CONFIG}")
    machine.guest.sh(f"mkdir -p {DROP_IN}")
    allowed = f"[Service]\nReadWritePaths=-{STICK}\n"
    machine.guest.write(f"{DROP_IN}/mirror.conf", allowed.encode())
    machine.guest.sh("systemctl daemon-reload; systemctl restart taptill", within_s=FRAME_S)


def holds_all(stage: Stage, machine: Machine, description: str) -> None:
    """The copy verifies and ends with the journal's last entry."""
    end_s = time.monotonic() + CAUGHT_UP_S * stage.patience
    while True:
        listed = f"{AS_TILL} journal list --last 1 --json --state-dir /var/lib/taptill"
        last = json.loads(machine.guest.sh(listed))["hash"]
        copied = machine.guest.run(f"{VERIFY} && tail -n 1 {COPY}")
        holds = not copied.status and last in copied.text
        if holds or time.monotonic() > end_s:
            break
    stage.tell(description, holds=holds, instead=copied.text)
