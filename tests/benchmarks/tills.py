"""Makes a till's folder with a number of customers and entries."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from tests.benchmarks.terminal import DrivenTerminal, on_terminal, python
from tests.scenarios.program import SerialLine, rdm6300

from taptill.clock import SystemClock
from taptill.customer_cache.cache import CustomerCache
from taptill.domain.card_id import CardId
from taptill.domain.customer import Customer, Snapshot
from taptill.domain.mark import Marks, Place
from taptill.domain.staff.pins import hash_pin

BATCH_ROWS = 5000
APART_S = 0.05
"""Keys that come faster than a person types are a machine's line."""
FIELDS = frozenset({"name", "company"})

CONFIG = """
[till]
name = "bench"
[backend]
base_url = "{url}"
token_file = "{folder}/token"
[lookup]
fresh_s = 3600
[cache]
sync_s = 600
[settlement]
strategy = "debt"
[privacy]
clear_after_s = 600
"""

GOOD = """
[[goods]]
key = "{key}"
name = "{name}"
price = "0.35"
group = "{group}"
"""
LETTERS = "abcdefghijklmnopqrstuvwxyz"
GROUP_GOODS = 20

RECEIPT = """
[receipt]
printer = "{printer}"
when = "always"
"""

STAFF = """
[[staff]]
name = "Person {number}"
role = "supervisor"
pin_hash = "{pin_hash}"
"""
PIN = "2580"

READER = """
[[reader]]
driver = "serial"
port = "{port}"
family = "rdm6300"
"""


@dataclass
class TillFolder:
    """A till's config, token and state, with RDM6300 readers on pseudo-serial lines."""

    folder: Path
    url: str
    readers: int = 1
    token: str = "none"
    goods: int = 1
    staff: int = 0
    printer: str = ""
    lines: list[SerialLine] = field(init=False)

    def __post_init__(self) -> None:
        self.state.mkdir(mode=0o700, parents=True)
        token = self.folder / "token"
        token.write_text(f"{self.token}\n")
        token.chmod(0o600)
        self.lines = [SerialLine(self.folder / f"reader-{n}") for n in range(self.readers)]
        readers = [READER.format(port=line.link) for line in self.lines]
        text = CONFIG.format(url=self.url, folder=self.folder) + "".join(
            [*readers, *self._goods(), *self._staff(), *self._receipt()]
        )
        (self.folder / "config.toml").write_text(text)

    def _goods(self) -> list[str]:
        """Return the goods of the config, the first ones with a letter."""
        letters = LETTERS[: self.goods] + " " * (self.goods - len(LETTERS))
        return [
            GOOD.format(key=key.strip(), name=f"Good {n}", group=f"Group {n // GROUP_GOODS}")
            for n, key in enumerate(letters)
        ]

    def _receipt(self) -> list[str]:
        """Return the lines that print each sale, if there is a printer."""
        return [RECEIPT.format(printer=self.printer)] if self.printer else []

    def _staff(self) -> list[str]:
        """Return the members of staff of the config, all with the same PIN."""
        pin_hash = hash_pin(PIN) if self.staff else ""
        return [STAFF.format(number=n, pin_hash=pin_hash) for n in range(self.staff)]

    @property
    def state(self) -> Path:
        """Return the folder of journal and cache."""
        return self.folder / "state"

    def know(self, customers: int) -> None:
        """Put customers into the cache, as a sync would."""
        cache = CustomerCache(self.state / "cache.db", SystemClock(), FIELDS)
        for first in range(0, customers, BATCH_ROWS):
            cache.store([snapshot(n) for n in range(first, min(customers, first + BATCH_ROWS))])
        cache.close()

    def tap(self, number: int, reader: int = 0) -> None:
        """Show a customer's card."""
        self.lines[reader].send(rdm6300(card(number)))

    def words(self) -> list[str]:
        """Return the command line that runs the till."""
        config, state = str(self.folder / "config.toml"), str(self.state)
        return python("taptill", "run", "--config", config, "--state-dir", state)

    @contextmanager
    def running(self, *before: str) -> Iterator[DrivenTerminal]:
        """Run the till until the block ends, once its reader is ready; `before` runs it.

        Where there is staff, the first one is logged in.
        """
        with on_terminal([*before, *self.words()], b"READER ok") as terminal:
            if self.staff:
                log_in(terminal)
            yield terminal


def log_in(terminal: DrivenTerminal) -> None:
    """Choose the first name of the list, and type the PIN at a person's pace."""
    terminal.settle(APART_S)
    terminal.type("\r", b"PIN:")
    for number, digit in enumerate(PIN, 1):
        terminal.settle(APART_S)
        terminal.type(digit, ("•" * number).encode())
    terminal.settle(APART_S)
    terminal.type("\r", b"Tap your card")


def card(number: int) -> str:
    """Return the card of a customer."""
    return f"{0x62_0000_0000 + number:010X}"


def name(number: int) -> str:
    """Return the name of a customer."""
    return f"Guest {number:06}"


def snapshot(number: int) -> Snapshot:
    """Return a customer with plenty of money in advance."""
    customer = Customer(
        id=number + 1,
        name=name(number),
        company="Analytical Society",
        card_id=CardId(card(number)),
        blocked=False,
        credit_allowed=True,
        is_default=False,
    )
    marks = Marks(Place.EMPTY)
    return Snapshot(
        customer, Decimal(-100_000), updated_at="2026-03-02T09:00:00Z", version=1, marks=marks
    )


@contextmanager
def till_folder(
    folder: Path, customers: int, readers: int = 1, goods: int = 1, staff: int = 0
) -> Iterator[TillFolder]:
    """Make a till's folder; its backend refuses every connection: only the cache answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        till = TillFolder(folder, url, readers, goods=goods, staff=staff)
        till.know(customers)
        try:
            yield till
        finally:
            for line in till.lines:
                line.unplug()
