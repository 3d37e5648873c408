"""A till's conflict desk beside a real service, through a network that may lie."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from tests.cli.office import CommandSite
from tests.fakes.proxy import Fault, LyingNetwork, Reply, lying_network
from tests.fakes.service import RunningService

from taptill.config import load
from taptill.domain.conflicts.case import CaseAnswer, CaseDecision, CaseOutcome, DeskCase
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.money import Money
from taptill.journal.file import entries
from taptill.operations.case_desk import CaseDesk
from taptill.wiring.sending import Sender, sender

STAFF, WHY = "Kim", "asked office"

T = TypeVar("T")


class CaseSite(CommandSite):
    """A till's folder with a conflict desk; its requests go through `network`."""

    def __init__(self, folder: Path, service: RunningService, network: LyingNetwork) -> None:
        super().__init__(folder, service)
        self.network = network
        self.late_max_s = 0.0
        text = self.config.read_text().replace(service.url, network.url)
        self.config.write_text(text)

    def at_desk(self, work: Callable[[CaseDesk, Sender], Awaitable[T]]) -> T:
        """Do something at the desk of a till that is connected, and return what came of it."""

        async def connected() -> T:
            async with sender(load(self.config), self.state, self.service.token) as connection:
                desk = CaseDesk(connection, self.state, self.late_max_s)
                return await work(desk, connection)

        return asyncio.run(connected())

    def cases(self) -> tuple[DeskCase, ...]:
        """Return what the screen lists."""
        return self.at_desk(lambda desk, _: desk.cases())

    def case(self) -> DeskCase:
        """Return the only case."""
        (case,) = self.cases()
        return case

    def decide(self, case: DeskCase, answer: CaseAnswer) -> CaseOutcome:
        """Decide as the screen does."""
        return self.at_desk(lambda desk, _: desk.decide(decision(case, answer)))

    def entries_of(self, *kinds: EntryKind) -> list[Entry]:
        """Return the entries of some kinds, oldest first."""

        async def read(_: CaseDesk, connection: Sender) -> list[Entry]:
            found = entries(connection.journal.queries.connection, "1")
            return [entry for entry in found if entry.kind in kinds]

        return self.at_desk(read)

    def total(self, customer: int) -> Money:
        """Return the backend's total, in minor units."""
        return Money(int(Decimal(str(self.row(customer)["totalDebt"])).scaleb(2)))

    def marks(self, customer: int) -> dict[str, Any]:
        """Return debtData."""
        marks = self.row(customer)["debtData"]
        assert isinstance(marks, dict)
        return marks


def decision(case: DeskCase, answer: CaseAnswer) -> CaseDecision:
    """Return what the screen hands over for an answer to a case."""
    return CaseDecision(
        customer_id=case.customer_id, answer=answer, amount=case.amount, staff=STAFF, reason=WHY
    )


def charge(customer: int, amount: int) -> Draft:
    """Return a charge as a till appends it."""
    body = {"currency": "EUR", "offline": False, "initials": "A. B."}
    return Draft(EntryKind.CHARGE, customer, amount, body)


def let_through(_: str, forward: Callable[[], Reply]) -> Reply:
    """Do nothing wrong."""
    return forward()


def refuse(_: str, __: object) -> tuple[int, str, bytes]:
    """Answer 422 without doing anything."""
    return 422, "application/json", b'{"error": "limit"}'


def no_capabilities(_: str, __: object) -> tuple[int, str, bytes]:
    """Answer as a plain Customers API does that offers nothing."""
    return 404, "application/json", b'{"error": "not found"}'


REFUSE: Fault = refuse
PLAIN: Fault = no_capabilities


@contextmanager
def case_site(folder: Path, service: RunningService) -> Iterator[CaseSite]:
    """Run a network before the service, with a till's folder beside it."""
    with lying_network(service.url) as network:
        yield CaseSite(folder, service, network)
