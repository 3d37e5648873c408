"""The terminal's size in, the place of every region out: nothing moves between two states."""

from dataclasses import dataclass

WIDTH_MIN = 50
HEIGHT_MIN = 15

_WORD_WIDTH = 51  # a margin of two, eight block letters, a gap of two
_BESIDE_MIN = 78  # from here on the sentences stand beside the block letters
_PANEL = 10
_STRIP = 5
_STRIP_MAX = 10
_FRAMED_MIN = 7


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of cells."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Where each region lies; a box without rows is not shown.

    `beside`: sentences stand right of the word, else below it. `framed`: the two panels have a
    box around them, as the strip has when it is more than one row.
    """

    status: Box
    sale: Box
    customer: Box
    band: Box
    strip: Box
    keys: Box
    beside: bool
    framed: bool

    @property
    def word_width(self) -> int:
        """Give the cells of the band that the block letters take."""
        return _WORD_WIDTH if self.beside else 2


def too_small(width: int, height: int) -> bool:
    """Tell whether a till cannot be drawn in so many cells."""
    return width < WIDTH_MIN or height < HEIGHT_MIN


def plan(width: int, height: int) -> Plan:
    """Share the rows out: panels and strip grow, the strip is the first to fold to one line."""
    if too_small(width, height):
        none = Box(0, 0, width, 0)
        whole = Box(0, 0, width, height)
        return Plan(none, none, none, whole, none, none, beside=False, framed=False)
    beside = width >= _BESIDE_MIN
    band = 7 if beside else 8
    spare = height - 2 - band - _PANEL - _STRIP
    strip = min(_STRIP + spare // 2, _STRIP_MAX) if spare >= 0 else 1
    panel = height - 2 - band - strip
    sale = width * 23 // 40
    below = 1 + panel
    return Plan(
        status=Box(0, 0, width, 1),
        sale=Box(0, 1, sale, panel),
        customer=Box(sale, 1, width - sale, panel),
        band=Box(0, below, width, band),
        strip=Box(0, below + band, width, strip),
        keys=Box(0, height - 1, width, 1),
        beside=beside,
        framed=panel >= _FRAMED_MIN,
    )
