"""The unit at work: a till that is killed, that hangs, that is stopped, that is started twice."""

import time

from tests.machine.emulator.guest import Ended
from tests.machine.emulator.machine import Machine
from tests.machine.stage import AS_TILL, CONFIG, FRAME_S, RUN, SOON_S, Stage, StepFailedError, says

STARTING = "taptill: starting"
RATIO_MAX = 3.0
"""A till that was killed is usable again after so many times what a program needs that draws one
word with the same library, in the same unit. docs/performance.md has the exact floors."""

IN_USE = 75
BARE_PROGRAM = '''"""The least program of the screen's library that says READY, for comparison."""
import os
import socket
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("bare")
    def on_mount(self):
        self.call_after_refresh(self.ready)
    def ready(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])

Bare().run()
'''


def killed(stage: Stage) -> None:
    """`kill -9`: a line at once, the till soon, in ratio to a bare program in the same unit."""
    with stage.same_till() as machine:
        stage.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        stage.sell(machine, stage.plug_reader(machine))
        stage.wait(machine, "a sale is sent", says("√ sent"), FRAME_S)
        machine.guest.sh("kill -9 $(systemctl show -p MainPID --value taptill)")
        text = stage.wait(machine, "after a kill a line stands", says(STARTING))
        stage.tell("and the last frame is gone", holds="last sales" not in text)
        stage.wait(machine, "then the till is back with its last sale", says("4.20"), FRAME_S)
        ours_s = min(restart_s(machine, stage) for _ in range(3))
        machine.guest.sh("mkdir -p /etc/systemd/system/taptill.service.d")
        machine.guest.write("/opt/taptill/bare.py", BARE_PROGRAM.encode())
        python = "/opt/taptill/current/bin/python /opt/taptill/bare.py"
        machine.guest.write(
            "/etc/systemd/system/taptill.service.d/bare.conf",
            f"[Service]\nWatchdogSec=0\nExecStart=\nExecStart={python}\n".encode(),
        )
        machine.guest.sh("systemctl daemon-reload; systemctl restart taptill", within_s=FRAME_S)
        bare_s = min(restart_s(machine, stage) for _ in range(3))
        ratio = ours_s / bare_s
        words = f"killed to READY: {ours_s:.1f} s here, a bare program {bare_s:.1f} s: {ratio:.2f}"
        stage.tell(words, holds=ratio < RATIO_MAX)


def restart_s(machine: Machine, stage: Stage) -> float:
    """Kill the till and return the seconds until its unit says READY, by the guest's own clock."""
    begun_s = float(
        machine.guest.sh(
            "kill -9 $(systemctl show -p MainPID --value taptill); cut -d' ' -f1 /proc/uptime"
        )
    )
    end_s = time.monotonic() + FRAME_S * stage.patience
    while time.monotonic() < end_s:
        text = machine.guest.sh(
            "systemctl show -p ActiveEnterTimestampMonotonic,ActiveState taptill"
        )
        facts = dict(line.split("=", 1) for line in text.splitlines())
        ready_s = int(facts["ActiveEnterTimestampMonotonic"]) / 1e6
        if facts["ActiveState"] == "active" and ready_s > begun_s:
            return ready_s - begun_s
        time.sleep(0.2)
    raise StepFailedError("a killed till is not READY again")


def hanging(stage: Stage) -> None:
    """A till that does not move: the watchdog restarts it."""
    with stage.same_till() as machine:
        stage.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        machine.guest.sh("kill -STOP $(systemctl show -p MainPID --value taptill)")
        end_s = time.monotonic() + FRAME_S * stage.patience
        while machine.guest.sh("systemctl show -p NRestarts --value taptill").strip() == "0":
            if time.monotonic() > end_s:
                raise StepFailedError("a till that hangs is not restarted")
            time.sleep(1)
        stage.tell("the watchdog ends a till that hangs")
        stage.wait(machine, "and it is back", says("READER missing"), FRAME_S)
        said = machine.guest.sh("journalctl -b -u taptill --no-pager -o cat")
        stage.tell("by the watchdog", holds="atchdog timeout" in said, instead=said)


def stopped(stage: Stage) -> None:
    """Stopped in good order; a second till is refused; the console is as it was before."""
    with stage.same_till() as machine:
        stage.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        second = second_start(machine)
        refused = second.status == IN_USE and "journal-in-use" in second.text
        stage.tell("a second till is refused", holds=refused, instead=second.text[-600:])
        stage.tell("the first one goes on", holds="READER" in machine.screen())
        machine.guest.sh("systemctl stop taptill", within_s=FRAME_S)
        facts = machine.guest.sh("systemctl show -p Result,ExecMainStatus taptill").split()
        clean = {"Result=success", "ExecMainStatus=0"} <= set(facts)
        stage.tell("it stops cleanly", holds=clean, instead=str(facts))
        verified = machine.guest.run(f"{AS_TILL} journal verify --state-dir /var/lib/taptill")
        stage.tell("the journal is whole", holds=not verified.status, instead=verified.text)
        machine.guest.sh("printf '\\033[42;37mPAID\\033[0m' >/dev/tty1")
        colours = machine.desk.colours()
        stage.tell("the console has its own colours", holds={"#00aa00", "#aaaaaa"} <= colours)
        level = int(machine.guest.sh("cat /proc/sys/kernel/printk").split()[0])
        stage.tell("the kernel speaks on the console again", holds=level > 1)


def second_start(machine: Machine) -> Ended:
    """Start another till by hand, on a terminal of its own and with a token of its own."""
    machine.guest.sh("install -o taptill -m 600 /etc/credstore/api-token /run/second-token")
    token_file = 's|^token_file = .*|token_file = "/run/second-token"|'
    machine.guest.sh(f"sed '{token_file}' {CONFIG} >/run/second.toml")
    words = f"{RUN} run --config /run/second.toml --state-dir /var/lib/taptill"
    command = f'runuser -u taptill -- script -qec "{words}" /dev/null'
    return machine.guest.run(command, within_s=FRAME_S)


def credential(stage: Stage) -> None:
    """No token: a sentence on the console, no restart for ever; with one the till sells."""
    with stage.same_till() as machine:
        stage.wait(machine, "the till is READY", says("READER missing"), FRAME_S)
        machine.guest.sh("mv /etc/credstore/api-token /root/token")
        machine.guest.run("systemctl restart taptill", within_s=FRAME_S)
        text = stage.wait(machine, "without a token a sentence stands", says("api-token"), FRAME_S)
        stage.picture(machine, "no-token")
        time.sleep(SOON_S / 10)
        facts = machine.guest.sh("systemctl show -p NRestarts,ExecMainStatus taptill").split()
        once = {"NRestarts=0", "ExecMainStatus=78"} <= set(facts)
        stage.tell("and the start is not tried again and again", holds=once, instead=str(facts))
        stage.tell("the sentence names an error", holds="[config" in text, instead=text)
        machine.guest.sh("mv /root/token /etc/credstore/api-token")
        machine.guest.sh("systemctl start taptill", within_s=FRAME_S)
        stage.sell(machine, stage.plug_reader(machine))
        key = machine.guest.run("runuser -u taptill -- cat /etc/credstore/api-token").status
        stage.tell("the till's account cannot read the token's file", holds=key != 0)
