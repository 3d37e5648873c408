"""A root that is only read, and a card that moves to another board."""

import subprocess
from dataclasses import replace

from tests.machine.emulator.command import Hardware
from tests.machine.emulator.machine import Machine
from tests.machine.stage import AS_TILL, FRAME_S, INSTALL_S, Stage, says

STATE = "/var/lib/taptill"
RELEASE = "/root/release"
UNAVAILABLE = 69


def read_only_root(stage: Stage) -> None:
    """An overlay over the root and a disk for the journal, as docs/appliance.md says."""
    second = stage.folder.parent / "second.img"
    second.parent.mkdir(parents=True, exist_ok=True)
    second.unlink(missing_ok=True)
    words = ["mke2fs", "-q", "-t", "ext4", "-L", "taptill-state", str(second), "256M"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    with stage.till(Hardware(second_disk=second)) as machine:
        stage.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        stage.sell(machine, stage.plug_reader(machine))
        stage.wait(machine, "a sale is sent", says("√ sent"), FRAME_S)
        move_state(machine)
        machine.shut_down()
        machine.hardware = replace(machine.hardware, kernel_words="readonly-root")
        machine.boot()
        stage.wait(machine, "a till on a read-only root", says("READER missing"), FRAME_S)
        stage.wait(machine, "with the sale of before", says("4.20"))
        mounts = machine.guest.sh(f"findmnt -n -o FSTYPE /; findmnt -n -o FSTYPE {STATE}").split()
        stage.tell(f"the disks are {mounts}", holds=mounts == ["overlay", "ext4"])
        refused(stage, machine, "the program's disk", "/opt/taptill is on overlay")
        stage.sell(machine, stage.plug_reader(machine))
        machine.guest.sh("touch /etc/forgotten")
        machine.cut_power()
        machine.boot()
        stage.wait(machine, "after a power cut it is back", says("READER missing"), FRAME_S)
        holds = not machine.guest.run("test ! -e /etc/forgotten").status
        stage.tell("what was written to the root is gone", holds=holds)
        listed = machine.guest.sh(f"{AS_TILL} journal list --state-dir {STATE}")
        stage.tell("both sales are not", holds=listed.count("charge") == 2, instead=listed)


def move_state(machine: Machine) -> None:
    """Put the state directory onto the second disk."""
    machine.guest.sh("systemctl stop taptill", within_s=FRAME_S)
    machine.guest.sh("mount LABEL=taptill-state /mnt")
    machine.guest.sh(f"cp -a {STATE}/. /mnt/ && chown taptill:taptill /mnt && umount /mnt")
    line = f"LABEL=taptill-state {STATE} ext4 noatime,errors=remount-ro 0 2"
    machine.guest.sh(f"echo '{line}' >>/etc/fstab")


def refused(stage: Stage, machine: Machine, description: str, words: str) -> None:
    """The installer looks and refuses."""
    ended = machine.guest.run(f"{RELEASE}/install.sh --check", within_s=INSTALL_S)
    holds = ended.status == UNAVAILABLE and words in ended.text
    stage.tell(f"the installer refuses {description}", holds=holds, instead=ended.text)


def another_board(stage: Stage) -> None:
    """The card goes into another board: it sells once somebody says that the old one is gone."""
    spent_before = stage.backend.spent_minor()
    with stage.till() as machine:
        stage.sell_sent_and_open(machine)
        machine.guest.sh("rm /etc/machine-id && systemd-machine-id-setup")
        machine.shut_down()
        machine.boot()
        stage.wait(machine, "another board is noticed", says("[journal-cloned]"), FRAME_S)
        stage.picture(machine, "another-board")
        machine.guest.sh(f"{AS_TILL} journal adopt --yes --state-dir {STATE}")
        machine.guest.sh("systemctl start taptill", within_s=FRAME_S)
        reader = stage.plug_reader(machine)
        stage.wait(machine, "adopted: the open sale is sent", says("0 to send"), FRAME_S)
        stage.sell(machine, reader)
        stage.wait(machine, "and the next one, too", says("√ sent"), FRAME_S)
        spent = stage.backend.spent_minor() - spent_before
        stage.tell(f"the books have three sales once: {spent}", holds=spent == 3 * 420)
