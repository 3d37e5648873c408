"""A state in, everything that may happen next, and the states that come of it, out."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.simulation.acts import Fate, Verb, money
from tests.simulation.small.tables import Tables
from tests.simulation.small.values import (
    ADA,
    ASKS_A_PERSON,
    FAULTS,
    FORM,
    PAYMENT,
    SALES,
    Bound,
    SmallJournal,
    SmallState,
    SmallTill,
    Step,
    with_till,
    with_version,
)
from tests.simulation.till import REAL, Protocol

from taptill.domain.entry import Draft, EntryKind
from taptill.domain.mark import read_marks
from taptill.settlement.requests import (
    Append,
    Doubt,
    Later,
    ReadJournal,
    ReadRow,
    Stopped,
    Update,
)

_SENDING = (Fate.REQUEST_LOST, Fate.REPLY_LOST, Fate.LATE, Fate.TWICE, Fate.REPEATED)


class SmallWorld:
    """Two tills, a row and a few faults; `tables` knows what the numbers in a state stand for."""

    def __init__(self, bound: Bound, protocol: Protocol = REAL) -> None:
        self.bound = bound
        self.tables = Tables(bound, protocol)
        self.sales = [amounts[: bound.entries] for amounts in SALES]

    def first(self) -> SmallState:
        """Give the state in which nothing has happened yet."""
        till = SmallTill(self.tables.book(SmallJournal()))
        left = frozenset(FAULTS if self.bound.faults else ())
        return SmallState((self.tables.first_version(),), (till, till), left=left)

    def steps(self, state: SmallState) -> Iterator[Step]:
        """Give everything that may happen next."""
        for number in (0, 1):
            yield from self._till_steps(state, number)
        yield from self._landings(state)
        yield from self._office_steps(state)

    # --- a till ---------------------------------------------------------------------------------

    def _till_steps(self, state: SmallState, number: int) -> Iterator[Step]:
        till, name = state.tills[number], f"till {number + 1}"
        book = self.tables.books.things[till.book]
        sold = len(book.marks)
        if sold < len(self.sales[number]):
            amount = self.sales[number][sold]
            kind = EntryKind.CHARGE if amount > 0 else EntryKind.VOID
            after = self.tables.written(till, [Draft(kind, ADA, amount)], number)
            yield f"{name} writes {kind} {money(amount)}", with_till(state, number, after)
        if till.stand is not None:
            yield from self._go_on(state, number)
        else:
            yield from self._sights(state, number)
            position = book.position
            if position.open and not position.conflict and not till.stopped:
                begun = till._replace(stand=self.tables.stand(number, till.stale, ()))
                yield from self._go_on(with_till(state, number, begun), number)
        if Verb.CRASH in state.left and (till.stand is not None or till.stale or till.stopped):
            yield from self._crashes(state, number)

    def _crashes(self, state: SmallState, number: int) -> Iterator[Step]:
        till = state.tills[number]
        state = self._spent(state, Verb.CRASH)
        restarted = SmallTill(till.book, stopped=self.tables.books.things[till.book].halted)
        after = with_till(state, number, restarted)
        yield f"till {number + 1} crashes and starts again", after
        stand = self.tables.stands.things[till.stand] if till.stand is not None else None
        if stand and isinstance(stand.request, Update):
            sent = self._send(after, number, stand.request)
            yield f"till {number + 1} sends its update, crashes and starts again", sent

    def _sights(self, state: SmallState, number: int) -> Iterator[Step]:
        """Look the customer up: only what changes something is a step."""
        seen = [(state.versions[-1], state, "sees the row")]
        if Fate.OLD_COPY in state.left and len(state.versions) > 1:
            spent = self._spent(state, Fate.OLD_COPY)
            seen.append((state.versions[-2], spent, "sees an old copy of the row"))
        for version, after, what in seen:
            till = self.tables.sighted(state.tills[number], number, version)
            if till != state.tills[number]:
                yield f"till {number + 1} {what}", with_till(after, number, till)

    # --- a settling -----------------------------------------------------------------------------

    def _go_on(self, state: SmallState, number: int) -> Iterator[Step]:
        till, name = state.tills[number], f"till {number + 1}"
        assert till.stand is not None
        match self.tables.stands.things[till.stand].request:
            case ReadRow():
                yield from self._reads_row(state, number)
            case ReadJournal(_, mark_seq):
                told = self.tables.look(till.book, mark_seq)
                yield f"{name} looks into its journal", self._told(state, number, told)
            case Append(drafts) as request:
                kinds = ", ".join(draft.kind for draft in drafts)
                yield f"{name} journals {kinds}", self._appended(state, number, request)
            case Update() as update:
                yield from self._updates(state, number, update)

    def _reads_row(self, state: SmallState, number: int) -> Iterator[Step]:
        name = f"till {number + 1}"
        total = money(self.tables.versions.things[state.versions[-1]].row.total)
        yield (
            f"{name} reads the row: total {total}",
            self._told(state, number, self.tables.row_answer(state.versions[-1])),
        )
        if Fate.REQUEST_LOST in state.left:
            spent = self._spent(state, Fate.REQUEST_LOST)
            unanswered = self._told(spent, number, self.tables.silence)
            yield f"{name} asks for the row: no answer", unanswered
        if Fate.OLD_COPY in state.left and len(state.versions) > 1:
            spent = self._spent(state, Fate.OLD_COPY)
            told = self.tables.row_answer(state.versions[-2])
            yield f"{name} reads an old copy of the row", self._told(spent, number, told)

    def _updates(self, state: SmallState, number: int, update: Update) -> Iterator[Step]:
        lost = self.tables.lost
        what = f"till {number + 1} sends total {money(update.total)}"
        sent = self.tables.send(number, update)
        landed, answer = self._landed(state, sent)
        yield f"{what}: it lands", self._told(landed, number, answer)
        for fate in (one for one in _SENDING if one in state.left):
            spent = self._spent(state, fate)
            match fate:
                case Fate.REQUEST_LOST:
                    after = self._told(spent, number, lost)
                case Fate.REPLY_LOST:
                    after = self._told(self._landed(spent, sent)[0], number, lost)
                case Fate.LATE:
                    after = self._told(self._send(spent, number, update), number, lost)
                case Fate.TWICE:
                    both = self._send(self._landed(spent, sent)[0], number, update)
                    after = self._told(both, number, answer)
                case _:
                    again, second = self._landed(self._landed(spent, sent)[0], sent)
                    after = self._told(again, number, second)
            yield f"{what}: {fate}", after

    def _told(self, state: SmallState, number: int, answer: int) -> SmallState:
        """Tell a till's settling an answer."""
        till = state.tills[number]
        assert till.stand is not None
        stand = self.tables.told(till.stand, answer)
        outcome = self.tables.stands.things[stand].outcome
        if outcome is None:
            return self._hurried(with_till(state, number, till._replace(stand=stand)), number)
        stale = till.stale + 1 if isinstance(outcome, Later) and outcome.doubt is Doubt.STALE else 0
        stopped = till.stopped or isinstance(outcome, Stopped)
        return with_till(state, number, SmallTill(till.book, None, stale, stopped))

    def _hurried(self, state: SmallState, number: int) -> SmallState:
        """Take what nobody else can come between of: a till that sells no more is by itself."""
        till = state.tills[number]
        assert till.stand is not None
        request = self.tables.stands.things[till.stand].request
        if len(self.tables.books.things[till.book].marks) < len(self.sales[number]):
            return state
        if isinstance(request, ReadJournal):
            return self._told(state, number, self.tables.look(till.book, request.mark_seq))
        if isinstance(request, Append) and Verb.CRASH not in state.left:
            return self._appended(state, number, request)
        return state

    def _appended(self, state: SmallState, number: int, request: Append) -> SmallState:
        written = self.tables.appended(state.tills[number], request.drafts, number)
        return self._told(with_till(state, number, written), number, self.tables.done)

    # --- the network ----------------------------------------------------------------------------

    def _landings(self, state: SmallState) -> Iterator[Step]:
        for place, sent in enumerate(state.under_way):
            rest = state.under_way[:place] + state.under_way[place + 1 :]
            after, _ = self._landed(state._replace(under_way=rest), sent)
            number = self.tables.sent.things[sent].till + 1
            yield f"a request of till {number} lands late", after

    def _send(self, state: SmallState, number: int, update: Update) -> SmallState:
        sent = sorted((*state.under_way, self.tables.send(number, update)))
        return state._replace(under_way=tuple(sent))

    def _landed(self, state: SmallState, sent: int) -> tuple[SmallState, int]:
        version, answer = self.tables.landed(state.versions[-1], sent)
        return (state if version == state.versions[-1] else with_version(state, version)), answer

    # --- the office -----------------------------------------------------------------------------

    def _office_steps(self, state: SmallState) -> Iterator[Step]:
        for words, after, own, fields in self._office_writes(state):
            yield words, with_version(after, self.tables.wrote(state.versions[-1], own, **fields))
        if Verb.OPEN_FORM in state.left:
            total = int(self.tables.versions.things[state.versions[-1]].row.total) + FORM
            yield "the office opens a form", self._spent(state, Verb.OPEN_FORM)._replace(form=total)

    def _office_writes(
        self, state: SmallState
    ) -> Iterator[tuple[str, SmallState, tuple[int, int], dict[str, Any]]]:
        there, own = self.tables.versions.things[state.versions[-1]]
        if state.form is not None:
            saved = state._replace(form=None)
            yield "the office saves its form", saved, own, {"total": Decimal(state.form)}
        if Verb.PAY in state.left:
            total = there.total + PAYMENT
            spent = self._spent(state, Verb.PAY)
            yield f"the office books {money(PAYMENT)}", spent, own, {"total": total}
        if Verb.WRITE_BACK in state.left:
            spent = self._spent(state, Verb.WRITE_BACK)
            for ago, version in enumerate(reversed(state.versions[:-1]), 1):
                old, its_own = self.tables.versions.things[version]
                fields = {"total": old.total, "marks": old.marks}
                yield f"the office writes back the row of {ago} writes ago", spent, its_own, fields
        if Verb.EMPTY in state.left:
            spent = self._spent(state, Verb.EMPTY)
            yield "the office empties debtData", spent, own, {"marks": read_marks(None)}

    def _spent(self, state: SmallState, fault: Fate | Verb) -> SmallState:
        """Use a fault up; the last one that may come uses all of them up."""
        left = state.left - {fault}
        if len(FAULTS) - len(left) == self.bound.faults:
            left = frozenset()
        quiet = fault not in ASKS_A_PERSON or (self.bound.kin.enrolled and fault is not Verb.EMPTY)
        return state._replace(left=left, calm=state.calm and quiet)
