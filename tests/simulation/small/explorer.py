"""Two tills, one customer, two entries each in; every interleaving, with a few faults, out.

Settling is a pure generator, so a state is made of values: the row's last versions, updates under
way, and of each till its journal and what its settling was answered so far. States are visited
once, in order of their distance, so the first bad history is a shortest one. What keeps it small:

- of the faults each comes at most once in a history, and at most `faults` of them in all;
- journals number money entries only, so that histories which differ in how often something was
  tried are one state; nobody keeps a cache, and the probe for conditions is over;
- a settling begins with its read, and a step of a till that nothing else can come between of (it
  sells no more, and does not crash any more) is taken with the one before it.

Rows enrolled before, on the plain API: 126,170 states with one fault and 7,062,751 with two (six
minutes and 6 GB: `make simulate SMALL_WORLD=widest`); with conditional updates 86,846 with one.
BOUNDS says what `make test` visits, WIDE_BOUNDS what `make simulate` does.
"""

from array import array
from dataclasses import dataclass

from tests.simulation.acts import money
from tests.simulation.checks import PromiseError
from tests.simulation.small.moves import SmallWorld
from tests.simulation.small.values import JOURNALS, Bound, SmallState, trimmed
from tests.simulation.till import REAL, Protocol

from taptill.domain.entry import Position
from taptill.domain.pending import pending


class Promise:
    """What must hold in every state, and at each end."""

    def __init__(self, world: SmallWorld) -> None:
        self._world = world
        self._tables = world.tables
        self._shown: set[tuple[int, int, int]] = set()

    def check(self, state: SmallState) -> None:
        """Check what screens show of each version that may still come by."""
        for number, till in enumerate(state.tills):
            for version in state.versions:
                key = (number, till.book, version)
                if key not in self._shown:
                    self._shown.add(key)
                    self._check_screen(*key)

    def _check_screen(self, number: int, book: int, version: int) -> None:
        seen_row, own_sums = self._tables.versions.things[version]
        position = self._tables.books.things[book].position
        shown_sum, in_question = pending(seen_row, position, JOURNALS[number])
        counted_sum, local = own_sums[number] + shown_sum.minor, _total(position)
        mark = seen_row.marks.table.get(JOURNALS[number])
        missing = local - (mark.total if mark else 0)
        if in_question and shown_sum.minor != missing:
            fault_text = (
                f"till {number + 1} has {money(shown_sum.minor)} in question, not {money(missing)}"
            )
            raise PromiseError("screen", fault_text)
        if not in_question and counted_sum != local:
            fault_text = f"till {number + 1} counts {money(counted_sum)}, not {money(local)}"
            raise PromiseError("screen", fault_text)

    def is_over(self, state: SmallState) -> bool:
        """Return whether nothing will happen any more unless somebody makes it happen."""
        if state.under_way or state.form is not None:
            return False
        for number, till in enumerate(state.tills):
            marks, position, _ = self._tables.books.things[till.book]
            waits = position.open and not position.conflict and not till.is_stopped
            if till.stand is not None or waits or len(marks) < len(self._world.sales[number]):
                return False
            if self._tables.observed(till, number, state.versions[-1]) != till:
                return False
        return True

    def check_end(self, state: SmallState) -> None:
        """Check the books where nothing will happen any more."""
        own_sums = self._tables.versions.things[state.versions[-1]].own_sums
        for number, till in enumerate(state.tills):
            marks, position, _ = self._tables.books.things[till.book]
            on_desk = till.is_stopped or position.conflict
            if own_sums[number] not in {0, *(mark.total for mark in marks)}:
                raise PromiseError("books", f"{money(own_sums[number])} was never a sum")
            if own_sums[number] != _total(position) and not on_desk:
                fault_text = f"the total holds {money(own_sums[number])} of till {number + 1}"
                raise PromiseError("books", f"{fault_text}, not {money(_total(position))}")
            if state.calm and on_desk:
                raise PromiseError("desk", f"till {number + 1} has something to decide")
            if position.conflict and not till.is_stopped:
                self._check_ruling(state, number)

    def _check_ruling(self, state: SmallState, number: int) -> None:
        """A person who says what is in the row makes the books right."""
        version = self._tables.ruled(state.tills[number], number, state.versions[-1])
        own_sum = self._tables.versions.things[version].own_sums[number]
        position = self._tables.books.things[state.tills[number].book].position
        if own_sum != _total(position):
            fault_text = (
                f"the total holds {money(own_sum)} of till {number + 1} after a true ruling"
            )
            raise PromiseError("books", f"{fault_text}, not {money(_total(position))}")


