"""The screen: one row of runs for each line; it writes the lines that have changed by itself.

Textual gathers what is to be repainted in messages, waits for its next frame (there are 60 a
second), and puts the picture together from the areas of overlapping widgets. The till's regions
never overlap, so that a changed line can go to the terminal at once: a tap is answered in half the
time (docs/adr/0013). Textual paints the screen as well, after the start and after a change of its
size, from the same lines.
"""

from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

from taptill.ui.keys.driver import Touched
from taptill.ui.rows import ColourRole, Row, Rows, Run


class TillScreen(Screen[None], inherit_bindings=False):
    """The only screen; `write` sends text and control sequences to the terminal."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"role--{role}" for role in ColourRole}

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write
        self._rows: Rows = ()
        self._styles: dict[tuple[ColourRole, bool], Style | None] = {}

    def paint(self, rows: Rows, *, every_line: bool = False) -> None:
        """Show these rows, one for each line; only those that differ are written.

        `every_line`: so are all the others, as at a new size.
        """
        pairs = enumerate(zip_longest(self._rows, rows))
        every_line = every_line or len(rows) != len(self._rows)
        numbers = [y for y, (before, after) in pairs if every_line or before != after]
        self._rows = rows
        self._write_lines(numbers)

    def repaint(self) -> None:
        """Write every line again, as the kernel or others may have written over them."""
        self._write_lines(range(len(self._rows)))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return lines as Textual's own painting wants them, at a new size before we have drawn."""
        blank = self._style(ColourRole.TEXT, ink=False)
        return [
            self._strip(y).adjust_cell_length(crop.right, blank).crop(*crop.column_span)
            for y in crop.line_range
        ]

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Pass a touch on where there is no terminal, as in tests."""
        self.app.post_message(Touched((event.screen_x, event.screen_y), event.time))

    def notify_style_update(self) -> None:
        """Look the styles up anew, as the style sheet or the theme has changed."""
        self._styles.clear()
        super().notify_style_update()

    def _write_lines(self, numbers: Iterable[int]) -> None:
        console = self.app.console
        lines = [
            f"\x1b[{y + 1}H{self._strip(y).render(console)}" for y in numbers if y < len(self._rows)
        ]
        if lines:
            self._write("".join(lines))

    def _strip(self, y: int) -> Strip:
        """Return one line as cells; text is never read as markup."""
        row: Row = self._rows[y] if y < len(self._rows) else ()
        return Strip([self._segment(run) for run in row])

    def _segment(self, run: Run) -> Segment:
        return Segment(run.text, self._style(run.role, ink=run.ink))

    def _style(self, role: ColourRole, *, ink: bool) -> Style | None:
        """Return the look of a role: looking it up costs more than painting with it."""
        if (role, ink) not in self._styles:
            style = self.get_component_rich_style(f"role--{role}")
            if ink:
                style = Style(color=style.bgcolor, bgcolor=style.color)
            self._styles[role, ink] = self._filtered(style)
        return self._styles[role, ink]

    def _filtered(self, style: Style) -> Style | None:
        """Return a style as this terminal can show it, such as without colours for NO_COLOR."""
        segments = [Segment(" ", style)]
        for line_filter in self.get_line_filters():
            segments = line_filter.apply(segments, self.background_colors[1])
        return segments[0].style
