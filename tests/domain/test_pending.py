"""A snapshot and the journal's position in, what the snapshot lacks out: nothing twice."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.domain.samples import UNTOUCHED
from tests.examples import about
from tests.settlement.harness import ADA, EPOCH, OURS, THEIRS, SettlementHarness, row, table

from taptill.domain.customer import Snapshot, older
from taptill.domain.entry import Attempt, EntryKind, MarkedEntry, Position
from taptill.domain.mark import Enrolment, Mark, Marks, Place, epoch_of, read_marks, with_mark
from taptill.domain.mark import enrolled as enrolled_row
from taptill.domain.money import ZERO, Money
from taptill.domain.pending import pending
from taptill.settlement.reconcile import reconcile
from taptill.settlement.requests import (
    Answer,
    Append,
    Applied,
    NoAnswer,
    ReadJournal,
    ReadRow,
    Request,
    Update,
)
from taptill.settlement.settle import settle

many = about(200)
FIRST, LAST = Mark(3, 420, "33333333"), Mark(8, 1000, "88888888")
SENT = Attempt(
    epoch=EPOCH,
    sent_mark=LAST,
    total_read=Decimal(0),
    total_sent=Decimal(1000),
    others_total=0,
    open=False,
)
AT = Position(customer_id=1, last=LAST, row_mark=FIRST, receipted_seq=3)


def held(mark: Mark | None = None, epoch: str = EPOCH, **other_marks: Mark | None) -> Marks:
    """Return a row's marks with ours, if there is one."""
    table = {**other_marks, **({} if mark is None else {OURS: mark})}
    return Marks(Place.TABLE, epoch, table)


def enrolled(by: Enrolment) -> Marks:
    """Return the marks of a row that was enrolled so, and holds none."""
    return read_marks(enrolled_row(Marks(Place.EMPTY), by))


BEFORE = Enrolment("b2", 1, row().updated_at, row().total)

CASES = {
    "no entry here: nothing is pending": (held(), None, 0, False),
    "no money entry here: nothing is pending": (held(FIRST), replace(AT, last=None), 0, False),
    "the row holds it all": (held(LAST), AT, 0, False),
    "the row holds an older mark": (held(FIRST), AT, 580, False),
    "never sent: all of it": (held(), replace(AT, row_mark=None), 1000, False),
    "never sent, an untouched row": (Marks(Place.EMPTY), AT, 1000, False),
    "absent in the epoch of our attempts: our send was written over": (
        held(),
        replace(AT, attempt=SENT),
        1000,
        False,
    ),
    "absent in another epoch: all of it may be missing": (
        held(epoch="ffffffff"),
        replace(AT, attempt=SENT),
        1000,
        True,
    ),
    "no key any more, and we did send": (
        Marks(Place.EMPTY),
        replace(AT, attempt=SENT),
        1000,
        True,
    ),
    "no key, in the very version that our enrolment was made from": (
        Marks(Place.EMPTY),
        replace(AT, attempt=SENT, enrolments=(row().epoch,), first_stamp=row(at=2).updated_at),
        1000,
        False,
    ),
    "no key, with the stamp that the row had at our first money": (
        Marks(Place.EMPTY),
        replace(AT, attempt=SENT, enrolments=(row().epoch,), first_stamp=row().updated_at),
        1000,
        True,
    ),
    "absent, enrolled from a version of before our first money": (
        enrolled(BEFORE),
        replace(AT, attempt=SENT, first_stamp=row(at=2).updated_at),
        1000,
        False,
    ),
    "absent, enrolled from a version that may be of after it": (
        enrolled(BEFORE),
        replace(AT, attempt=SENT, first_stamp=BEFORE.updated_at),
        1000,
        True,
    ),
    "absent, enrolled from a version of before it, but another customer's": (
        enrolled(replace(BEFORE, customer_id=8)),
        replace(AT, attempt=SENT, first_stamp=row(at=2).updated_at),
        1000,
        True,
    ),
    "our mark is unreadable": (Marks(Place.TABLE, EPOCH, {OURS: None}), AT, 1000, True),
    "a mark that this journal never made tells nothing": (
        held(Mark(99, 99_000, "ffffffff")),
        replace(AT, conflict="unknown-mark"),
        1000,
        True,
    ),
    "on the conflict desk the mark in the row counts": (
        held(FIRST),
        replace(AT, conflict="refused"),
        580,
        True,
    ),
    "given up by a person": (
        held(epoch="ffffffff"),
        replace(AT, attempt=SENT, row_mark=LAST, closed_seq=LAST.seq),
        0,
        True,
    ),
    "on the desk and never seen: all of it": (
        held(),
        replace(AT, row_mark=None, conflict="no-place"),
        1000,
        True,
    ),
    "other journals' marks are in the total already": (
        held(FIRST, b2=Mark(70, 7000, "77777777")),
        AT,
        580,
        False,
    ),
}


