"""The real Customers service as a subprocess on loopback, with a token for each role."""

import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from typing import IO

from tests.fakes.forked.command import ForkedCommand

from taptill.service.database import create_database
from taptill.service.sample import rows
from taptill.service.store import Store
from taptill.service.tokens import TokenRole, add_token

AnyProcess = ForkedCommand | Popen[str]
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
LISTENING = "listening on "


@dataclass
class RunningService:
    """Where the service is, its tokens and its database; `url` stays the same over a restart.

    `token` has the role till, `cards_token` the role cards, `office_token` the role office.
    """

    database: str
    token: str
    office_token: str
    cards_token: str = ""
    url: str = ""
    words: tuple[str, ...] = ()
    errors: IO[str] | None = None
    is_forked: bool = True
    child: AnyProcess | None = field(default=None, repr=False)

    def start_again(self) -> None:
        """Start on the same database and, after the first time, the same port."""
        assert self.child is None, "it is running already"
        port = self.url.rpartition(":")[2] or "0"
        words = ["run", self.database, "--port", port, "--stop-with-stdin", *self.words]
        self.child = launch(*words, errors=self.errors, is_forked=self.is_forked)
        self.url = listening(self.child).removeprefix(LISTENING)

    def kill(self) -> None:
        """Take its power: SIGKILL."""
        child, self.child = self.child, None
        if child is not None:
            child.kill()
            ended(child)

    def stop(self) -> int:
        """End the process by its own id and give its exit status; 0 if it was not running."""
        child, self.child = self.child, None
        if child is None:
            return 0
        child.terminate()
        return ended(child)


@contextmanager
def running_service(
    place: Path | str,
    *words: str,
    sample: bool = True,
    errors: IO[str] | None = None,
    currency: str = "EUR",
    is_forked: bool = True,
) -> Iterator[RunningService]:
    """Run the service until the block ends, on a new database: in a folder, or at a URL.

    What is measured is not forked: a fork has more in its memory than the program has.
    """
    database = str(place / "customers.db") if isinstance(place, Path) else place
    engine = create_database(database, currency)
    store = Store(engine)
    for entity, entity_rows in rows().items() if sample else ():
        store.insert(store.entities[entity], {"fields": entity_rows})
    service = RunningService(
        database=database,
        token=add_token(engine, TokenRole.TILL, "till"),
        office_token=add_token(engine, TokenRole.OFFICE, "office"),
        cards_token=add_token(engine, TokenRole.CARDS, "cards"),
        words=words,
        errors=errors,
        is_forked=is_forked,
    )
    engine.dispose()
    try:
        service.start_again()
        yield service
    finally:
        service.stop()


def launch(*words: str, errors: IO[str] | None = None, is_forked: bool = True) -> AnyProcess:
    """Start `taptill service ...` with pipes for standard input and output."""
    if not is_forked:
        program = [sys.executable, "-m", "taptill", "service", *words]
        return Popen(program, stdin=PIPE, stdout=PIPE, stderr=errors, text=True)
    return ForkedCommand(["service", *words], stdin=PIPE, stdout=PIPE, stderr=errors)


def listening(child: AnyProcess) -> str:
    """Wait for the line that says where the service listens."""
    assert child.stdout is not None
    ready, _, _ = select.select([child.stdout], [], [], START_TIMEOUT_S)
    line = child.stdout.readline().strip() if ready else ""
    if not line.startswith(LISTENING):
        child.kill()
        raise AssertionError(f"the service did not start (exit {ended(child)}): {line!r}")
    return line


def ended(child: AnyProcess) -> int:
    """Wait for the end of a process that was told to end, close its pipes, give its status."""
    try:
        return child.wait(STOP_TIMEOUT_S)
    except TimeoutExpired:
        child.kill()
        return child.wait()
    finally:
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
