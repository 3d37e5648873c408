"""The keys of the user interface itself: help, balance, the goods on sale, all of it once more."""

from dataclasses import dataclass

from taptill.checkout.modes.mode import TillMode
from taptill.checkout.view import CustomerView, TillView
from taptill.ui.modes.alone import shows_status
from taptill.ui.modes.help import Overlay, help_names
from taptill.ui.modes.keys import key_names
from taptill.ui.plain import pages
from taptill.ui.plain.lines import listed, plain
from taptill.ui.plain.news import notice_line
from taptill.ui.plain.sale import (
    customer_line,
    customer_rows,
    good_line,
    sale_line,
    total_line,
    typed,
    verdict,
)
from taptill.ui.plain.status import facts
from taptill.ui.screen_settings import ScreenSettings, with_balance

GOODS_SAID = 9
"""So many goods are said at once."""

_OWN_HELP = {"repaint": "plain.again", "turn": "plain.goods", "help": "plain.help"}
_NO_SIZE = (0, 0)
_TURNS = {"page_down": GOODS_SAID, "page_up": -GOODS_SAID}


@dataclass(frozen=True, slots=True)
class Said:
    """What a key has said, and the settings after it."""

    lines: list[str]
    settings: ScreenSettings


class OwnKeys:
    """Remembers how much of the help and of the goods was said by the keys before."""

    def __init__(self) -> None:
        self._has_helped = False
        self._first_good: int | None = None

    def greeting(self, settings: ScreenSettings) -> list[str]:
        """Return the first lines, before the till is there; in the demo the cards to try."""
        say, labelled = settings.texts.say, settings.texts.labelled
        lines = [labelled(say("step.starting.word"), say("step.starting.cashier"))]
        if settings.legend:
            lines.append(say("panel.cards"))
            lines += [labelled(letter, text) for letter, text in settings.legend]
        if settings.staff_legend:
            lines.append(say("panel.pins", pins=settings.staff_legend))
        return [plain(line, settings) for line in (*lines, say("plain.first"))]

    def press(self, key: str, view: TillView | None, settings: ScreenSettings) -> Said | None:
        """Return what a key says; None for a key that is the till's."""
        has_helped, self._has_helped = self._has_helped, False
        match key:
            case "f1":
                self._has_helped = not has_helped
                now = keys_now(view, settings) if view else []
                return Said(all_keys(view, settings) if has_helped else now, settings)
            case "ctrl+l":
                return Said(all_of(view, settings) if view else [], settings)
            case "f5":
                after = with_balance(settings, view)
                shown = view.customer if view else None
                with_status = view is not None and shows_status(view, after)
                lines = [balance_line(shown, after, with_status=with_status)] if shown else []
                return Said(lines, after)
            case "page_down" | "page_up" if view and sells_goods(view, settings):
                return Said(self._goods(view, settings, _TURNS[key]), settings)
            case _:
                return None

    def _goods(self, view: TillView, settings: ScreenSettings, by: int) -> list[str]:
        """Return the goods after a page forward or back; behind the last ones come the first."""
        count = len(view.goods)
        first = 0 if self._first_good is None else self._first_good + by
        last = (count - 1) // GOODS_SAID * GOODS_SAID
        self._first_good = 0 if first >= count else last if first < 0 else first
        return goods_from(view, settings, self._first_good)


def balance_line(shown: CustomerView, settings: ScreenSettings, *, with_status: bool) -> str:
    """Return what F5 says of a customer."""
    line = customer_line(shown, settings, with_status=with_status)
    return plain(listed([settings.name(shown), line]), settings)


def keys_now(view: TillView, settings: ScreenSettings) -> list[str]:
    """Return the keys that mean something now, as one line."""
    names = key_names(view, Overlay.NONE, settings, _NO_SIZE)
    texts = [settings.texts.say(f"key.{name}") for name in names]
    return [plain(listed(texts), settings)]


def all_keys(view: TillView | None, settings: ScreenSettings) -> list[str]:
    """Return what each key does that does something here, a line each."""
    keys = [_OWN_HELP.get(name, f"help.{name}") for name in help_names(view, settings)]
    return [plain(settings.texts.say(key), settings) for key in keys]


def goods_from(view: TillView, settings: ScreenSettings, first: int) -> list[str]:
    """Return the next goods on sale, a line each, and which of how many they are."""
    shown = view.goods[first : first + GOODS_SAID]
    lines = [
        f"{settings.clean(good.key) if good.key else f'/{number}'} {settings.clean(good.name)} "
        f"{settings.price(good.price)}"
        for number, good in enumerate(shown, first + 1)
    ]
    part = {"first": str(first + 1), "last": str(first + len(shown))}
    place = settings.texts.say("page.part", **part, count=str(len(view.goods)))
    return [plain(line, settings) for line in (*lines, place)]


def sells_goods(view: TillView, settings: ScreenSettings) -> bool:
    """Return whether there are goods that may be said now."""
    return bool(view.goods) and view.page is None and settings.mode is not TillMode.BALANCE


def all_of(view: TillView, settings: ScreenSettings) -> list[str]:
    """Return all that the screen would show now."""
    if view.page:
        lines = list(pages.whole(view, view.page, settings))
    else:
        lines = [verdict(view, settings), notice_line(view, settings), *_basket(view, settings)]
        if view.customer:
            with_status = shows_status(view, settings)
            lines += customer_rows(view.customer, settings, with_status=with_status)
    lines += [line for _, line in facts(view.status, settings).values()]
    lines += [settings.texts.say("status.to-send", count=str(view.status.to_send))]
    lines += _sales(view, settings) if view.page is None else []
    return list(dict.fromkeys(plain(line, settings) for line in lines if line.strip()))


def _basket(view: TillView, settings: ScreenSettings) -> list[str]:
    if not view.basket.lines and not view.keystrokes:
        return []
    lines = [good_line(line, settings) for line in view.basket.lines]
    return [*lines, typed(view, view, settings), total_line(view, settings)]


def _sales(view: TillView, settings: ScreenSettings) -> list[str]:
    """Return the customer's own sales, where these may be shown, or else the last ones here."""
    is_own = bool(view.purchases) and settings.shows_debt
    title, rows = ("own", view.purchases) if is_own else ("strip", view.recent_sales)
    if not rows:
        return []
    return [settings.texts.say(f"panel.{title}"), *(sale_line(row, settings) for row in rows)]
