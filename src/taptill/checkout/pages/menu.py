"""A page that only leads to others: numbered rows, of which one is chosen."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from taptill.checkout.pages.page import (
    BACK_TO_SALE,
    PageRow,
    PageTraits,
    PageView,
    Phrase,
    Turn,
    moved,
    phrase,
)
from taptill.domain.card_id import CardId


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A row of a menu, and the turn that it leads to."""

    text: Phrase
    follow: Callable[[], Turn]


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """A list of at most nine things to do; `name` is the page's name in the texts.

    `head` stands above the list, `back` is where Esc leads, `yields`: a customer's card closes it.
    """

    name: str
    items: tuple[MenuItem, ...]
    head: tuple[PageRow, ...] = ()
    back: Turn = BACK_TO_SALE
    yields: bool = False
    chosen: int = 0
    notice: Phrase | None = None

    @property
    def view(self) -> PageView:
        """Return the numbered rows."""
        rows = tuple(PageRow((str(number), item.text)) for number, item in enumerate(self.items, 1))
        return PageView(
            name=self.name,
            head=self.head,
            rows=rows,
            chosen=self.chosen,
            notice=self.notice,
            keys=("choose", "go-on", "esc-back"),
        )

    @property
    def traits(self) -> PageTraits:
        """Return that a number acts at once."""
        return PageTraits(yields=self.yields, acts_on_key=True)

    def press(self, key: str) -> Turn:
        """Choose a row by its number or by cursor keys and Enter."""
        if key in {"escape", "-"}:
            return self.back
        if (chosen := moved(self.chosen, key, len(self.items))) is not None:
            return Turn(replace(self, chosen=chosen, notice=None))
        if key == "enter":
            return self.items[self.chosen].follow()
        if len(key) == 1 and key in "123456789" and int(key) <= len(self.items):
            return self.items[int(key) - 1].follow()
        return Turn(replace(self, notice=phrase("page.choose")))

    def tap(self, card_id: CardId) -> Turn:
        """Stay, as no card is asked for."""
        del card_id
        return Turn(self)


def reasons(name: str, texts: tuple[str, ...], follow: Callable[[str], Turn], back: Turn) -> Menu:
    """Return a menu of reasons, the keys `why.TEXT`; `follow` is called with the one chosen."""

    def item(text: str) -> MenuItem:
        return MenuItem(phrase(f"why.{text}"), lambda: follow(text))

    return Menu(name=name, items=tuple(map(item, texts)), back=back)
