"""Seeded kills of the real till and service in, what the books owe to the screens out.

A round starts the till, sells until SIGKILL strikes, and notes what the screen has shown. The
service is killed and restarted at random beside it. At the end the till settles what is left,
and screens, journal and backend must agree.
"""

import random
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from pathlib import Path

from tests.fakes.service import RunningService, running_service
from tests.scenarios.books import BackendRow, post, row_of
from tests.scenarios.program import Program, Site, running

from taptill.domain.entry import MONEY_KINDS, Entry, EntryKind
from taptill.domain.mark import HASH_DIGITS
from taptill.journal.file import connect, entries
from taptill.journal.queries import JournalQueries

ROUNDS = 200
ROUNDS_MAX = 5000
SETTLED_S = 120.0
DEATH_S = 30.0
BASE = Decimal(-1_000_000)
PEOPLE = {
    "62E3086CED": "Ada Byron",
    "3C00CE754C": "Charles Babbage",
    "7F20914E83": "Dorothea Mason",
    "0B5E55ED0D": "Mary Somerville",
    "5A1E5C0FFE": "Sophie Germain",
}
NO_CAPS = """
[offline]
per_charge = "100.00"
per_customer = "1000000.00"
per_terminal = "1000000.00"
"""


class Moment(Enum):
    """After what the power goes."""

    START = "start"
    TAP = "tap"
    ENTER = "Enter"
    PAID = "PAID"
    VOID = "void"


LATEST_S = {
    Moment.START: 1.2,
    Moment.TAP: 0.1,
    Moment.ENTER: 0.08,
    Moment.PAID: 0.4,
    Moment.VOID: 0.08,
}
OFTEN = {Moment.START: 1, Moment.TAP: 1, Moment.ENTER: 3, Moment.PAID: 3, Moment.VOID: 2}


@dataclass
class Promises:
    """What screens have shown, by amount in cents: no amount is rung up twice."""

    tried: int = 0
    paid: dict[int, str] = field(default_factory=dict)
    voided: set[int] = field(default_factory=set)


class Doom:
    """Kills a till a while after the moment that was drawn for it."""

    def __init__(self, dice: random.Random) -> None:
        (self.moment,) = dice.choices(list(OFTEN), list(OFTEN.values()))
        # Mostly soon after: there the commit, then settlement is under way.
        self._later_s = LATEST_S[self.moment] * dice.random() ** 2
        self._timer: threading.Timer | None = None

    def reached(self, moment: Moment, till: Program) -> None:
        """Start the clock if it is this moment that kills."""
        if moment is self.moment and self._timer is None:
            self._timer = threading.Timer(self._later_s, till.process.kill)
            self._timer.start()

    def cancel(self) -> None:
        """Kill nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()


def soak(folder: Path, rounds: int, seed: int, say: Callable[[str], None]) -> list[str]:
    """Play the rounds; give what the books do not hold of what the screens have shown."""
    dice, promises = random.Random(seed), Promises()
    with shop(folder) as (service, site):
        with bad_weather(service, random.Random(seed + 1)):
            for number in range(1, min(rounds or ROUNDS, ROUNDS_MAX) + 1):
                play(site, dice, promises)
                say(f"round {number}: {len(promises.paid)} paid")
        settle(site)
        return complaints(site, service, promises)


@contextmanager
def shop(folder: Path) -> Iterator[tuple[RunningService, Site]]:
    """Give a service with a few rich customers, and a till's folder with all of them cached."""
    with running_service(folder, sample=False) as service:
        rows = [
            {"name": name, "cardId": card, "totalDebt": int(BASE)} for card, name in PEOPLE.items()
        ]
        post(service, "insert", {"fields": rows})
        site = Site(folder, service.url, service.token, extra_config=NO_CAPS)
        with running(site) as till:
            till.wait_for("ONLINE", "data")
            assert till.leave() == 0
        yield service, site


