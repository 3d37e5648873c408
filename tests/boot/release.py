"""Boots a bare Debian and installs the archive of a release on it.

`python -m tests.boot.release --machine vm.py --image DISK.img --folder FOLDER`: the disk has Debian
12 or 13 with python3-venv and no till. The backend is an embedded service on this machine, which
the emulated one reaches over its network. It takes minutes and is no part of `make test`.
"""

import json
import re
import select
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.boot.__main__ import (
    BOOT_S_MAX,
    CARD,
    CARD_FRAME,
    FRAME_S_MAX,
    INSTALL_S_MAX,
    Machine,
    options_of,
    vm_class,
)
from tests.project.sources import ROOT

PEOPLE = f"name,cardId,isCreditAllowed,isBlocked,totalDebt\nAda Byron,{CARD},false,false,-12.30\n"
BACKEND = "http://10.0.2.100:8080"
BROKEN = "0.1.0.broken"


def main() -> None:
    options = options_of("tests.boot.release", "a disk with a bare Debian")
    options.folder.mkdir(parents=True, exist_ok=True)
    build = [sys.executable, str(ROOT / "release/build.py"), str(options.folder)]
    subprocess.run(build, check=True, capture_output=True)
    with (
        service(options.folder) as (port, token),
        vm_class(options.machine)(options.image, options.folder / "vm", backend=port) as vm,
    ):
        machine = Machine(vm, options.patience)
        vm.boot(BOOT_S_MAX * options.patience)
        first_installation(machine, options.folder)
        first_sale(machine, options.folder, token)
        broken_upgrade(machine)
        removal(machine)
        vm.shut_down(FRAME_S_MAX * options.patience)
    sys.stdout.write(f"{len(machine.done)} steps, all as they should be\n")


@contextmanager
def service(folder: Path) -> Iterator[tuple[int, str]]:
    """Run an embedded service with one customer; yield its port and a till's token."""
    database, people = folder / "customers.db", folder / "people.csv"
    database.unlink(missing_ok=True)
    people.write_text(PEOPLE)
    taptill = [sys.executable, "-m", "taptill", "service"]
    for words in (["init", database], ["import", database, people]):
        subprocess.run([*taptill, *map(str, words)], check=True, capture_output=True)
    add = ["token", "add", str(database), "--role", "till", "--name", "till"]
    told = subprocess.run([*taptill, *add], check=True, capture_output=True, text=True)
    run = [*taptill, "run", str(database), "--port", "0"]
    with (folder / "service.log").open("w") as log:
        child = subprocess.Popen(run, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert child.stdout
        select.select([child.stdout], [], [], 60)
        port = re.search(r":([0-9]+)\s*$", child.stdout.readline())
        assert port
        yield int(port[1]), told.stdout.split()[-1]
    finally:
        child.terminate()
        child.wait(30)


def first_installation(machine: Machine, folder: Path) -> None:
    """The archive on a bare Debian: looked at first, then installed, without a till's start."""
    vm = machine.vm
    (archive,) = folder.glob("taptill-*.tar.gz")
    with tarfile.open(archive) as tar:
        name = tar.getnames()[0]
    vm.put(archive, "/root/taptill.tar.gz")
    vm.sh(f"cd /root && tar -xzf taptill.tar.gz && mv {name} release", timeout=300)
    status, said = vm.run("/root/release/install.sh --check", timeout=300)
    machine.tell(
        f"the check says that nothing is missing: {said.splitlines()[-1:]}", holds=not status
    )
    machine.tell("and has touched nothing", holds=vm.run("test -e /opt/taptill")[0] != 0)
    begin = time.monotonic()
    status, said = vm.run(
        "/root/release/install.sh 2>&1", timeout=2 * INSTALL_S_MAX * machine.patience
    )
    took = f"{time.monotonic() - begin:.0f} s here"
    if status:
        sys.stdout.write(said)
    machine.tell(f"it is installed in {took}", holds=not status)
    machine.tell("and says what to do next", holds="enable --now" in said)


def first_sale(machine: Machine, folder: Path, token: str) -> None:
    """Config and token are filled in, the till is started, a card pays."""
    vm = machine.vm
    vm.sh(f"sed -i 's|^base_url = .*|base_url = \"{BACKEND}\"|' /etc/taptill/config.toml")
    vm.sh("sed -i 's|^token_file = .*|token_file = \"\"|' /etc/taptill/config.toml")
    vm.sh("mkdir -p /etc/credstore && chmod 700 /etc/credstore")
    vm.write("/etc/credstore/api-token", token.encode())
    rules = "/etc/udev/rules.d/70-taptill-readers.rules"
    vm.sh(f"sed -i 's|^#\\(.*\"ftdi\"\\)|\\1|' {rules} && udevadm control --reload")
    vm.sh("systemctl enable --now taptill.service", timeout=FRAME_S_MAX * machine.patience)
    machine.seen("the till is READY", lambda text: "READER missing" in text, FRAME_S_MAX)
    reader = vm.plug_serial_reader()
    machine.seen("the reader works", lambda text: "READER ok" in text)
    machine.seen("the backend answers", lambda text: "ONLINE" in text)
    vm.type("420")
    machine.seen("the amount", lambda text: "4.20 to pay" in text)
    reader.send(CARD_FRAME)
    machine.seen("a tap", lambda text: "Ada Byron" in text)
    time.sleep(1.5)  # Enter counts once somebody can have seen the verdict
    vm.key("ret")
    machine.seen("paid", lambda text: "Thank you" in text)
    machine.seen("and sent", lambda text: "√ sent" in text, FRAME_S_MAX)
    vm.screendump(folder / "paid.png")


def broken_upgrade(machine: Machine) -> None:
    """A release that does not start: the one before runs again, with its own unit."""
    vm = machine.vm
    vm.sh("cp -r /root/release /root/broken")
    vm.sh("sed -i 's|^ExecStart=.*|ExecStart=/bin/false|' /root/broken/systemd/taptill.service")
    about = json.loads(vm.sh("cat /root/broken/release.json"))
    vm.write("/root/broken/release.json", json.dumps({**about, "version": BROKEN}).encode())
    sums = "find . -type f ! -name SHA256SUMS -printf '%P\\0' | sort -z | xargs -0 sha256sum"
    vm.sh(f"cd /root/broken && {sums} > /root/sums && mv /root/sums SHA256SUMS", timeout=300)
    status, said = vm.run(
        "/root/broken/install.sh 2>&1", timeout=3 * INSTALL_S_MAX * machine.patience
    )
    machine.tell("a release that does not start is refused", holds=status == 70)
    machine.tell("and it is said what runs again", holds="runs again" in said)
    current = vm.sh("readlink /opt/taptill/current").strip()
    machine.tell(f"the link is {current}", holds=current.endswith(about["version"]))
    unit = vm.sh("cat /etc/systemd/system/taptill.service")
    machine.tell("with the unit of before", holds="/bin/false" not in unit)
    machine.seen("the till is back", lambda text: "READER" in text, FRAME_S_MAX)
    machine.seen("with its last sale", lambda text: "4.20" in text)


def removal(machine: Machine) -> None:
    """Everything is in the books: it is removed, and the journal is kept."""
    vm = machine.vm
    status, _ = vm.run("/root/release/install.sh --uninstall", timeout=FRAME_S_MAX)
    machine.tell("it is removed", holds=not status)
    kept = vm.run("test -s /var/lib/taptill/journal.db && ! test -e /opt/taptill")[0]
    machine.tell("and the journal is kept", holds=not kept)


if __name__ == "__main__":
    main()