@pytest.mark.parametrize(("marks", "position", "minor", "in_question"), CASES.values(), ids=CASES)
def test_pending_is(
    marks: Marks,
    position: Position | None,
    minor: int,
    in_question: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Each case of what a mark means, as far as the figure on a screen goes."""
    marked_entries = {mark.seq: MarkedEntry(1, mark) for mark in (FIRST, LAST)}
    seen_row = row(debt_data=None)
    snapshot = replace(seen_row, marks=marks, customer=replace(seen_row.customer, id=1))
    assert pending(snapshot, position, OURS, marked_entries.get) == (Money(minor), in_question)


# --- laws: a real journal, a row with all its former versions, and any of them as the sight -------


@dataclass(frozen=True)
class Version:
    """A row as it once was, and what its total is made of, which no mark tells."""

    snapshot: Snapshot
    office: int
    ours: int


class Row:
    """One customer's row, a journal that settles into it, and everybody else who writes it."""

    def __init__(self) -> None:
        self.harness = SettlementHarness()
        self.versions = [Version(row(1000), 1000, 0)]

    def charge(self, amount: int) -> None:
        self.harness.charge(amount)

    def sell(self, amount: int) -> None:
        """Charge, and settle at once."""
        self.charge(amount)
        self.settle("well")

    def settle(self, how: str) -> None:
        """Settle as the till does; each update of it has this fate, reads are true."""
        settling, answer = settle(self.harness.task()), None
        with suppress(StopIteration):
            while self.harness.queries.open_customers(1) or answer:
                answer = self._answer(settling.send(answer), how)

    def sight(self, ago: int) -> None:
        """Let settlement come by a version and note what it owes; an old copy proves nothing."""
        seen_row, position = self._ago(ago).snapshot, self.harness.queries.position(ADA)
        if position and older(seen_row.updated_at, position.updated_at):
            return
        own_mark = seen_row.marks.table.get(OURS)
        look = self.harness.queries.query(ADA, own_mark.seq if own_mark else None)
        if look:
            self.harness.write(*reconcile(seen_row, look, OURS, may_share=True)[1])

    def office(self, amount: int) -> None:
        now = self.versions[-1]
        self._write(now.snapshot.total + amount, now.snapshot.marks, now.office + amount, now.ours)

    def other_till(self, amount: int) -> None:
        """Let another till settle, where there is a place for its mark."""
        now = self.versions[-1]
        if now.snapshot.marks.place is not Place.TABLE:
            return
        their_mark = now.snapshot.marks.table.get(THEIRS)
        mark = Mark(
            len(self.versions), (their_mark.total if their_mark else 0) + amount, "0000beef"
        )
        debt_data = with_mark(now.snapshot.marks, now.snapshot.marks.epoch or "", THEIRS, mark)
        total = now.snapshot.total + amount
        self._write(total, read_marks(debt_data), now.office + amount, now.ours)

    def write_back(self, ago: int) -> None:
        """Write a former version with marks back, money and marks together."""
        if self._ago(ago).snapshot.marks.place is Place.TABLE:
            self.restore(ago)

    def take_back(self, ago: int) -> None:
        """Write a former version back, and come by it."""
        self.write_back(ago)
        self.sight(0)

    def restore(self, ago: int) -> None:
        """Write any former version back, one without a key too."""
        old = self._ago(ago)
        self._write(old.snapshot.total, old.snapshot.marks, old.office, old.ours)

    def empty(self, how: str) -> None:
        """Lose debtData; another till may enrol the row anew."""
        now = self.versions[-1]
        self._write(now.snapshot.total, UNTOUCHED, now.office, now.ours)
        if how == "enrolled anew":
            epoch = epoch_of(self._now().updated_at, now.snapshot.total)
            self._write(now.snapshot.total, read_marks(table(epoch=epoch)), now.office, now.ours)

    def _ago(self, ago: int) -> Version:
        return self.versions[max(0, len(self.versions) - 1 - ago)]

    def _write(self, total: Decimal, marks: Marks, office: int, ours: int) -> None:
        stamped_row = row(at=1 + len(self.versions))
        seen_row = replace(stamped_row, total=total, marks=marks)
        self.versions.append(Version(seen_row, office, ours))

    def _answer(self, request: Request, how: str) -> Answer:
        match request:
            case ReadRow():
                return self.versions[-1].snapshot
            case Append(drafts):
                self.harness.write(*drafts)
                return None
            case ReadJournal(customer, mark_seq):
                return self.harness.queries.query(customer, mark_seq)
            case Update():
                if how == "request lost":
                    return NoAnswer("backend-unreachable")
                office = self.versions[-1].office
                total = request.total
                self._write(total, read_marks(request.debt_data), office, int(total) - office)
                return (
                    NoAnswer("backend-unreachable") if how == "reply lost" else Applied(self._now())
                )

    def _now(self) -> Snapshot:
        return self.versions[-1].snapshot


amounts = st.integers(-5000, 5000).filter(bool)
ago = st.integers(0, 6)
steps = st.lists(
    st.one_of(
        st.tuples(st.just(Row.charge), amounts),
        st.tuples(st.just(Row.sell), amounts),
        st.tuples(st.just(Row.settle), st.sampled_from(("well", "reply lost", "request lost"))),
        st.tuples(st.just(Row.sight), ago),
        st.tuples(st.just(Row.office), amounts),
        st.tuples(st.just(Row.other_till), amounts),
        st.tuples(st.just(Row.write_back), ago),
        st.tuples(st.just(Row.take_back), ago),
        st.tuples(st.just(Row.restore), ago),
        st.tuples(st.just(Row.empty), st.sampled_from(("emptied", "enrolled anew"))),
    ),
    min_size=3,
    max_size=16,
)

UNLIKE_SALES = 100_003
"""No sum of the office's amounts times this is one of the till's, but nothing."""


def no_lie(acts: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Leave out who loses debtData, and a payment that is just what was taken back.

    That looks like an older debtData beside the total as it was, which a person must decide.
    """
    kept_acts = [act for act in acts if act[0] not in {Row.empty, Row.restore}]
    return [(step, word * UNLIKE_SALES if step is Row.office else word) for step, word in kept_acts]


honest = steps.map(no_lie)


def play(steps: list[tuple[Any, Any]], look: Callable[[Row], None]) -> None:
    """Do these steps and look at every version after each."""
    at = Row()
    try:
        for step, word in steps:
            step(at, word)
            look(at)
    finally:
        at.harness.close()


def sold(at: Row) -> tuple[Position | None, int]:
    """Return the journal's position and the sum of all its money entries."""
    position = at.harness.queries.position(ADA)
    return position, position.last.total if position and position.last else 0


@many
@given(honest)
def test_whatever_version_is_seen_each_entry_counts_once(steps: list[tuple[Any, Any]]) -> None:
    """Older, newer, taken back, with a send unheard of: office part and all entries, once.

    A row from before the journal's first send, seen after it, cannot be told from one whose
    debtData was emptied: it is said to be in question.
    """

    def look(at: Row) -> None:
        position, local = sold(at)
        for version in at.versions:
            more_money, in_question = pending(version.snapshot, position, OURS)
            if in_question:
                assert version.snapshot.marks.place is Place.EMPTY
                assert position
                assert position.attempt
                assert not position.conflict
            else:
                assert version.snapshot.debt + more_money == Money(version.office + local)

    play(steps, look)


@many
@given(steps)
def test_a_figure_that_may_be_wrong_is_in_question(steps: list[tuple[Any, Any]]) -> None:
    """Where debtData was lost, no figure is silently wrong: all that the row does not say."""

    def look(at: Row) -> None:
        position, local = sold(at)
        for version in at.versions:
            more_money, in_question = pending(version.snapshot, position, OURS)
            if not in_question:
                assert version.snapshot.debt + more_money == Money(version.office + local)
                continue
            assert position
            mark = version.snapshot.marks.table.get(OURS)
            assert more_money == Money(local - (mark.total if mark else 0))

    play(steps, look)


@pytest.mark.slow
def test_the_laws_meet_every_kind_of_sight() -> None:
    met_cases: Counter[str] = Counter()

    @given(steps)
    def watch(steps: list[tuple[Any, Any]]) -> None:
        def look(at: Row) -> None:
            position, local = sold(at)
            more_money, in_question = pending(at.versions[0].snapshot, position, OURS)
            met_cases["old and in question" if in_question else "old and exact"] += 1
            now = at.versions[-1]
            more_money, in_question = pending(now.snapshot, position, OURS)
            met_cases["now and in question" if in_question else "now and exact"] += 1
            met_cases["some of it in the row"] += now.ours not in {0, local} and more_money != ZERO
            met_cases["taken back"] += EntryKind.TAKEN_BACK in at.harness.kinds()

        play(steps, look)

    settings(max_examples=400)(watch)()
    kinds = {"exact", "in question"}
    assert {name for name, count in met_cases.items() if count} == {
        *(f"{when} and {kind}" for when in ("old", "now") for kind in kinds),
        "some of it in the row",
        "taken back",
    }
