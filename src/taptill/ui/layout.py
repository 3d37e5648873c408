"""The place of each region of the screen; it depends on the terminal's size only."""

from dataclasses import dataclass, replace

from taptill.ui.block_letters import LETTER_ROWS

WIDTH_MIN = 50
HEIGHT_MIN = 15

_WORD_WIDTH = 51  # a margin of two, eight block letters, a gap of two
_BESIDE_MIN = 78  # from this width on the sentences are beside the block letters
_PANEL = 10
_RECENT_SALES = 5
_RECENT_SALES_MAX = 10
_FRAMED_MIN = 7


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The area of each region; a region without rows is not shown.

    `is_beside`: the banner's sentences are right of its word,
    else below it. `has_frames`: the two panels have a
    box around them. The recent sales have one whenever they have more than one row.
    """

    status: Area
    sale: Area
    customer: Area
    banner: Area
    recent_sales: Area
    keys: Area
    is_beside: bool
    has_frames: bool

    @property
    def word_width(self) -> int:
        """Return how many columns of the banner are left of its sentences."""
        return _WORD_WIDTH if self.is_beside else 2


def with_page(layout: Layout) -> Layout:
    """Return the layout with a page over both panels.

    Where the banner's word is above its sentences, the page has the rows of the word, too.
    """
    saved_rows = 0 if layout.is_beside else LETTER_ROWS
    sale, banner = layout.sale, layout.banner
    width, height = sale.width + layout.customer.width, sale.height + saved_rows
    return replace(
        layout,
        sale=replace(sale, width=width, height=height),
        customer=replace(layout.customer, width=0, height=0),
        banner=replace(banner, y=banner.y + saved_rows, height=banner.height - saved_rows),
        has_frames=height >= _FRAMED_MIN,
    )


def inner_size(area: Area, layout: Layout) -> tuple[int, int]:
    """Return the columns and rows inside a panel, within its frame if it has one."""
    return (area.width - 4, area.height - 2) if layout.has_frames else (area.width - 2, area.height)


def too_small(width: int, height: int) -> bool:
    """Return whether the terminal is too small for the till screen."""
    return width < WIDTH_MIN or height < HEIGHT_MIN


def without_recent_sales(layout: Layout) -> Layout:
    """Return the layout where no sales are listed: the panels have their rows."""
    rows = layout.recent_sales.height
    sale, customer, banner = layout.sale, layout.customer, layout.banner
    panel = sale.height + rows
    below = banner.y + banner.height + rows
    return replace(
        layout,
        sale=replace(sale, height=panel),
        customer=replace(customer, height=panel),
        banner=replace(banner, y=banner.y + rows),
        recent_sales=replace(layout.recent_sales, y=below, height=0),
        has_frames=panel >= _FRAMED_MIN,
    )


def lay_out(width: int, height: int) -> Layout:
    """Return the layout for a terminal; where rows are few, the recent sales shrink to one line."""
    if too_small(width, height):
        no_area = Area(0, 0, width, 0)
        return Layout(
            status=no_area,
            sale=no_area,
            customer=no_area,
            banner=Area(0, 0, width, height),
            recent_sales=no_area,
            keys=no_area,
            is_beside=False,
            has_frames=False,
        )
    is_beside = width >= _BESIDE_MIN
    banner = 7 if is_beside else 8
    spare = height - 2 - banner - _PANEL - _RECENT_SALES
    recent_sales = min(_RECENT_SALES + spare // 2, _RECENT_SALES_MAX) if spare >= 0 else 1
    panel = height - 2 - banner - recent_sales
    sale = width * 23 // 40
    below = 1 + panel
    return Layout(
        status=Area(0, 0, width, 1),
        sale=Area(0, 1, sale, panel),
        customer=Area(sale, 1, width - sale, panel),
        banner=Area(0, below, width, banner),
        recent_sales=Area(0, below + banner, width, recent_sales),
        keys=Area(0, height - 1, width, 1),
        is_beside=is_beside,
        has_frames=panel >= _FRAMED_MIN,
    )
