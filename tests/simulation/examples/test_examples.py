"""The worked examples of docs/charging.md: told by the real protocol, and by nobody else."""

from tests.project.sources import ROOT
from tests.simulation.examples.examples import EXAMPLES, told

PAGE = ROOT / "docs" / "charging.md"
BEGIN, END = "<!-- examples:begin -->\n", "\n<!-- examples:end -->"


def test_the_page_tells_each_example_as_it_happens() -> None:
    """Where this fails: put the left side between the markers of docs/charging.md."""
    _, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    shown_sum, _, _ = rest.partition(END)
    assert "\n\n".join(map(told, EXAMPLES)) == shown_sum
