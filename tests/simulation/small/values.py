"""What a state of the small world is made of: values that can be compared and remembered."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from tests.simulation.acts import Fate, Verb
from tests.simulation.backend import Kin

from taptill.domain.customer import Snapshot
from taptill.domain.entry import Position
from taptill.domain.mark import Mark
from taptill.journal.projection import empty_position
from taptill.settlement.requests import Outcome, Request, Update

ADA = 1
START = 1000
JOURNALS = ("aaaa0001", "aaaa0002")
SALES = ((320, -320), (80, 35))
"""What each till writes: a charge and its void, two charges."""

PAYMENT, FORM = -7, -11
OLD_VERSIONS = 2
FAULTS: tuple[Fate | Verb, ...] = (
    *(Fate.REQUEST_LOST, Fate.REPLY_LOST, Fate.LATE, Fate.TWICE, Fate.REPEATED, Fate.OLD_COPY),
    *(Verb.CRASH, Verb.PAY, Verb.OPEN_FORM, Verb.WRITE_BACK, Verb.EMPTY),
)
ASKS_A_PERSON = frozenset({Verb.WRITE_BACK, Verb.EMPTY})
"""What may leave a case on the desk: a row written back only where it was not enrolled then."""

Thing = TypeVar("Thing")


class Numbered(Generic[Thing]):
    """Gives equal things one number, by a key that can be compared."""

    def __init__(self) -> None:
        self.things: list[Thing] = []
        self._numbers: dict[Hashable, int] = {}

    def number(self, key: Hashable, value: Thing) -> int:
        known_number = self._numbers.setdefault(key, len(self.things))
        if known_number == len(self.things):
            self.things.append(value)
        return known_number


class RowVersion(NamedTuple):
    """A row version and what is true of it: each till's money, the rest is the office's."""

    row: Snapshot
    own_sums: tuple[int, int]

    @property
    def office(self) -> int:
        return int(self.row.total) - sum(self.own_sums)


class SmallJournal(NamedTuple):
    """A journal: its money entries as marks, and where it stands."""

    marks: tuple[Mark, ...] = ()
    position: Position = empty_position(ADA)
    is_halted: bool = False


class Stand(NamedTuple):
    """A settling where it stands: what it was told so far, and what it asks or ended in."""

    till: int
    stale: int
    answers: tuple[int, ...]
    request: Request | None
    outcome: Outcome | None


@dataclass(frozen=True)
class Bound:
    """How big a small world is: entries of each till, faults in all."""

    kin: Kin
    entries: int
    faults: int


PLAIN, CONDITIONAL = Kin(enrolled=True), Kin(conditional=True, versions=True, enrolled=True)

BOUNDS = {
    "plain, two entries, a fault": Bound(PLAIN, 2, 1),
    "plain, an entry, two faults": Bound(PLAIN, 1, 2),
    "conditional, two entries, a fault": Bound(CONDITIONAL, 2, 1),
    "conditional, an entry, two faults": Bound(CONDITIONAL, 1, 2),
    "plain, not enrolled, an entry, a fault": Bound(Kin(), 1, 1),
    "conditional, not enrolled, an entry, a fault": Bound(Kin(conditional=True), 1, 1),
}
"""What `make test` visits."""

WIDE_BOUNDS = {
    "plain, not enrolled, two entries, a fault": Bound(Kin(), 2, 1),
    "plain, not enrolled, an entry, two faults": Bound(Kin(), 1, 2),
    "conditional, not enrolled, two entries, a fault": Bound(Kin(conditional=True), 2, 1),
}
"""What `make simulate` visits besides: half a GB."""

WIDEST_BOUNDS = {
    "plain, two entries, two faults": Bound(PLAIN, 2, 2),
    "conditional, two entries, two faults": Bound(CONDITIONAL, 2, 2),
}
"""What `make simulate SMALL_WORLD=widest` visits besides: 6 GB."""


class InFlight(NamedTuple):
    """An update under way, and the version it was computed from."""

    till: int
    read: int
    update: Update


class SmallTill(NamedTuple):
    """A till: journal, settling (None: none under way), old copies read in a row."""

    book: int
    stand: int | None = None
    stale: int = 0
    is_stopped: bool = False


class SmallState(NamedTuple):
    """All that matters for what comes next; `versions` ends with the present one."""

    versions: tuple[int, ...]
    tills: tuple[SmallTill, SmallTill]
    under_way: tuple[int, ...] = ()
    form: int | None = None
    left: frozenset[str] = frozenset(FAULTS)
    calm: bool = True


Step = tuple[str, SmallState]
"""What happens, in words, and what comes of it."""


def with_till(state: SmallState, number: int, till: SmallTill) -> SmallState:
    first_till, other_till = state.tills
    tills = (till, other_till) if number == 0 else (first_till, till)
    return SmallState(
        state.versions,
        tills,
        under_way=state.under_way,
        form=state.form,
        left=state.left,
        calm=state.calm,
    )


def with_version(state: SmallState, version: int) -> SmallState:
    """Return the state after a write of the row."""
    versions = (*state.versions, version)
    return SmallState(
        versions,
        state.tills,
        under_way=state.under_way,
        form=state.form,
        left=state.left,
        calm=state.calm,
    )


def trimmed(state: SmallState) -> SmallState:
    """Forget versions that nobody can come by any more."""
    keeps_old = Fate.OLD_COPY in state.left or Verb.WRITE_BACK in state.left
    kept_versions = 1 + OLD_VERSIONS if keeps_old else 1
    return (
        state
        if len(state.versions) <= kept_versions
        else state._replace(versions=state.versions[-kept_versions:])
    )
