"""The acts of a day that broke the promise in, the shortest such day in plain words out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tests.simulation.acts import Act, Fate, Verb, money
from tests.simulation.backend import Kin
from tests.simulation.checks import Checks, PromiseError
from tests.simulation.till import REAL, Protocol
from tests.simulation.world import World

from taptill.domain.customer import Snapshot
from taptill.domain.mark import Mark, Marks, Place
from taptill.settlement.requests import Later, OnDesk, Settled, Stopped, Update, UpdateCondition

TRIES_MAX = 3000
"""So many days are lived again at most to make a trace shorter."""

LINES_MAX = 60

TOLD: Mapping[str, str] = {
    Fate.WELL: "it lands",
    Fate.REQUEST_LOST: "the request is lost",
    Fate.REPLY_LOST: "the reply is lost",
    Fate.LATE: "no answer, and it is under way still",
    Fate.TWICE: "it lands, and is under way once more",
    Fate.REPEATED: "a proxy sends it twice",
    Fate.ERROR_BEFORE: "an error, and it is not applied",
    Fate.REFUSED: "it is refused for good",
    Fate.ERROR_AFTER: "an error, but it is applied",
}


@dataclass(frozen=True)
class DaySetup:
    """What it takes to live a day again, but for its acts."""

    kin: Kin
    tills: int = 2
    protocol: Protocol = REAL
    screens: bool = True


class BadDayError(AssertionError):
    """A day that broke the promise; its text is the shortest such day in plain words."""

    def __init__(self, case: DaySetup, acts: Sequence[Act], where: str, seed: int = 0) -> None:
        super().__init__(where)
        self.case = case
        self.acts = list(acts)
        self.where = where
        self.seed = seed

    def __str__(self) -> str:
        story = tell(self.case, shrink(self.case, self.acts))
        return f"seed {self.seed} breaks the promise, {self.case.kin}\n{story}"


def replay(case: DaySetup, acts: Sequence[Act]) -> tuple[PromiseError | None, World, list[Act]]:
    """Live a day again, act by act; what is not possible is left out."""
    world = World(case.kin, case.tills, case.protocol)
    checks = Checks(world, screens=case.screens)
    acts_done: list[Act] = []
    try:
        for act in acts:
            if world.perform(act):
                acts_done.append(act)
                checks.step()
        checks.night()
    except PromiseError as found:
        return found, world, acts_done
    finally:
        world.close()
    return None, world, acts_done


def shrink(case: DaySetup, acts: Sequence[Act]) -> list[Act]:
    """Take away acts and faults as long as the day still breaks the promise in the same way."""
    result, _, shortest = replay(case, acts)
    assert result is not None
    tries = 0
    before: list[Act] = []
    while shortest != before:
        before = shortest
        for fewer in _fewer(shortest):
            tries += 1
            if tries > TRIES_MAX:
                return shortest
            broken, _, acts_done = replay(case, fewer)
            if broken and broken.where == result.where and _weight(acts_done) < _weight(shortest):
                shortest = acts_done
                break
    return shortest


def tell(case: DaySetup, acts: Sequence[Act]) -> str:
    """Tell a day in plain words, its violation last."""
    result, world, _ = replay(case, acts)
    lines = [sentence.format(*map(words, figures)) for sentence, figures in world.story]
    if len(lines) > LINES_MAX:
        lines[LINES_MAX:] = ["... and so on"]
    return "\n".join([*lines, f"=> {result}"])


def _weight(acts: Sequence[Act]) -> tuple[int, int]:
    return len(acts), sum(act.fate is not Fate.WELL or act.verb is not Verb.GO_ON for act in acts)


def _fewer(acts: list[Act]) -> Iterator[list[Act]]:
    """Return shorter and simpler days, the much shorter ones first."""
    length = len(acts)
    while length:
        for start in range(0, len(acts), length):
            yield acts[:start] + acts[start + length :]
        length //= 2
    for place, act in enumerate(acts):
        if act.verb is Verb.GO_ON and act.fate is not Fate.WELL:
            yield [*acts[:place], replace(act, fate=Fate.WELL), *acts[place + 1 :]]


def words(figure: object) -> str:
    """Put a figure of a story in plain words."""
    match figure:
        case int() | Decimal():
            return money(figure)
        case Snapshot(total=total, marks=marks):
            return f"total {money(total)}, {_marks(marks)}"
        case Update(total=total, mark=mark, condition=condition):
            condition_words = (
                "" if condition is UpdateCondition.NONE else f", condition {condition}"
            )
            mark_words = "enrolment" if mark is None else _mark(mark)
            return f"total {money(total)}, {mark_words}{condition_words}"
        case Mark() | None:
            return _mark(figure)
        case Later(reason=reason):
            return f"later, {reason}"
        case Settled() | OnDesk() | Stopped():
            return type(figure).__name__.lower()
        case _:
            return TOLD.get(str(figure), str(figure))


def _mark(mark: Mark | None) -> str:
    return "no mark" if mark is None else f"mark of entry {mark.seq} ({money(mark.total)})"


def _marks(marks: Marks) -> str:
    if marks.place is not Place.TABLE:
        return "not enrolled" if marks.place is Place.EMPTY else "no place for marks"
    if not marks.table:
        return "no mark"
    return ", ".join(f"{_mark(mark)} of journal {key}" for key, mark in marks.table.items())
