"""What a page is, what it shows, and what follows a key on it."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from taptill.checkout.session import Notice
from taptill.domain.card_id import CardId
from taptill.domain.decision import Reason
from taptill.domain.money import Money
from taptill.domain.tap import CardTrouble


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text of the catalogue by its key, and the values of its placeholders."""

    key: str
    values: tuple[tuple[str, "str | int | Money"], ...] = ()


def phrase(key: str, /, **values: "str | int | Money") -> Phrase:
    """Return a text of the catalogue with values, which the screen writes in its language."""
    return Phrase(key, tuple(values.items()))


@dataclass(frozen=True, slots=True)
class PersonName:
    """A customer's name, of which the screen shows as much as the site allows."""

    name: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a plot, of which so many percent are full."""

    percent: int


class BarScale(str):
    """The ends of the scale above a column of bars: whole, or left out."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Balance:
    """What a customer owes, in words, of which the screen shows as much as the site allows."""

    debt: Money


class TimeCell(str):
    """A time in a list: where there is too little room, the texts beside it are cut."""

    __slots__ = ()


Cell = Phrase | Money | PersonName | Balance | Bar | str
"""A text of the catalogue, an amount, a name, a balance, a bar, or a text from outside, which the
screen cleans."""

_DECLINES = frozenset(reason.value for reason in Reason)


def why_declined(reason: str) -> Cell:
    """Return why a sale was declined, in the screen's words; any other reason stays as it is."""
    return phrase(f"reason.{reason}.short") if reason in _DECLINES else reason


class Tone(StrEnum):
    """How a row stands out."""

    PLAIN = "plain"
    GOOD = "good"
    CAREFUL = "careful"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class PageRow:
    """A row of a page: cells in columns. Amounts stand right, all else left."""

    cells: tuple[Cell, ...]
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """All that the screen shows of a page.

    Its title, word and lines are the texts `page.NAME.title`, `.word`, `.customer` and `.cashier`;
    `title` takes the place of that title. `values` are for their placeholders, `notice` takes the
    place of the cashier's line. `head` are rows that always stay, `rows` a list that scrolls with
    `chosen`, the index of the row that Enter is about (None: the list is only read, from row `top`
    on). `typed` is what was typed into `field` so far, None where nothing can be typed. `keys` are
    texts `key.NAME`.
    """

    name: str
    title: Phrase | None = None
    values: tuple[tuple[str, "str | int | Money"], ...] = ()
    head: tuple[PageRow, ...] = ()
    rows: tuple[PageRow, ...] = ()
    chosen: int | None = None
    top: int = 0
    field: Phrase | None = None
    typed: str | None = None
    notice: Phrase | None = None
    tone: Tone = Tone.PLAIN
    keys: tuple[str, ...] = ("esc-back",)


class TillPage(Protocol):
    """A list or a form; a frozen value."""

    @property
    def view(self) -> PageView:
        """Return what the screen shows; it is asked for at each key, tap and tick."""

    @property
    def traits(self) -> "PageTraits":
        """Return how the till treats the page."""

    def press(self, key: str) -> "Turn":
        """Return what follows a key, named as `ui/keys` does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTraits:
    """How the till treats a page.

    - `on_card`: returns what follows a card. Without it a card closes a page that `yields` and goes
      to the sale; on any other it is answered with a word.
    - `on_trouble`: returns what follows a card that the reader cannot name. Without it that is
      answered with a word.
    - `acts_on_key`: a key may have an effect that cannot be undone.
    - `acts_on_enter`: Enter alone may have one. It is ignored at first, where it may still be meant
      for the page before.
    - `hidden`: what was typed is not shown, so Enter takes it without its having been painted.
    - `may_leave`: Esc leaves it for the sale while its work goes on; nobody waits for the outcome.
    - `may_break_off`: a key breaks off the work that leads to the next turn.
    - `stays`: it is there whenever nothing else can be done. It is begun anew when nobody has done
      anything for a while.
    - `waits`: it stays open however long nobody does anything.
    - `while_closed`: it stays open, and takes keys, while the till is closed.
    """

    on_card: "Callable[[CardId], Turn] | None" = None
    on_trouble: "Callable[[CardTrouble], Turn] | None" = None
    yields: bool = False
    acts_on_key: bool = False
    acts_on_enter: bool = False
    hidden: bool = False
    may_leave: bool = False
    may_break_off: bool = False
    stays: bool = False
    waits: bool = False
    while_closed: bool = False


Work = Callable[[], Coroutine[Any, Any, "Turn"]]


@dataclass(frozen=True, slots=True)
class Turn:
    """What follows: the page from now on, None for the sale, and work that leads to the next turn.

    `then` changes the sale once the page is closed, `notice` says what was done. `reads`: the work
    only reads, so that its failure is said and does not close the till.
    """

    page: TillPage | None = None
    work: Work | None = None
    reads: bool = False
    then: Callable[[], None] | None = field(default=None, compare=False)
    notice: Notice = Notice.NONE


BACK_TO_SALE = Turn()

DAY_AND_TIME = "%m-%d %H:%M"
"""How lists write when something was, by local time."""

BACK_KEYS = frozenset({"escape", "-"})
"""Keys that lead back, on a page where they cannot be typed."""


@dataclass(frozen=True, slots=True)
class TextField:
    """A text that is being typed, of at most `length_max` characters out of `allowed`."""

    text: str = ""
    length_max: int = 12
    allowed: str = "0123456789"

    def press(self, key: str) -> "TextField | None":
        """Return the field after a key; None for a key that is nothing to it."""
        if key == "backspace":
            return TextField(self.text[:-1], self.length_max, self.allowed) if self.text else None
        is_allowed = len(key) == 1 and (key in self.allowed if self.allowed else key.isprintable())
        if not is_allowed or len(self.text) >= self.length_max:
            return None
        return TextField(self.text + key, self.length_max, self.allowed)


def moved(chosen: int, key: str, count: int) -> int | None:
    """Return the chosen row after a cursor key, None for another key; it stays within the list."""
    steps = {"up": -1, "down": 1, "page_up": -8, "page_down": 8, "home": -count, "end": count}
    if key not in steps:
        return None
    return max(0, min(chosen + steps[key], count - 1))
