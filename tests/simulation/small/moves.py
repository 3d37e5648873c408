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

    def __init__(self, limits: Bound, protocol: Protocol = REAL) -> None:
        self.bound = limits
        self.tables = Tables(limits, protocol)
        self.sales = [amounts[: limits.entries] for amounts in SALES]

    def first(self) -> SmallState:
        """Return the state in which nothing has happened yet."""
        till = SmallTill(self.tables.book(SmallJournal()))
        left = frozenset(FAULTS if self.bound.faults else ())
        return SmallState((self.tables.first_version(),), (till, till), left=left)

    def steps(self, state: SmallState) -> Iterator[Step]:
        """Return everything that may happen next."""
        for number in (0, 1):
            yield from self._till_steps(state, number)
        yield from self._landings(state)
        yield from self._office_steps(state)

    # --- a till ---------------------------------------------------------------------------------

    def _till_steps(self, state: SmallState, number: int) -> Iterator[Step]:
        till, name = state.tills[number], f"till {number + 1}"
        book = self.tables.books.things[till.book]
        sold_count = len(book.marks)
        if sold_count < len(self.sales[number]):
            amount = self.sales[number][sold_count]
            kind = EntryKind.CHARGE if amount > 0 else EntryKind.VOID
            after = self.tables.written(till, [Draft(kind, ADA, amount)], number)
            yield f"{name} writes {kind} {money(amount)}", with_till(state, number, after)
        if till.stand is not None:
            yield from self._go_on(state, number)
        else:
            yield from self._sights(state, number)
            position = book.position
            if position.open and not position.conflict and not till.is_stopped:
                till_settling = till._replace(stand=self.tables.stand(number, till.stale, ()))
                yield from self._go_on(with_till(state, number, till_settling), number)
        if Verb.CRASH in state.left and (till.stand is not None or till.stale or till.is_stopped):
            yield from self._crashes(state, number)

    def _crashes(self, state: SmallState, number: int) -> Iterator[Step]:
        till = state.tills[number]
        state = self._spent(state, Verb.CRASH)
        restarted_till = SmallTill(
            till.book, is_stopped=self.tables.books.things[till.book].is_halted
        )
        after = with_till(state, number, restarted_till)
        yield f"till {number + 1} crashes and starts again", after
        stand = self.tables.stands.things[till.stand] if till.stand is not None else None
        if stand and isinstance(stand.request, Update):
            sent_number = self._send(after, number, stand.request)
            yield f"till {number + 1} sends its update, crashes and starts again", sent_number

    def _sights(self, state: SmallState, number: int) -> Iterator[Step]:
        """Look the customer up: only what changes something is a step."""
        versions_seen = [(state.versions[-1], state, "sees the row")]
        if Fate.OLD_COPY in state.left and len(state.versions) > 1:
            state_after = self._spent(state, Fate.OLD_COPY)
            versions_seen.append((state.versions[-2], state_after, "sees an old copy of the row"))
        for version, after, step_words in versions_seen:
            till = self.tables.observed(state.tills[number], number, version)
            if till != state.tills[number]:
                yield f"till {number + 1} {step_words}", with_till(after, number, till)

    # --- a settling -----------------------------------------------------------------------------

    def _go_on(self, state: SmallState, number: int) -> Iterator[Step]:
        till, name = state.tills[number], f"till {number + 1}"
        assert till.stand is not None
        match self.tables.stands.things[till.stand].request:
            case ReadRow():
                yield from self._reads_row(state, number)
            case ReadJournal(_, mark_seq):
                answer_number = self.tables.query(till.book, mark_seq)
                yield f"{name} looks into its journal", self._told(state, number, answer_number)
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
            state_after = self._spent(state, Fate.REQUEST_LOST)
            unanswered_state = self._told(state_after, number, self.tables.silence)
            yield f"{name} asks for the row: no answer", unanswered_state
        if Fate.OLD_COPY in state.left and len(state.versions) > 1:
            state_after = self._spent(state, Fate.OLD_COPY)
            answer_number = self.tables.row_answer(state.versions[-2])
            yield (
                f"{name} reads an old copy of the row",
                self._told(state_after, number, answer_number),
            )

    def _updates(self, state: SmallState, number: int, update: Update) -> Iterator[Step]:
        lost_answer = self.tables.lost
        step_words = f"till {number + 1} sends total {money(update.total)}"
        sent_number = self.tables.send(number, update)
        landed_state, answer = self._landed(state, sent_number)
        yield f"{step_words}: it lands", self._told(landed_state, number, answer)
        for fate in (fault for fault in _SENDING if fault in state.left):
            state_after = self._spent(state, fate)
            match fate:
                case Fate.REQUEST_LOST:
                    after = self._told(state_after, number, lost_answer)
                case Fate.REPLY_LOST:
                    after = self._told(
                        self._landed(state_after, sent_number)[0], number, lost_answer
                    )
                case Fate.LATE:
                    after = self._told(self._send(state_after, number, update), number, lost_answer)
                case Fate.TWICE:
                    both_sent = self._send(
                        self._landed(state_after, sent_number)[0], number, update
                    )
                    after = self._told(both_sent, number, answer)
                case _:
                    again, second = self._landed(
                        self._landed(state_after, sent_number)[0], sent_number
                    )
                    after = self._told(again, number, second)
            yield f"{step_words}: {fate}", after

    def _told(self, state: SmallState, number: int, answer: int) -> SmallState:
        """Tell a till's settling an answer."""
        till = state.tills[number]
        assert till.stand is not None
        stand = self.tables.answers(till.stand, answer)
        outcome = self.tables.stands.things[stand].outcome
        if outcome is None:
            return self._hurried(with_till(state, number, till._replace(stand=stand)), number)
        stale = till.stale + 1 if isinstance(outcome, Later) and outcome.doubt is Doubt.STALE else 0
        is_stopped = till.is_stopped or isinstance(outcome, Stopped)
        return with_till(state, number, SmallTill(till.book, None, stale, is_stopped))

    def _hurried(self, state: SmallState, number: int) -> SmallState:
        """Take what nobody else can come between of: a till that sells no more is by itself."""
        till = state.tills[number]
        assert till.stand is not None
        request = self.tables.stands.things[till.stand].request
        if len(self.tables.books.things[till.book].marks) < len(self.sales[number]):
            return state
        if isinstance(request, ReadJournal):
            return self._told(state, number, self.tables.query(till.book, request.mark_seq))
        if isinstance(request, Append) and Verb.CRASH not in state.left:
            return self._appended(state, number, request)
        return state

    def _appended(self, state: SmallState, number: int, request: Append) -> SmallState:
        till_after = self.tables.appended(state.tills[number], request.drafts, number)
        return self._told(with_till(state, number, till_after), number, self.tables.done)

    # --- the network ----------------------------------------------------------------------------

    def _landings(self, state: SmallState) -> Iterator[Step]:
        for place, sent_number in enumerate(state.under_way):
            rest = state.under_way[:place] + state.under_way[place + 1 :]
            after, _ = self._landed(state._replace(under_way=rest), sent_number)
            number = self.tables.sent.things[sent_number].till + 1
            yield f"a request of till {number} lands late", after

    def _send(self, state: SmallState, number: int, update: Update) -> SmallState:
        under_way = sorted((*state.under_way, self.tables.send(number, update)))
        return state._replace(under_way=tuple(under_way))

    def _landed(self, state: SmallState, sent_number: int) -> tuple[SmallState, int]:
        version, answer = self.tables.landed(state.versions[-1], sent_number)
        return (state if version == state.versions[-1] else with_version(state, version)), answer

    # --- the office -----------------------------------------------------------------------------

    def _office_steps(self, state: SmallState) -> Iterator[Step]:
        for words, after, own_sums, fields in self._office_writes(state):
            yield (
                words,
                with_version(after, self.tables.wrote(state.versions[-1], own_sums, **fields)),
            )
        if Verb.OPEN_FORM in state.left:
            total = int(self.tables.versions.things[state.versions[-1]].row.total) + FORM
            yield "the office opens a form", self._spent(state, Verb.OPEN_FORM)._replace(form=total)

    def _office_writes(
        self, state: SmallState
    ) -> Iterator[tuple[str, SmallState, tuple[int, int], dict[str, Any]]]:
        present_version, own_sums = self.tables.versions.things[state.versions[-1]]
        if state.form is not None:
            saved_state = state._replace(form=None)
            yield "the office saves its form", saved_state, own_sums, {"total": Decimal(state.form)}
        if Verb.PAY in state.left:
            total = present_version.total + PAYMENT
            state_after = self._spent(state, Verb.PAY)
            yield f"the office books {money(PAYMENT)}", state_after, own_sums, {"total": total}
        if Verb.WRITE_BACK in state.left:
            state_after = self._spent(state, Verb.WRITE_BACK)
            for ago, version in enumerate(reversed(state.versions[:-1]), 1):
                old, its_own = self.tables.versions.things[version]
                fields = {"total": old.total, "marks": old.marks}
                yield (
                    f"the office writes back the row of {ago} writes ago",
                    state_after,
                    its_own,
                    fields,
                )
        if Verb.EMPTY in state.left:
            state_after = self._spent(state, Verb.EMPTY)
            yield "the office empties debtData", state_after, own_sums, {"marks": read_marks(None)}

    def _spent(self, state: SmallState, fault: Fate | Verb) -> SmallState:
        """Use a fault up; the last one that may come uses all of them up."""
        left = state.left - {fault}
        if len(FAULTS) - len(left) == self.bound.faults:
            left = frozenset()
        quiet = fault not in ASKS_A_PERSON or (self.bound.kin.enrolled and fault is not Verb.EMPTY)
        return state._replace(left=left, calm=state.calm and quiet)
