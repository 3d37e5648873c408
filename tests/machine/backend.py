"""A backend for the tills of the machine: the embedded service on this machine's loopback."""

import csv
import hashlib
import io
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import xor
from pathlib import Path

CARD, BLOCKED_CARD, POOR_CARD, STRANGE_CARD = "0062E3086C", "01026F6C3A", "1234567890", "2233445566"
ADVANCE_MINOR = 1_000_000
PEOPLE = f"""name,cardId,isCreditAllowed,isBlocked,totalDebt
Ada Byron,{CARD},false,false,-10000.00
Charles Babbage,{BLOCKED_CARD},false,true,0.00
Mary Somerville,{POOR_CARD},false,false,-1.00
"""
"""The fourth card is nobody's."""

START_S_MAX = 60

_TAPTILL = (sys.executable, "-m", "taptill", "service")


def frame(card: str) -> bytes:
    """Return what an RDM6300 says of a card: STX, ten digits, their exclusive or, ETX."""
    checksum = reduce(xor, bytes.fromhex(card))
    return f"\x02{card}{checksum:02X}\x03".encode()


@dataclass(frozen=True, slots=True)
class LoopbackService:
    """A service that runs; a till's token for it."""

    database: Path
    port: int
    token: str

    def spent_minor(self) -> int:
        """Return what the first customer has spent since the database was made, in cents."""
        done = subprocess.run(
            [*_TAPTILL, "export", str(self.database), "-"],
            check=True,
            capture_output=True,
            text=True,
        )
        rows = csv.DictReader(io.StringIO(done.stdout.removeprefix("\ufeff")))
        [debt] = [row["totalDebt"] for row in rows if row["cardId"] == CARD]
        return ADVANCE_MINOR + int(Decimal(debt) * 100)


def prepare(folder: Path) -> Path:
    """Make a database with these people and a till's token once; return the folder of both."""
    prepared = folder / f"backend-{hashlib.sha256(PEOPLE.encode()).hexdigest()[:12]}"
    database, token = prepared / "customers.db", prepared / "token"
    if not token.is_file():
        shutil.rmtree(prepared, ignore_errors=True)
        prepared.mkdir(parents=True)
        people = prepared / "people.csv"
        people.write_text(PEOPLE)
        for words in (["init", database], ["import", database, people]):
            subprocess.run([*_TAPTILL, *map(str, words)], check=True, capture_output=True)
        add = ["token", "add", str(database), "--role", "till", "--name", "till"]
        told = subprocess.run([*_TAPTILL, *add], check=True, capture_output=True, text=True)
        token.write_text(told.stdout.split()[-1])
    return prepared


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
