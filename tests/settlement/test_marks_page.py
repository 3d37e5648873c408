"""The table of docs/charging.md: what our mark in a row means, as settling treats each row.

Every row of the table is settled here; what the page says is what came of it.
"""

from collections.abc import Callable

import pytest
from tests.project.sources import ROOT
from tests.settlement.harness import ADA, BEN, OURS, SettlementHarness, kept, row, table

from taptill.domain.customer import Snapshot
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.mark import Mark
from taptill.settlement.reconcile import (
    Behind,
    Conflict,
    Halt,
    InSync,
    Reconciliation,
    reconcile,
)
from taptill.settlement.requests import OutcomeUnknown

PAGE = ROOT / "docs" / "charging.md"
BEGIN, END = "<!-- marks:begin -->\n", "\n<!-- marks:end -->"
HEAD = "| The row shows | It is | Journaled | Sent |\n|---|---|---|---|"

Scenario = Callable[[SettlementHarness], Snapshot]


def settled_then_charged(harness: SettlementHarness) -> tuple[Mark, Mark]:
    """Settle a charge of 3.20, charge 0.80; return both marks. The office's base is 10.00."""
    first = harness.charge(320)
    harness.book()
    return first, harness.charge(80)


def both_settled(harness: SettlementHarness) -> tuple[Mark, Mark]:
    """Settle both charges one after the other; return both marks."""
    first, last = settled_then_charged(harness)
    harness.settle(row(1320, table({OURS: first}), at=2), kept(3))
    return first, last


def in_sync(harness: SettlementHarness) -> Snapshot:
    _, last = settled_then_charged(harness)
    return row(1400, table({OURS: last}), at=3)


def in_sync_after_a_payment(harness: SettlementHarness) -> Snapshot:
    _, last = both_settled(harness)
    return row(900, table({OURS: last}), at=4)


def behind(harness: SettlementHarness) -> Snapshot:
    first, _ = settled_then_charged(harness)
    return row(1320, table({OURS: first}), at=2)


def reverted(harness: SettlementHarness) -> Snapshot:
    first, _ = both_settled(harness)
    return row(1320, table({OURS: first}), at=4)


def mark_reverted_alone(harness: SettlementHarness) -> Snapshot:
    first, _ = both_settled(harness)
    return row(1400, table({OURS: first}), at=4)


def no_mark_reverted(harness: SettlementHarness) -> Snapshot:
    settled_then_charged(harness)
    return row(1000, table(), at=4)


def first_money(harness: SettlementHarness) -> Snapshot:
    harness.charge(320)
    return row(1000, table())


def not_enrolled(harness: SettlementHarness) -> Snapshot:
    harness.charge(320)
    return row(1000)


def charged_over(debt_data: object) -> Scenario:
    def scenario(harness: SettlementHarness) -> Snapshot:
        settled_then_charged(harness)
        return row(1320, debt_data, at=3)

    return scenario


def other_sum(harness: SettlementHarness) -> Snapshot:
    _, last = settled_then_charged(harness)
    return row(1320, table({OURS: Mark(last.seq, 999, last.hash)}), at=3)


def other_customer(harness: SettlementHarness) -> Snapshot:
    settled_then_charged(harness)
    (entry,) = harness.write(Draft(EntryKind.CHARGE, BEN, 5))
    return row(1320, table({OURS: Mark(entry.seq, 5, entry.hash[:8])}), at=3)


def foreign_mark(harness: SettlementHarness) -> Snapshot:
    settled_then_charged(harness)
    return row(1320, table({OURS: Mark(999, 320, "12345678")}), at=3)


def partial_write(harness: SettlementHarness) -> Snapshot:
    mark = harness.charge(320)
    harness.settle(row(1000, table()), OutcomeUnknown("lost"))
    return row(1000, table({OURS: mark}), at=2)


def foreign_keys(harness: SettlementHarness) -> Snapshot:
    first, _ = settled_then_charged(harness)
    return row(1320, table({OURS: first}, note="x"), at=3)


UNREADABLE_MARK = {"taptill": {"e": "0000e90c", "t": {OURS: "x"}}}
ROWS: dict[str, Scenario] = {
    "our mark, of the last money entry": in_sync,
    "the same, and the base has changed": in_sync_after_a_payment,
    "our mark, of an earlier entry": behind,
    "our mark, of an entry before the last receipt": reverted,
    "the same, but the total did not go back with it": mark_reverted_alone,
    "no mark; this journal never sent money": first_money,
    "no `taptill` key; this journal never sent money": not_enrolled,
    "no mark, with the epoch of our last attempt": no_mark_reverted,
    "no `taptill` key, after we had sent money": charged_over(None),
    "no mark, with another epoch": charged_over(table(epoch="ffffffff")),
    "debtData that is a text or a list": charged_over("to be paid until May"),
    "our mark, unreadable": charged_over(UNREADABLE_MARK),
    "our mark, with another sum than the journal": other_sum,
    "our mark, of another customer's entry": other_customer,
    "our mark, of an entry that the journal does not have": foreign_mark,
    "the mark as sent beside the total as read, outcome unknown": partial_write,
    "other people's keys in debtData, on the plain API": foreign_keys,
}
"""Rows of the backend. Charged are 3.20 (settled, but for first rows), then 0.80."""


def meaning(result: Reconciliation) -> str:
    match result:
        case InSync():
            return "in sync"
        case Behind(is_enrolled=False):
            return "behind, not enrolled"
        case Behind(is_reverted=True):
            return "reverted"
        case Behind():
            return "behind"
        case Conflict(reason):
            return f"a case, `{reason}`"
        case Halt(reason):
            return f"a halt, `{reason}`"


def table_row(title: str, scenario: Scenario) -> str:
    """Settle one row; return the line of the table."""
    harness = SettlementHarness()
    try:
        snapshot = scenario(harness)
        mark = snapshot.marks.table.get(OURS)
        journal = harness.queries.query(ADA, mark.seq if mark else None)
        assert journal is not None
        result, _ = reconcile(snapshot, journal, OURS, may_share=False)
        entries_before, updates_before = len(harness.kinds()), len(harness.updates)
        answers = [kept(9)] if isinstance(result, Behind) else []
        if isinstance(result, Behind) and not result.is_enrolled:
            answers = [kept(8), kept(9)]
        harness.settle(snapshot, *answers)
        kinds = [f"`{kind}`" for kind in harness.kinds()[entries_before:]]
        deltas = [update.total - update.read.total for update in harness.updates[updates_before:]]
    finally:
        harness.close()
    sums = [f"{delta / 100:.2f} and the mark" if delta else "an enrolment" for delta in deltas]
    return f"| {title} | {meaning(result)} | {', '.join(kinds)} | {', then '.join(sums)} |"


def marks_table() -> str:
    return "\n".join([HEAD, *(table_row(title, scenario) for title, scenario in ROWS.items())])


def test_the_page_shows_what_settling_makes_of_each_row() -> None:
    """Where this fails: put the left side between the markers of docs/charging.md."""
    _, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    assert marks_table() == rest.partition(END)[0]


@pytest.mark.parametrize("words", ["in sync", "behind", "reverted", "a case", "a halt"])
def test_every_result_of_reconciling_stands_in_the_table(words: str) -> None:
    assert f"| {words}" in marks_table()
