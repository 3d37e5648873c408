"""The diagrams of the docs agree with the tables and rules of states.

Where one fails: put the left side between the markers of the page.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.project.sources import ROOT

from taptill.checkout.session import NEXT as SESSION
from taptill.checkout.session import OPEN as OPEN_STEPS
from taptill.checkout.session import Event, Step
from taptill.domain.entry import Attempt, Entry, EntryKind, Position
from taptill.domain.mark import Mark
from taptill.journal import projection
from taptill.settlement.state import NEXT, SettlementState

SESSION_PAGE = ROOT / "docs" / "session.md"
BEGIN, END = "<!-- session:begin -->", "<!-- session:end -->"


def session_diagram(table: Mapping[Step, Mapping[Event, Step]]) -> str:
    """Draw a table in Mermaid; what all open steps share is drawn once, from a diamond."""
    open_steps = [step for step in table if table[step].items() >= OPEN_STEPS.items()]
    lines = ["stateDiagram-v2", "    state open <<choice>>", f"    [*] --> {_name(Step.READY)}"]
    lines += [f"    {_name(step)} --> open" for step in open_steps]
    lines += [_arrow("open", event, after) for event, after in OPEN_STEPS.items()]
    for step, row in table.items():
        shared_rows = OPEN_STEPS.items() if step in open_steps else set()
        own_rows = [
            (event, after) for event, after in row.items() if (event, after) not in shared_rows
        ]
        lines += [_arrow(_name(step), event, after) for event, after in own_rows]
    return "\n".join(lines)


def _arrow(before: str, event: Event, after: Step) -> str:
    return f"    {before} --> {_name(after)}: {event}"


def _name(step: Step) -> str:
    return step.replace("-", "_")


def test_the_page_shows_the_table_as_it_is() -> None:
    """Where this fails: put the left side between the markers of docs/session.md."""
    _, _, rest = SESSION_PAGE.read_text("utf-8").partition(BEGIN)
    table, _, _ = rest.partition(END)
    assert f"\n```mermaid\n{session_diagram(SESSION)}\n```\n" == table


def test_every_arrow_of_the_table_is_drawn_once() -> None:
    arrows = [line for line in session_diagram(SESSION).splitlines() if ": " in line]
    open_steps = [step for step, row in SESSION.items() if row.items() >= OPEN_STEPS.items()]
    own_count = sum(len(row) for row in SESSION.values()) - len(OPEN_STEPS) * len(open_steps)
    assert len(arrows) == len(set(arrows)) == len(OPEN_STEPS) + own_count


CHARGING_PAGE = ROOT / "docs" / "charging.md"

EARLIER, LAST = Mark(1, 100, "00000001"), Mark(2, 320, "00000002")
UNHEARD = Attempt(
    epoch="0000e90c",
    sent_mark=LAST,
    total_read=Decimal(0),
    total_sent=Decimal(220),
    others_total=0,
    open=True,
)
OPEN = replace(projection.empty_position(7), last=LAST, row_mark=EARLIER, receipted_seq=1)

STANDS = {
    "nothing": projection.empty_position(7),
    "open": OPEN,
    "unheard": replace(OPEN, attempt=UNHEARD),
    "settled": replace(OPEN, row_mark=LAST, receipted_seq=2),
    "desk": replace(OPEN, conflict="mark-lost"),
    "written_off": replace(OPEN, row_mark=LAST, closed_seq=LAST.seq),
}
"""Where one customer's money stands, each with a position that stands there."""

_SIGHT: dict[str, Any] = {"updated_at": "2026-03-02T09:00:00.000Z", "base": "0"}
HAPPENS: dict[str, tuple[EntryKind, int | None, dict[str, Any]]] = {
    "charge, void, repayment": (EntryKind.CHARGE, 50, {}),
    "attempt": (
        EntryKind.ATTEMPT,
        None,
        {
            **_SIGHT,
            "epoch": "0000e90c",
            "mark": [2, 320, "00000002"],
            "seen": [1, 100, "00000001"],
            "total_read": "0",
            "total_sent": "220",
            "others": 0,
        },
    ),
    "receipt": (EntryKind.RECEIPT, None, {**_SIGHT, "mark": [2, 320, "00000002"]}),
    "taken-back": (EntryKind.TAKEN_BACK, None, {**_SIGHT, "seen": [1, 100, "00000001"]}),
    "conflict, refusal": (EntryKind.CONFLICT, None, {"reason": "mark-lost"}),
    "resolved": (EntryKind.RESOLVED, None, {"choice": "retry"}),
    "resolved without a mark": (EntryKind.RESOLVED, None, {"unwritten": True}),
}
"""Entries of one customer, as the journal counts them in."""

NEVER = {
    ("nothing", "attempt"),
    ("nothing", "receipt"),
    ("nothing", "taken-back"),
    ("nothing", "conflict, refusal"),
    ("nothing", "resolved without a mark"),
    ("settled", "attempt"),
    ("written_off", "attempt"),
    ("desk", "charge, void, repayment"),
    ("written_off", "conflict, refusal"),
    ("open", "resolved without a mark"),
    ("unheard", "resolved without a mark"),
    ("settled", "resolved without a mark"),
}
"""What settling never writes there, or what changes nothing that a person would see."""


def stands(position: Position) -> str:
    """Name where a position stands."""
    if position.conflict:
        return "desk"
    if position.attempt and position.attempt.open:
        return "unheard"
    if position.open:
        return "open"
    if position.last is None:
        return "nothing"
    return "written_off" if position.closed_seq == position.last.seq else "settled"


def entry(kind: EntryKind, amount: int | None, body: dict[str, Any]) -> Entry:
    return Entry(
        3,
        kind,
        charge_id=None,
        customer_id=7,
        amount_minor=amount,
        body=body,
        at="",
        boot_id="",
        uptime_ms=0,
        clock_trusted=True,
        staff=None,
        prev_hash="",
        hash="0" * 64,
    )


def money_diagram() -> str:
    """Draw what each kind of entry does to a customer's money."""
    lines = ["stateDiagram-v2", "    [*] --> nothing"]
    for before, position in STANDS.items():
        for title, (kind, amount, body) in HAPPENS.items():
            at = position
            if "unwritten" in body:  # with it goes the write-off of all that is in question
                off = entry(EntryKind.WRITE_OFF, -position.in_question, {})
                at = projection.advance(position, off)
            after = stands(projection.advance(at, entry(kind, amount, body)))
            if after != before and (before, title) not in NEVER:
                lines.append(f"    {before} --> {after}: {title}")
    return "\n".join(lines)


def state_diagram() -> str:
    """Draw what stops settlement as a whole."""
    lines = ["stateDiagram-v2", f"    [*] --> {SettlementState.RUNNING}"]
    for before, row in NEXT.items():
        lines += [f"    {before} --> {after}: {event}" for event, after in row.items()]
    return "\n".join(lines)


def shown(name: str) -> str:
    _, _, rest = CHARGING_PAGE.read_text("utf-8").partition(f"<!-- {name}:begin -->")
    return rest.partition(f"<!-- {name}:end -->")[0]


def test_each_example_stands_where_it_says() -> None:
    assert {name: stands(position) for name, position in STANDS.items()} == {
        name: name for name in STANDS
    }


def test_the_page_shows_where_money_stands_as_the_journal_counts_it() -> None:
    assert f"\n```mermaid\n{money_diagram()}\n```\n" == shown("money")


def test_the_page_shows_what_stops_settlement_as_the_table_has_it() -> None:
    assert f"\n```mermaid\n{state_diagram()}\n```\n" == shown("state")
