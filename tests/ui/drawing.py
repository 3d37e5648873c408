"""Screens as text: rows of characters, and next to each row the roles of its cells."""

from rich.cells import cell_len

from taptill.ui.layout import lay_out, with_page, without_recent_sales
from taptill.ui.rows import ColourRole, Row, Rows
from taptill.ui.views import ScreenRows


def rows_of(screen: ScreenRows) -> list[Row]:
    """Return all rows of the terminal, top down, with sale and customer side by side."""
    return list(screen.lines)


def drawn(screen: ScreenRows) -> str:
    """Return a screen as the text of a snapshot; the cells of block letters are `#`."""
    return "\n".join(f"{characters(row)}|{_roles(row)}" for row in rows_of(screen)) + "\n"


def characters(row: Row) -> str:
    """Return the characters of a row."""
    return "".join("#" * len(run.text) if run.ink else run.text for run in row)


def text_of(rows: Rows | list[Row]) -> str:
    """Return the characters of rows as one text, without frames and surplus blanks."""
    return " ".join("\n".join(characters(row) for row in rows).replace("│", " ").split())


def fills(screen: ScreenRows, width: int, height: int) -> bool:
    """Return whether every region fills its area exactly."""
    layout = lay_out(width, height)
    if layout.customer.height and not screen.customer:  # a page or the help covers both panels
        layout = with_page(layout)
    elif not screen.recent_sales:  # a customer who picks by keys has more rows of goods
        layout = without_recent_sales(layout)
    return all(
        len(rows) == box.height
        and all(sum(cell_len(run.text) for run in row) == box.width for row in rows)
        for rows, box in (
            (screen.status, layout.status),
            (screen.sale, layout.sale),
            (screen.customer, layout.customer),
            (screen.banner, layout.banner),
            (screen.recent_sales, layout.recent_sales),
            (screen.keys, layout.keys),
        )
    )


def _roles(row: Row) -> str:
    """Return the coloured spans of a row: `ok 0-80`."""
    spans: list[tuple[ColourRole, int, int]] = []
    start_cell = 0
    for run in row:
        end = start_cell + cell_len(run.text)
        if spans and spans[-1][0] is run.role:
            spans[-1] = (run.role, spans[-1][1], end)
        else:
            spans.append((run.role, start_cell, end))
        start_cell = end
    return " ".join(
        f"{role} {start}-{end}" for role, start, end in spans if role is not ColourRole.TEXT
    )
