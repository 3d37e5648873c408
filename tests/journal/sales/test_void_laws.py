"""Any voids in; the journal takes those that the rules allow, and what it holds stays right."""

import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.clock import FakeClock
from tests.journal.conftest import JournalHarness
from tests.journal.drafts import ADA, BEN, charge

from taptill.domain.entry import Draft, EntryKind
from taptill.domain.errors import EntryRefusedError
from taptill.domain.sales.past import PAGE_ROWS
from taptill.journal.background.row_formats import rows, to_line
from taptill.journal.file import entries, positions
from taptill.journal.sales.past_sales import PastSales
from taptill.journal.verify import verify, verify_copy

CUSTOMERS = (ADA, BEN)
CHARGES = ("c0", "c1", "c2")


@dataclass
class Charged:
    """A charge as the rules see it: nothing of one that is written off is left to be voided."""

    customer: int
    amount: int
    left: int
    voids: int = 0
    written_off: bool = False


@dataclass(frozen=True)
class Tried:
    """A void that somebody tries: of a charge, by its number; without `part` of the whole."""

    charge_id: str
    customer: int
    part: int | None
    number: int

    def draft(self, whole: int) -> Draft:
        amount = whole if self.part is None else self.part
        body: dict[str, Any] = {"reason": "wrong amount"}
        if self.part is not None:
            body["lines"] = [["Coffee", amount, 1]]
        if self.number > 1:
            body["number"] = self.number
        return Draft(EntryKind.VOID, self.customer, -amount, body, charge_id=self.charge_id)

    def is_allowed(self, charged: Charged) -> bool:
        if charged.written_off or charged.customer != self.customer:
            return False
        if self.number != charged.voids + 1:
            return False
        if self.part is None:
            return charged.voids == 0
        return 0 < self.part <= charged.left


_who = st.sampled_from(CUSTOMERS)
_sales = st.tuples(st.just("sell"), _who, st.integers(1, 6))
_write_offs = st.tuples(st.just("write off"), _who, st.integers(1, 6))
_voids = st.builds(
    Tried,
    st.sampled_from(CHARGES),
    _who,
    st.none() | st.integers(-1, 6),
    st.sampled_from([1, 1, 1, 2, 2, 3]),
)
_acts = st.lists(_sales | _voids | _voids | _voids | _write_offs, max_size=14)


@contextmanager
def opened() -> Iterator[JournalHarness]:
    with TemporaryDirectory() as folder, closing(_journal(folder)) as book:
        yield book


def _journal(folder: str) -> JournalHarness:
    return JournalHarness(Path(folder) / "journal.db", FakeClock())


def wrote(book: JournalHarness, draft: Draft) -> bool:
    try:
        book.write(draft)
    except EntryRefusedError:
        return False
    return True


def played(book: JournalHarness, acts: list[Tried | tuple[str, int, int]]) -> dict[str, Charged]:
    """Let all of it be tried; each void is taken if and only if the rules allow it."""
    charges: dict[str, Charged] = {}
    for act in acts:
        match act:
            case Tried(charge_id):
                charged = charges.get(charge_id)
                draft = act.draft(charged.amount if charged else 5)
                allowed = charged is not None and act.is_allowed(charged)
                assert wrote(book, draft) is allowed
                assert not wrote(book, draft)  # appended twice, it is never booked twice
                if charged and allowed:
                    charged.left += draft.amount_minor or 0
                    charged.voids += 1
            case "sell", customer, amount if len(charges) < len(CHARGES):
                charge_id = CHARGES[len(charges)]
                book.write(charge(customer, amount, charge_id, offline=True))
                charges[charge_id] = Charged(customer, amount, amount)
            case "write off", customer, amount:
                book.write(Draft(EntryKind.WRITE_OFF, customer, -amount))
                for charged in charges.values():
                    charged.written_off = charged.written_off or charged.customer == customer
    return charges


@settings(max_examples=150, deadline=None)
@given(_acts)
def test_a_void_is_taken_if_the_rules_allow_it_and_all_sums_follow(
    acts: list[Tried | tuple[str, int, int]],
) -> None:
    with opened() as book:
        charges = played(book, acts)
        sales = PastSales(book.queries).of_shift(limit=PAGE_ROWS).sales
        assert {
            sale.charge.charge_id: (sale.left.amount.minor, sale.left.voids) for sale in sales
        } == {charge_id: (charged.left, charged.voids) for charge_id, charged in charges.items()}
        for customer in CUSTOMERS:
            left = [one.left for one in charges.values() if one.customer == customer]
            assert book.queries.offline_exposure(customer, 0).customer.minor == sum(left)


@settings(max_examples=40, deadline=None)
@given(_acts)
def test_sums_chain_and_copies_hold_whatever_was_taken_back(
    acts: list[Tried | tuple[str, int, int]],
) -> None:
    with opened() as book:
        played(book, acts)
        everything = list(entries(book.queries.connection))
        before = list(positions(book.queries.connection))
        for position in before:
            own = [e.amount_minor or 0 for e in everything if e.customer_id == position.customer_id]
            assert position.last
            assert position.last.total == sum(own)
        assert verify(book.queries.connection).sound
        book.file.rebuild_projection()
        assert list(positions(book.queries.connection)) == before
        lines = map(to_line, rows(book.queries.connection, 1, len(everything)))
        copied = verify_copy(io.BytesIO(b"".join(lines)))
        assert (copied.sound, copied.entries) == (True, len(everything))
