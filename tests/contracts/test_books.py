"""The contract of the till's journal, kept by the fake one and the journal on a disk."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.journal import FakeBooks

from taptill.checkout.ports import ChargeJournal
from taptill.domain.decision import OfflineExposure
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.errors import EntryRefusedError
from taptill.domain.mark import HASH_DIGITS, Mark
from taptill.domain.money import Money
from taptill.journal.journal import Journal


@pytest.fixture(params=["fake", "journal"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ChargeJournal]:
    """Return both in turn; the journal is in a folder of its own."""
    if request.param == "fake":
        yield FakeBooks(FakeClock())
        return
    journal = Journal(tmp_path / "journal.db", FakeClock(), min_free_mb=0)
    journal.open({"backend": "test"})
    yield journal
    journal.close()


def charge(number: int, amount: int = 420, *, customer: int = 1, offline: bool = True) -> Draft:
    """Return the draft of a charge with an id of its own."""
    body = {"offline": offline, "lines": [], "initials": "A. B."}
    return Draft(
        EntryKind.CHARGE, customer, amount_minor=amount, body=body, charge_id=f"sale-{number}"
    )


def void(number: int, amount: int = 420, *, customer: int = 1) -> Draft:
    """Return the draft of a charge's void."""
    return Draft(
        EntryKind.VOID,
        customer,
        amount_minor=-amount,
        body={"reason": "wrong amount"},
        charge_id=f"sale-{number}",
    )


def part(number: int, amount: int, which: int = 1, *, customer: int = 1) -> Draft:
    """Return the draft of a void of some lines; it is the first or a later one of the charge."""
    body: dict[str, Any] = {"reason": "goods returned", "lines": [["Coffee", amount, 1]]}
    if which > 1:
        body["number"] = which
    return replace(void(number, amount, customer=customer), body=body)


def mark(entry: Entry, total: int) -> Mark:
    """Return the mark that an entry makes."""
    return Mark(entry.seq, total, entry.hash[:HASH_DIGITS])


async def test_entries_come_back_as_written_in_a_chain(books: ChargeJournal) -> None:
    first, second = await books.append([charge(1), charge(2, 100, customer=2)])
    (third,) = await books.append([void(1)])
    assert (second.seq, third.seq) == (first.seq + 1, first.seq + 2)
    assert (second.prev_hash, third.prev_hash) == (first.hash, second.hash)
    assert (first.kind, first.charge_id, first.customer_id, first.amount_minor) == (
        EntryKind.CHARGE,
        "sale-1",
        1,
        420,
    )
    assert first.body == charge(1).body
    assert (first.boot_id, first.uptime_ms, first.clock_trusted) == ("boot-1", 60_000, True)


async def test_a_position_sums_the_customer_s_money_entries(books: ChargeJournal) -> None:
    assert books.position(1) is None
    await books.append([charge(1), charge(2, 100, customer=2), charge(3, 80)])
    last = (await books.append([void(1)]))[0]
    await books.append([Draft(EntryKind.DECLINED, 1, body={"reason": "no-credit", "amount": 5})])
    position = books.position(1)
    assert position
    assert position.last == mark(last, 80)
    assert (position.row_mark, position.attempt, position.conflict) == (None, None, None)


async def test_a_customer_with_declines_only_has_no_money_here(books: ChargeJournal) -> None:
    await books.append([Draft(EntryKind.DECLINED, 1, body={"reason": "blocked", "amount": 5})])
    position = books.position(1)
    assert position is None or position.last is None


async def test_an_id_is_charged_once_and_voided_once(books: ChargeJournal) -> None:
    """Nothing of a refused group is stored; later entries are stored as ever."""
    await books.append([charge(1)])
    for again in ([charge(1, 5)], [charge(2), charge(1, 5)]):
        with pytest.raises(EntryRefusedError):
            await books.append(again)
    await books.append([void(1)])
    with pytest.raises(EntryRefusedError):
        await books.append([void(1)])
    (entry,) = await books.append([charge(2)])
    position = books.position(1)
    assert position
    assert position.last == mark(entry, 420)


PARTS = {
    "the next part": (part(1, 100, 2), True),
    "all of the rest": (part(1, 320, 2), True),
    "the same part again": (part(1, 100), False),
    "a part after the next": (part(1, 100, 3), False),
    "more than the rest": (part(1, 321, 2), False),
    "a part that takes nothing back": (part(1, 0, 2), False),
    "the whole charge": (void(1), False),
    "a part of another customer's": (part(1, 100, 2, customer=2), False),
    "a part of a charge that there is not": (part(9, 100), False),
}


@pytest.mark.parametrize(("draft", "is_taken"), PARTS.values(), ids=PARTS)
async def test_a_charge_is_taken_back_in_parts_each_once_and_never_beyond_itself(
    books: ChargeJournal, draft: Draft, *, is_taken: bool
) -> None:
    await books.append([charge(1)])
    await books.append([part(1, 100)])
    left = 320
    if is_taken:
        await books.append([draft])
        left += draft.amount_minor or 0
    else:
        with pytest.raises(EntryRefusedError):
            await books.append([draft])
    position = books.position(1)
    assert position
    assert position.last
    assert position.last.total == left
    assert books.offline_exposure(1, 0) == OfflineExposure(Money(left), Money(left))


async def test_offline_charges_count_until_a_snapshot_holds_them(books: ChargeJournal) -> None:
    """Voids are subtracted; charges on fresh rows never count; others' count for the terminal."""
    first, second = await books.append([charge(1, 100), charge(2, 200)])
    await books.append([charge(3, 400, offline=False), charge(4, 800), charge(5, 1600, customer=2)])
    await books.append([void(4, 800)])
    assert books.offline_exposure(1, 0) == OfflineExposure(Money(300), Money(1900))
    assert books.offline_exposure(1, first.seq) == OfflineExposure(Money(200), Money(1800))
    assert books.offline_exposure(1, second.seq) == OfflineExposure(Money(0), Money(1600))
    assert books.offline_exposure(3, 0) == OfflineExposure(Money(0), Money(1900))


async def test_another_customer_s_receipt_frees_the_terminal_s_cap(books: ChargeJournal) -> None:
    (entry,) = await books.append([charge(1, 100, customer=2)])
    assert books.offline_exposure(1, 0) == OfflineExposure(Money(0), Money(100))
    body = {"mark": [entry.seq, 100, entry.hash[:HASH_DIGITS]], "updated_at": "", "base": "0"}
    await books.append([Draft(EntryKind.RECEIPT, 2, body=body)])
    assert books.offline_exposure(1, 0) == OfflineExposure(Money(0), Money(0))


async def test_books_that_can_be_written_are_closed_by_nothing(books: ChargeJournal) -> None:
    assert books.closed_by() == ""
