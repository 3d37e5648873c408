"""The archive on a Debian that has never heard of it: installed, upgraded, put back, removed."""

import json
import tarfile
import time

from tests.machine.emulator.command import BACKEND
from tests.machine.emulator.machine import Machine
from tests.machine.stage import CONFIG, FRAME_S, INSTALL_S, Stage, says

NEWER, BROKEN = "0.1.0.newer", "0.1.0.broken"
RELEASE = "/root/release"
LINK = "readlink /opt/taptill/current"
JOURNAL = "/var/lib/taptill/journal.db"
SOFTWARE, NOT_NOW = 70, 75
ANSWERS = f"""
[setup]
token_file = "token"
reader_usb = "0403:6001"
start = true
[backend]
base_url = "{BACKEND}"
[[reader]]
driver = "serial"
port = "/dev/rfid-reader"
family = "rdm6300"
card_id = ["HEX"]
"""
_SUMS = "find . -type f ! -name SHA256SUMS -printf '%P\\0' | sort -z | xargs -0 sha256sum"


def first_installation(stage: Stage) -> None:
    """Looked at, installed without the network, filled in, and a first sale."""
    with stage.bare() as machine:
        with tarfile.open(stage.archive) as tar:
            name = tar.getnames()[0]
        machine.guest.put(stage.archive, "/root/taptill.tar.gz")
        unpack = f"cd /root && tar -xzf taptill.tar.gz && mv {name} {RELEASE}"
        machine.guest.sh(unpack, within_s=INSTALL_S)
        checked = machine.guest.run(f"{RELEASE}/install.sh --check", within_s=INSTALL_S)
        stage.tell("the check misses nothing", holds=not checked.status, instead=checked.text)
        untouched = machine.guest.run("test -e /opt/taptill || getent passwd taptill").status
        stage.tell("and has touched nothing", holds=untouched != 0)
        begin_s = time.monotonic()
        installed = machine.guest.run(f"{RELEASE}/install.sh", within_s=INSTALL_S)
        words = f"it is installed in {time.monotonic() - begin_s:.0f} s here"
        stage.tell(words, holds=not installed.status, instead=installed.text)
        stage.wait(machine, "its console says how to begin", says("sudo taptill setup"), FRAME_S)
        stage.picture(machine, "not-set-up")
        set_up(stage, machine)
        stage.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        reader = stage.plug_reader(machine)
        stage.wait(machine, "the backend answers", says("ONLINE"), FRAME_S)
        stage.sell(machine, reader)
        stage.wait(machine, "and sent", says("√ sent"), FRAME_S)


def set_up(stage: Stage, machine: Machine) -> None:
    """Set the till up from answers, as `docs/technician.md` has them."""
    machine.guest.write("/root/token", stage.backend.token.encode())
    machine.guest.write("/root/site.toml", ANSWERS.encode())
    command = "taptill setup --answers /root/site.toml --name bar-2"
    done = machine.guest.run(command, within_s=INSTALL_S)
    # The reader is not plugged in yet, which a doctor calls a failure.
    stage.tell("it is set up from answers", holds="READY" in done.text, instead=done.text)
    mode = machine.guest.sh(f"stat -c '%a %U %G' {CONFIG}").strip()
    stage.tell(f"the config is {mode}", holds=mode == "640 root taptill")


def upgrades(stage: Stage) -> None:
    """A newer release, one that does not start, and one that is older than the journal."""
    with stage.till() as machine:
        stage.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        stage.sell(machine, stage.plug_reader(machine))
        version = json.loads(machine.guest.sh(f"cat {RELEASE}/release.json"))["version"]
        broken(stage, machine, version)
        variant(machine, NEWER)
        upgraded = machine.guest.run(f"/root/{NEWER}/install.sh", within_s=INSTALL_S)
        stage.tell("a newer release starts", holds=not upgraded.status, instead=upgraded.text)
        link = machine.guest.sh(LINK).strip()
        stage.tell(f"the link is {link}", holds=link.endswith(NEWER))
        stage.wait(machine, "the till is back with its last sale", says("4.20"), FRAME_S)
        older(stage, machine)


def variant(machine: Machine, version: str, edit: str = "true") -> None:
    """Make a copy of the release that calls itself so, edited by a command in its folder."""
    machine.guest.sh(f"rm -rf /root/{version} && cp -r {RELEASE} /root/{version}")
    about = json.loads(machine.guest.sh(f"cat {RELEASE}/release.json"))
    text = json.dumps({**about, "version": version})
    machine.guest.write(f"/root/{version}/release.json", text.encode())
    listed = f"{_SUMS} >/root/sums && mv /root/sums SHA256SUMS"
    machine.guest.sh(f"cd /root/{version} && {edit} && {listed}", within_s=INSTALL_S)


def broken(stage: Stage, machine: Machine, version: str) -> None:
    """A release that does not start: the one before runs again, with its own unit."""
    edit = "sed -i 's|^ExecStart=.*|ExecStart=/bin/false|' systemd/taptill.service"
    variant(machine, BROKEN, edit)
    refused = machine.guest.run(f"/root/{BROKEN}/install.sh", within_s=INSTALL_S)
    holds = refused.status == SOFTWARE and "runs again" in refused.text
    stage.tell("a release that does not start goes back", holds=holds, instead=refused.text)
    link = machine.guest.sh(LINK).strip()
    stage.tell(f"the link is {link}", holds=link.endswith(version))
    unit = machine.guest.sh("cat /etc/systemd/system/taptill.service")
    stage.tell("with the unit of before", holds="/bin/false" not in unit)
    stage.wait(machine, "the till sells on", says("4.20", "READER"), FRAME_S)


def older(stage: Stage, machine: Machine) -> None:
    """A release that does not know the journal's format is refused, and nothing is touched."""
    variant(
        machine, "0.0.9", 'sed -i \'s/"journal_format": [0-9]*/"journal_format": 1/\' release.json'
    )
    refused = machine.guest.run("/root/0.0.9/install.sh", within_s=INSTALL_S)
    holds = refused.status == NOT_NOW and "knows up to 1" in refused.text
    stage.tell("a release older than the journal is refused", holds=holds, instead=refused.text)
    stage.tell("the link stays", holds=machine.guest.sh(LINK).strip().endswith(NEWER))


def removal(stage: Stage) -> None:
    """Refused with money that the backend does not have; then everything but config and journal."""
    with stage.till() as machine:
        stage.sell_sent_and_open(machine)
        command = f"{RELEASE}/install.sh --uninstall"
        refused = machine.guest.run(command, within_s=FRAME_S)
        holds = refused.status == NOT_NOW and "still holds money" in refused.text
        stage.tell("it is not removed with an open sale", holds=holds, instead=refused.text)
        stage.tell("the till goes on", holds="READER" in machine.screen())
        machine.desk.cable(plugged=True)
        stage.wait(machine, "all is sent", says("0 to send"), FRAME_S)
        removed = machine.guest.run(command, within_s=FRAME_S)
        stage.tell("it is removed", holds=not removed.status, instead=removed.text)
        kept = f"test -s {JOURNAL} && test -s {CONFIG} && ! test -e /opt/taptill"
        stage.tell("journal and config are kept", holds=not machine.guest.run(kept).status)
        left = machine.guest.run("ls /etc/systemd/system/taptill* /etc/udev/rules.d/*taptill*").text
        stage.tell("no unit and no rule is left", holds="taptill.service" not in left, instead=left)
