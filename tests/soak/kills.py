"""Kills of the real till and service at seeded moments, compared with what the screens showed.

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
from tests.scenarios.program import Program, TillSite, running

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
class ShownResults:
    """What screens have shown, by amount in cents: no amount is rung up twice."""

    attempts: int = 0
    paid_cards: dict[int, str] = field(default_factory=dict)
    voided_amounts: set[int] = field(default_factory=set)


class DelayedKill:
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
    """Play the rounds; return what the books do not hold of what the screens have shown."""
    dice, results = random.Random(seed), ShownResults()
    with shop(folder) as (service, site):
        with bad_weather(service, random.Random(seed + 1)):
            for number in range(1, min(rounds or ROUNDS, ROUNDS_MAX) + 1):
                play(site, dice, results)
                say(f"round {number}: {len(results.paid_cards)} paid")
        settle(site)
        return complaints(site, service, results)


@contextmanager
def shop(folder: Path) -> Iterator[tuple[RunningService, TillSite]]:
    """Yield a service with a few rich customers, and a till's folder with all of them cached."""
    with running_service(folder, sample=False) as service:
        rows = [
            {"name": name, "cardId": card, "totalDebt": int(BASE)} for card, name in PEOPLE.items()
        ]
        post(service, "insert", {"fields": rows})
        site = TillSite(folder, service.url, service.token, extra_config=NO_CAPS)
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


def play(site: TillSite, dice: random.Random, results: ShownResults) -> None:
    """Run a till and sell until it is killed; a till that ends otherwise fails the soak."""
    doom, till = DelayedKill(dice), Program(site.run_words(), site.socket, afresh=True)
    try:
        doom.reached(Moment.START, till)
        with suppress(AssertionError, OSError):
            till.wait_for("READER ok")
            while True:
                sell(till, dice, doom, results)
        till.process.wait(DEATH_S)
    finally:
        doom.cancel()
        last = till.text()
        status = till.close()
    assert status == -signal.SIGKILL, f"the till ended by itself ({status}):\n{last}"


def sell(till: Program, dice: random.Random, doom: DelayedKill, results: ShownResults) -> None:
    """Sell to somebody and void it if the power holds; raises where the till is dead."""
    results.attempts += 1
    amount, card = results.attempts, dice.choice(list(PEOPLE))
    till.sell(str(amount), card)
    doom.reached(Moment.TAP, till)
    till.wait_for(f"{PEOPLE[card]} pays")
    till.confirm()
    doom.reached(Moment.ENTER, till)
    if shown(till, "Thank you"):
        results.paid_cards[amount] = card
    doom.reached(Moment.PAID, till)
    if doom.moment is Moment.VOID:
        till.void_key()
        till.wait_for("1 wrong amount")
        till.press("1")
        doom.reached(Moment.VOID, till)
        if shown(till, "Nothing to pay"):
            results.voided_amounts.add(amount)


def shown(till: Program, words: str) -> bool:
    """Wait until a screen says it, the last one of a till that dies included."""
    try:
        till.wait_for(words)
    except AssertionError:
        till.process.wait(DEATH_S)
        return words in till.text()
    return True


def settle(site: TillSite) -> None:
    """Let the till send what is left."""
    with running(site) as till:
        till.wait_for("ONLINE", "│ 0 to send", wait_s=SETTLED_S)
        assert till.leave() == 0


def complaints(site: TillSite, service: RunningService, results: ShownResults) -> list[str]:
    """Compare screens, journal and backend; each difference is a line."""
    verification = site.ask("journal", "verify", "--state-dir", str(site.state))
    faults = [verification.stderr] if verification.returncode else []
    with closing(connect(site.state / "journal.db", read_only=True)) as journal:
        journal_entries = list(entries(journal))
        if desk := JournalQueries("", journal).in_question()[0]:
            faults.append(f"{desk} customers are on the conflict desk")
    if any(entry.kind is EntryKind.HALTED for entry in journal_entries):
        faults.append("settlement was halted")
    money = [entry for entry in journal_entries if entry.kind in MONEY_KINDS]
    entry_counts = Counter((entry.customer_id, entry.amount_minor) for entry in money)
    faults += [
        f"{key} was rung up once and kept {n} times" for key, n in entry_counts.items() if n > 1
    ]
    for card, name in PEOPLE.items():
        row = row_of(service, card)
        customer_entries = [entry for entry in money if entry.customer_id == row.id]
        paid_amounts = {amount for amount, payer in results.paid_cards.items() if payer == card}
        expected = paid_amounts | {-amount for amount in paid_amounts & results.voided_amounts}
        missing = expected - {entry.amount_minor for entry in customer_entries}
        faults += [f"{name}: {amount} was shown, not kept" for amount in sorted(missing)]
        faults += [f"{name}: {difference}" for difference in differences(row, customer_entries)]
    return faults


def differences(row: BackendRow, customer_entries: list[Entry]) -> list[str]:
    """Compare a customer's row with this journal's money entries, the only ones there are."""
    total = sum(entry.amount_minor or 0 for entry in customer_entries)
    newest = customer_entries[-1:]
    mark = [[entry.seq, total, entry.hash[:HASH_DIGITS]] for entry in newest]
    faults = []
    if row.total != BASE + Decimal(total).scaleb(-2):
        faults.append(f"the backend holds {row.total}, the journal {total} on {BASE}")
    if list(row.debt_data["taptill"]["t"].values()) != mark:
        faults.append(f"the row holds {row.debt_data}, the journal {mark}")
    return faults