@dataclass
class SearchReport:
    """How much of a small world there is."""

    states: int = 0
    steps: int = 0
    ends: int = 0
    longest: int = 0

    def __str__(self) -> str:
        return (
            f"{self.states} states, {self.steps} steps, {self.ends} ends, "
            f"the farthest {self.longest} steps away"
        )


class Explorer:
    """Visits every state once, in order of distance; raises PromiseError with the way there."""

    def __init__(self, world: SmallWorld) -> None:
        self._world = world
        self._promise = Promise(world)
        self._states: list[SmallState] = []
        self._numbers: dict[SmallState, int] = {}
        self._came_from = array("L")
        self._words: list[str] = []
        self._distance = array("H")
        self._edges = array("L")  # from, to, from, to ...
        self._ends: list[int] = []

    def explore(self) -> SearchReport:
        """Visit all; every state must have a way to an end, too."""
        self._visit(self._world.first(), 0, "nothing has happened yet")
        state_number = 0
        while state_number < len(self._states):
            try:
                self._go_on(state_number)
            except PromiseError as broken:
                raise PromiseError(
                    broken.where, f"{broken.what}\n{self.way_to(state_number)}"
                ) from broken
            state_number += 1
        self._check_ways_out()
        steps = len(self._edges) // 2
        return SearchReport(len(self._states), steps, len(self._ends), self._distance[-1])

    def way_to(self, number: int) -> str:
        """Tell the shortest history that leads to a state."""
        lines: list[str] = []
        while number:
            lines.append(self._words[number])
            number = self._came_from[number]
        return "\n".join(reversed(lines))

    def _go_on(self, state_number: int) -> None:
        state = self._states[state_number]
        self._promise.check(state)
        if self._promise.is_over(state):
            self._ends.append(state_number)
            self._promise.check_end(state)
        for words, after in self._world.steps(state):
            next_number = self._visit(trimmed(after), state_number, words)
            self._edges.extend((state_number, next_number))

    def _visit(self, state: SmallState, come_from: int, words: str) -> int:
        number = self._numbers.setdefault(state, len(self._states))
        if number == len(self._states):
            self._states.append(state)
            self._came_from.append(come_from)
            self._words.append(words)
            self._distance.append(self._distance[come_from] + 1 if number else 0)
        return number

    def _check_ways_out(self) -> None:
        before: list[list[int]] = [[] for _ in self._states]
        for place in range(0, len(self._edges), 2):
            before[self._edges[place + 1]].append(self._edges[place])
        healing, fringe = bytearray(len(self._states)), list(self._ends)
        while fringe:
            number = fringe.pop()
            if not healing[number]:
                healing[number] = 1
                fringe.extend(before[number])
        stuck_state = healing.find(0)
        if stuck_state >= 0:
            raise PromiseError("settling", f"it never heals\n{self.way_to(stuck_state)}")


def explore(bound: Bound, protocol: Protocol = REAL) -> SearchReport:
    """Visit a small world whole; errors: PromiseError with the shortest way to what is wrong."""
    return Explorer(SmallWorld(bound, protocol)).explore()


def _total(position: Position) -> int:
    return position.last.total if position.last else 0
