"""The table of steps in, the diagram of docs/session.md out: both say the same."""

from collections.abc import Mapping

from tests.project.sources import ROOT

from taptill.checkout.session import NEXT, OPEN, Event, Step

PAGE = ROOT / "docs" / "session.md"
BEGIN, END = "<!-- session:begin -->", "<!-- session:end -->"


def diagram(table: Mapping[Step, Mapping[Event, Step]]) -> str:
    """Draw a table in Mermaid; what all open steps share is drawn once, from a diamond."""
    open_steps = [step for step in table if table[step].items() >= OPEN.items()]
    lines = ["stateDiagram-v2", "    state open <<choice>>", f"    [*] --> {_name(Step.READY)}"]
    lines += [f"    {_name(step)} --> open" for step in open_steps]
    lines += [_arrow("open", event, after) for event, after in OPEN.items()]
    for step, row in table.items():
        shared = OPEN.items() if step in open_steps else set()
        own = [(event, after) for event, after in row.items() if (event, after) not in shared]
        lines += [_arrow(_name(step), event, after) for event, after in own]
    return "\n".join(lines)


def _arrow(before: str, event: Event, after: Step) -> str:
    return f"    {before} --> {_name(after)}: {event}"


def _name(step: Step) -> str:
    return step.replace("-", "_")


def test_the_page_shows_the_table_as_it_is() -> None:
    """Where this fails: put the left side between the markers of docs/session.md."""
    _, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    shown, _, _ = rest.partition(END)
    assert f"\n```mermaid\n{diagram(NEXT)}\n```\n" == shown


def test_every_arrow_of_the_table_is_drawn_once() -> None:
    arrows = [line for line in diagram(NEXT).splitlines() if ": " in line]
    open_steps = [step for step, row in NEXT.items() if row.items() >= OPEN.items()]
    own = sum(len(row) for row in NEXT.values()) - len(OPEN) * len(open_steps)
    assert len(arrows) == len(set(arrows)) == len(OPEN) + own
