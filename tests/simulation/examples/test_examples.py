"""docs/charging-examples.md shows each example as the code that the till runs lives it."""

from tests.project.sources import ROOT
from tests.simulation.examples.examples import EXAMPLES, told

PAGE = ROOT / "docs" / "charging-examples.md"
BEGIN, END = "<!-- examples:begin -->\n", "\n<!-- examples:end -->"


def test_the_page_tells_each_example_as_it_happens() -> None:
    """Where this fails: put the left side between the markers of docs/charging-examples.md."""
    _, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    shown_sum, _, _ = rest.partition(END)
    assert "\n\n".join(map(told, EXAMPLES)) == shown_sum
