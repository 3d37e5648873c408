"""A backend for the tills of the machine: the embedded service on this machine's loopback."""

import re
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

CARD = "0062E3086C"
CARD_FRAME = b"\x020062E3086CE5\x03"
"""What an RDM6300 says of this card."""

ADVANCE_MINOR = 1_000_000
PEOPLE = (
    f"name,cardId,isCreditAllowed,isBlocked,totalDebt\nAda Byron,{CARD},false,false,-10000.00\n"
)
START_S_MAX = 60

_TAPTILL = (sys.executable, "-m", "taptill", "service")


@dataclass(frozen=True, slots=True)
class LoopbackService:
    """A service that runs; a till's token for it."""

    database: Path
    port: int
    token: str

    def spent_minor(self) -> int:
        """Return what the customer has spent since the database was made, in cents."""
        done = subprocess.run(
            [*_TAPTILL, "export", str(self.database), "-"],
            check=True,
            capture_output=True,
            text=True,
        )
        head, row = done.stdout.lstrip("\ufeff").splitlines()[:2]
        values = dict(zip(head.split(","), row.split(","), strict=True))
        return ADVANCE_MINOR + int(Decimal(values["totalDebt"]) * 100)


def prepare(folder: Path) -> str:
    """Make a database with one customer once, and return the token of its till."""
    database, token = folder / "customers.db", folder / "token"
    if not token.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        people = folder / "people.csv"
        people.write_text(PEOPLE)
        for words in (["init", database], ["import", database, people]):
            subprocess.run([*_TAPTILL, *map(str, words)], check=True, capture_output=True)
        add = ["token", "add", str(database), "--role", "till", "--name", "till"]
        told = subprocess.run([*_TAPTILL, *add], check=True, capture_output=True, text=True)
        token.write_text(told.stdout.split()[-1])
    return token.read_text()


@contextmanager
def running(prepared: Path, folder: Path) -> Iterator[LoopbackService]:
    """Run a service with a fresh copy of a prepared database until the block ends."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(prepared, folder)
    database = folder / "customers.db"
    with (folder / "service.log").open("w") as log:
        words = [*_TAPTILL, "run", str(database), "--port", "0", "--pure-python"]
        child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert child.stdout
        ready, _, _ = select.select([child.stdout], [], [], START_S_MAX)
        port = re.search(r":([0-9]+)\s*$", child.stdout.readline() if ready else "")
        if port is None:
            raise SystemExit(f"the backend did not start: {folder}/service.log")
        yield LoopbackService(database, int(port[1]), (folder / "token").read_text())
    finally:
        child.terminate()
        child.wait(30)
