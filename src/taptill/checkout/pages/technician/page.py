"""The technician's page: one part of the figures at a time, anew each second while it is open."""

from contextlib import suppress
from dataclasses import dataclass, replace

from taptill.checkout.pages.page import (
    BACK_KEYS,
    BACK_TO_SALE,
    PageTraits,
    PageView,
    Phrase,
    Turn,
    phrase,
)
from taptill.checkout.pages.technician.parts import PARTS, PartName, row_of_newest
from taptill.checkout.ports import FiguresPort
from taptill.domain.card_id import CardId
from taptill.domain.errors import JournalError

_STEPS = {"right": 1, "page_down": 1, "tab": 1, "left": -1, "page_up": -1}
_SCROLLS = {"up": -1, "down": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicianPage:
    """The part `at` of the figures, from row `top` on; they are asked for at each drawing."""

    source: FiguresPort
    at: int = 0
    top: int = 0
    notice: Phrase | None = None

    @property
    def view(self) -> PageView:
        """Return the figures as they are now."""
        part = PARTS[self.at]
        notice = self.notice
        try:
            shown = part.shows(self.source.figures(), self.source.last_reads())
        except JournalError:
            shown, notice = ((), ()), phrase("notice.not-readable")
        head, rows = shown
        return PageView(
            name="technician",
            title=phrase(f"technician.{part.name}", number=self.at + 1, count=len(PARTS)),
            head=head,
            rows=rows,
            top=min(self.top, max(0, len(rows) - 1)),
            notice=notice,
            keys=("parts", "scroll", "esc-back"),
        )

    @property
    def traits(self) -> PageTraits:
        """Return that a card is shown here and charges nobody, also while the till is closed."""
        return PageTraits(on_card=self._show_card, while_closed=True)

    def press(self, key: str) -> Turn:
        """Turn to another part, scroll, or go back; F12 closes what it has opened."""
        if key in BACK_KEYS or key == "f12":
            return BACK_TO_SALE
        if key in _STEPS:
            return self._turned((self.at + _STEPS[key]) % len(PARTS))
        if key in _SCROLLS:
            last = max(0, len(self.view.rows) - 1)
            top = max(0, min(self.top + _SCROLLS[key], last))
            return Turn(replace(self, top=top, notice=None))
        number = int(key) if len(key) == 1 and key in "123456789" else 0
        if 0 < number <= len(PARTS):
            return self._turned(number - 1)
        return Turn(replace(self, notice=phrase("technician.keys")))

    def _turned(self, at: int) -> Turn:
        return Turn(replace(self, at=at, top=0, notice=None))

    def _show_card(self, _: CardId) -> Turn:
        """Return the part that shows what the reader has read just now."""
        at = [part.name for part in PARTS].index(PartName.READERS)
        top = 0
        with suppress(JournalError):
            top = row_of_newest(self.source.figures(), self.source.last_reads())
        page = replace(self, at=at, top=top)
        return Turn(replace(page, notice=phrase("technician.card")))