@contextmanager
def bad_weather(service: RunningService, dice: random.Random) -> Iterator[None]:
    """Kill the service now and then, and start it again, until the block ends."""
    over = threading.Event()

    def blow() -> None:
        while not over.wait(dice.uniform(0.5, 4.0)):
            service.kill()
            over.wait(dice.uniform(0.0, 2.0))
            service.start_again()

    with ThreadPoolExecutor(1) as pool:
        wind = pool.submit(blow)
        try:
            yield
        finally:
            over.set()
        wind.result()


def play(site: Site, dice: random.Random, promises: Promises) -> None:
    """Run a till and sell until it is killed; a till that ends otherwise fails the soak."""
    doom, till = Doom(dice), Program(site.run_words(), site.socket)
    try:
        doom.reached(Moment.START, till)
        with suppress(AssertionError, OSError):
            till.wait_for("READER ok")
            while True:
                sell(till, dice, doom, promises)
        till.process.wait(DEATH_S)
    finally:
        doom.cancel()
        last = till.text()
        status = till.close()
    assert status == -signal.SIGKILL, f"the till ended by itself ({status}):\n{last}"


def sell(till: Program, dice: random.Random, doom: Doom, promises: Promises) -> None:
    """Sell to somebody and void it if the power holds; raises where the till is dead."""
    promises.tried += 1
    amount, card = promises.tried, dice.choice(list(PEOPLE))
    till.sell(str(amount), card)
    doom.reached(Moment.TAP, till)
    till.wait_for(f"{PEOPLE[card]} pays")
    till.confirm()
    doom.reached(Moment.ENTER, till)
    if shown(till, "Thank you"):
        promises.paid[amount] = card
    doom.reached(Moment.PAID, till)
    if doom.moment is Moment.VOID:
        till.void_key()
        till.wait_for("1 wrong amount")
        till.press("1")
        doom.reached(Moment.VOID, till)
        if shown(till, "Nothing to pay"):
            promises.voided.add(amount)


def shown(till: Program, words: str) -> bool:
    """Wait until a screen says it, the last one of a till that dies included."""
    try:
        till.wait_for(words)
    except AssertionError:
        till.process.wait(DEATH_S)
        return words in till.text()
    return True


def settle(site: Site) -> None:
    """Let the till send what is left."""
    with running(site) as till:
        till.wait_for("ONLINE", "│ 0 to send", wait_s=SETTLED_S)
        assert till.leave() == 0


def complaints(site: Site, service: RunningService, promises: Promises) -> list[str]:
    """Compare screens, journal and backend; each difference is a line."""
    verified = site.ask("journal", "verify", "--state-dir", str(site.state))
    found = [verified.stderr] if verified.returncode else []
    with closing(connect(site.state / "journal.db", read_only=True)) as journal:
        written = list(entries(journal))
        if desk := JournalQueries("", journal).in_question()[0]:
            found.append(f"{desk} customers are on the conflict desk")
    if any(one.kind is EntryKind.HALTED for one in written):
        found.append("settlement was halted")
    money = [one for one in written if one.kind in MONEY_KINDS]
    rung = Counter((one.customer_id, one.amount_minor) for one in money)
    found += [f"{one} was rung up once and kept {n} times" for one, n in rung.items() if n > 1]
    for card, name in PEOPLE.items():
        row = row_of(service, card)
        own = [one for one in money if one.customer_id == row.id]
        paid = {amount for amount, payer in promises.paid.items() if payer == card}
        owed = paid | {-amount for amount in paid & promises.voided}
        lost = owed - {one.amount_minor for one in own}
        found += [f"{name}: {amount} was shown, not kept" for amount in sorted(lost)]
        found += [f"{name}: {difference}" for difference in differences(row, own)]
    return found


def differences(row: BackendRow, own: list[Entry]) -> list[str]:
    """Compare a customer's row with this journal's money entries, the only ones there are."""
    total = sum(one.amount_minor or 0 for one in own)
    mark = [[own[-1].seq, total, own[-1].hash[:HASH_DIGITS]]] if own else []
    found = []
    if row.total != BASE + Decimal(total).scaleb(-2):
        found.append(f"the backend holds {row.total}, the journal {total} on {BASE}")
    if list(row.debt_data["taptill"]["t"].values()) != mark:
        found.append(f"the row holds {row.debt_data}, the journal {mark}")
    return found
