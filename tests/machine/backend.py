"""A backend for the tills of the machine: the embedded service on this machine's loopback."""

import csv
import hashlib
import io
import json
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
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
RUN_WORDS = ("--port", "0", "--pure-python")

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
        exported = _run("export", str(self.database), "-")
        rows = csv.DictReader(io.StringIO(exported.removeprefix("\ufeff")))
        [debt] = [row["totalDebt"] for row in rows if row["cardId"] == CARD]
        return ADVANCE_MINOR + int(Decimal(debt) * 100)

    def add_token(self, name: str) -> str:
        """Return a new token of a till."""
        return _add_token(self.database, name)

    def revoke_token(self, name: str) -> None:
        """Let the token of this name in no more; a second later it is refused."""
        rows = json.loads(_run("token", "list", str(self.database), "--json"))
        [number] = [row["id"] for row in rows if row["name"] == name]
        _run("token", "revoke", str(self.database), str(number))


def prepare(folder: Path) -> Path:
    """Make a database with these people and a till's token once; return the folder of both."""
    prepared = folder / f"backend-{hashlib.sha256(PEOPLE.encode()).hexdigest()[:12]}"
    database, token = prepared / "customers.db", prepared / "token"
    if not token.is_file():
        shutil.rmtree(prepared, ignore_errors=True)
        prepared.mkdir(parents=True)
        people = prepared / "people.csv"
        people.write_text(PEOPLE)
        _run("init", str(database))
        _run("import", str(database), str(people))
        token.write_text(_add_token(database, "till"))
    return prepared


def _add_token(database: Path, name: str) -> str:
    return _run("token", "add", str(database), "--role", "till", "--name", name).split()[-1]


def _run(*words: str) -> str:
    """Run a command of the service; return what it printed."""
    command = [*_TAPTILL, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def running(prepared: Path, folder: Path) -> Iterator[LoopbackService]:
    """Run a service with a fresh copy of a prepared database until the block ends."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(prepared, folder)
    database = folder / "customers.db"
    with listening([*_TAPTILL, "run", str(database), *RUN_WORDS], folder / "service.log") as port:
        yield LoopbackService(database, port, (folder / "token").read_text())


@contextmanager
def listening(words: Sequence[str], log_path: Path, within_s: float = START_S_MAX) -> Iterator[int]:
    """Start a service by these words; yield its port until the block ends."""
    with log_path.open("w") as log:
        child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert child.stdout
        ready, _, _ = select.select([child.stdout], [], [], within_s)
        port = re.search(r":([0-9]+)\s*$", child.stdout.readline() if ready else "")
        if port is None:
            raise SystemExit(f"the service did not start: {log_path}")
        yield int(port[1])
    finally:
        child.terminate()
        child.wait(30)
