"""The widgets: one for each region, which repaints only the lines that have changed."""

from itertools import zip_longest
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from taptill.ui import views
from taptill.ui.layout import Area, Layout, lay_out
from taptill.ui.rows import ColourRole, Row, Rows, Run

REGIONS = ("status", "sale", "customer", "banner", "recent_sales", "keys")


class RegionRows(Widget):
    """One region of the till screen: shows the rows that it is given."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"role--{role}" for role in ColourRole}

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._rows: Rows = ()
        self._stale: set[int] = set()

    @property
    def is_painted(self) -> bool:
        """Return whether Textual has fetched every visible line in its newest form."""
        return not self.display or not any(y < self.size.height for y in self._stale)

    def place(self, area: Area) -> None:
        """Move to an area; a region without rows is hidden."""
        self.styles.offset = (area.x, area.y)
        self.styles.width = area.width
        self.styles.height = area.height
        self.display = area.height > 0

    def show(self, rows: Rows) -> None:
        """Replace the rows; only lines that differ are painted again."""
        pairs = enumerate(zip_longest(self._rows, rows))
        changed_rows = [y for y, (before, after) in pairs if before != after]
        self._rows = rows
        if changed_rows:
            self._stale.update(changed_rows)
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed_rows))

    def render_line(self, y: int) -> Strip:
        """Return one line as cells; text is never read as markup."""
        self._stale.discard(y)
        row: Row = self._rows[y] if y < len(self._rows) else ()
        # Looking a style up costs more than painting with it, and block letters have many runs.
        looks = {(run.role, run.ink): run for run in row}
        styles = {look: self._style(run) for look, run in looks.items()}
        strip = Strip([Segment(run.text, styles[run.role, run.ink]) for run in row])
        return strip.adjust_cell_length(self.size.width, self.rich_style)

    def _style(self, run: Run) -> Style:
        style = self.get_component_rich_style(f"role--{run.role}")
        return Style(color=style.bgcolor, bgcolor=style.color) if run.ink else style


class TillScreen(Screen[None], inherit_bindings=False):
    """The only screen: six regions, whose places depend on the terminal's size."""

    def compose(self) -> ComposeResult:
        """Create the six regions in their places, so that the first frame is laid out once."""
        layout = lay_out(*self.app.size)
        for name in REGIONS:
            region = RegionRows(name)
            region.place(getattr(layout, name))
            yield region

    def place(self, layout: Layout) -> None:
        """Move the regions after a change of the terminal's size."""
        for region in self.query(RegionRows):
            region.place(getattr(layout, str(region.id)))

    @property
    def is_painted(self) -> bool:
        """Return whether Textual has fetched every visible line of all regions."""
        return all(region.is_painted for region in self.query(RegionRows))

    def repaint(self) -> None:
        """Paint every cell again, as the kernel or others may have written over them."""
        self.refresh()
        for region in self.query(RegionRows):
            region.refresh()

    def paint(self, rows: views.ScreenRows) -> None:
        """Give each region its new rows."""
        for region in self.query(RegionRows):
            region.show(getattr(rows, str(region.id)))
