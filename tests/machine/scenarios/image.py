"""The archive in the root of an image: installed there by chroot, and a first sale.

Service and till are programs of that root, which run here: the service on the loopback, the till on
a pseudo-terminal, a second one as its reader. There is no systemd: units, sandbox, console and USB
are what the booted machines show.
"""

import os
import shutil
import subprocess
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.machine.backend import CARD, RUN_WORDS, frame, listening
from tests.machine.images import unpack
from tests.machine.program_root import ProgramRoot
from tests.machine.stage import CONFIG, FRAME_S, PAINTED_S, Stage, StepFailedError
from tests.scenarios.program import Program

RELEASE = "/root/release"
TAPTILL = "/opt/taptill/current/bin/taptill"
DATABASE = "/var/lib/taptill-service/customers.db"
SERVICE_ACCOUNT, TILL_ACCOUNT = "taptill-service", "taptill"
PEOPLE = f"name,cardId,totalDebt\nAda Byron,{CARD},-50.00\n"
LIST = "/var/lib/taptill-service/people.csv"
STATE = "/var/lib/taptill"
CREDENTIALS = "/run/credentials/taptill.service"
TELL_PROCESSOR = """import platform, struct
print(f"{platform.machine()}, {struct.calcsize('P') * 8} bits")
"""
PROCESSORS = {
    "amd64": "x86_64, 64 bits",
    "arm64": "aarch64, 64 bits",
    "armhf": "armv7l, 32 bits",
}
UNITS = "/etc/systemd/system/multi-user.target.wants"
ANSWERS = """
[setup]
token_file = "token"
[backend]
base_url = "http://127.0.0.1:{port}"
[settlement]
strategy = "debt"
[[reader]]
driver = "serial"
port = "{reader}"
family = "rdm6300"
card_id = ["HEX"]
"""


def first_sale(stage: Stage) -> None:
    """From the archive to a sale in the books, all of it by programs of that root."""
    root = ProgramRoot(stage.folder / "root")
    shutil.rmtree(stage.folder, ignore_errors=True)
    stage.folder.mkdir(parents=True)
    made = stage.images.root(stage.kind)
    subprocess.run(["cp", "-a", str(made), str(root.folder)], check=True)
    unpack(stage.archive, root.folder)
    told = root.run("python3", "-c", TELL_PROCESSOR).stdout.strip()
    is_right = told == PROCESSORS[stage.kind.architecture]
    stage.tell(f"its Python says: {told}", holds=is_right)
    installed(stage, root)
    token = with_people(stage, root)
    service = root.words(TAPTILL, "service", "run", DATABASE, *RUN_WORDS, account=SERVICE_ACCOUNT)
    log = stage.folder / "service.log"
    with listening(service, log, FRAME_S * stage.patience) as port, reader() as (line, path):
        stage.tell("the service listens")
        set_up(stage, root, token, ANSWERS.format(port=port, reader=path))
        sold(stage, root, line)
    exported = done(
        stage, root, "the database is read", TAPTILL, "service", "export", DATABASE, "-"
    )
    stage.tell("the sale is in it to the cent", holds="-45.80" in exported, instead=exported)


def installed(stage: Stage, root: ProgramRoot) -> None:
    """Install till and service; both are switched on for the first boot."""
    begin_s = time.monotonic()
    done(stage, root, "it is installed", f"{RELEASE}/install.sh", "--till", "--service")
    stage.tell(f"in {time.monotonic() - begin_s:.0f} s here")
    for unit in ("taptill.service", "taptill-service.service"):
        link = root.folder / f"{UNITS[1:]}/{unit}"
        stage.tell(f"{unit} will start at the boot", holds=link.is_symlink())


def with_people(stage: Stage, root: ProgramRoot) -> str:
    """Put people into the database; return a token of a till."""
    root.write(LIST, PEOPLE, SERVICE_ACCOUNT)
    service = (TAPTILL, "service")
    done(stage, root, "people are imported", *service, "import", DATABASE, LIST)
    words = ("token", "add", DATABASE, "--role", "till", "--name", "till")
    return done(stage, root, "a token is made", *service, *words).split()[-1]


def set_up(stage: Stage, root: ProgramRoot, token: str, answers: str) -> None:
    """Set the till up from answers, and do what systemd does before it starts the unit."""
    root.write("/root/token", token)
    root.write("/root/site.toml", answers)
    words = (TAPTILL, "setup", "--answers", "/root/site.toml", "--name", "image", "--no-start")
    # A doctor calls it a failure that systemd is not there.
    ended = root.run(*words)
    holds = (root.folder / CONFIG[1:]).is_file() and "Start it with" in ended.stdout
    stage.tell("it is set up from answers", holds=holds, instead=ended.stdout)
    root.run("install", "-d", "-o", TILL_ACCOUNT, "-g", TILL_ACCOUNT, "-m", "700", STATE)
    root.write(f"{CREDENTIALS}/api-token", token, TILL_ACCOUNT)


def sold(stage: Stage, root: ProgramRoot, line: int) -> None:
    """Start the till, sell, and stop it."""
    variables = (f"CREDENTIALS_DIRECTORY={CREDENTIALS}", f"STATE_DIRECTORY={STATE}")
    words = root.words(TAPTILL, "run", account=TILL_ACCOUNT, variables=variables)
    till = Program(words)
    try:
        until(stage, till, "the till is READY", "READER ok", "ONLINE")
        till.press("420")
        until(stage, till, "the amount", "4.20 to pay")
        os.write(line, frame(CARD))
        until(stage, till, "a tap", "Ada Byron pays €4.20")
        till.pause(PAINTED_S)
        till.press("\r")
        until(stage, till, "paid and sent", "Thank you", "√ sent")
        status = till.leave()
        stage.tell("it is stopped", holds=status == 0, instead=str(status))
    finally:
        till.close()
    verify = (TAPTILL, "journal", "verify", "--state-dir", STATE)
    done(stage, root, "its journal is whole", *verify, account=TILL_ACCOUNT)


def until(stage: Stage, till: Program, description: str, *words: str) -> None:
    """Wait until the till's screen has all these words."""
    try:
        till.wait_for(*words, wait_s=FRAME_S * stage.patience)
    except AssertionError as fault:
        raise StepFailedError(f"{description}\n{fault}") from fault
    stage.tell(description)


def done(stage: Stage, root: ProgramRoot, description: str, *words: str, account: str = "") -> str:
    """Run a program that must succeed, and return what it said."""
    is_of_service = DATABASE in words
    ended = root.run(*words, account=account or (SERVICE_ACCOUNT if is_of_service else "root"))
    stage.tell(description, holds=not ended.returncode, instead=ended.stdout)
    return ended.stdout


@contextmanager
def reader() -> Iterator[tuple[int, str]]:
    """Yield a serial reader on a pseudo-terminal: where it says what it reads, and its path."""
    ours, theirs = os.openpty()
    try:
        tty.setraw(theirs)
        path = os.ttyname(theirs)
        Path(path).chmod(0o666)  # no udev rule lets an account in here
        yield ours, path
    finally:
        os.close(ours)
        os.close(theirs)
