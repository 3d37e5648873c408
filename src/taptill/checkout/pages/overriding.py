"""The page of F9: a supervisor lets a decline pass, and says why."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from taptill.checkout.pages.page import PageRow, PageTraits, PageView, Phrase, Turn, moved, phrase
from taptill.checkout.pages.sign_in import approval
from taptill.checkout.pages.staff_desk import StaffDesk
from taptill.domain.card_id import CardId
from taptill.domain.decision import Override, Reason
from taptill.domain.money import Money
from taptill.domain.staff.member import Right, StaffMember

WHYS = ("pays-soon", "office-agrees", "known-person", "till-is-wrong")
"""The reasons, as the journal has them; each is a key of the screen texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideReason:
    """Asks why a decline shall not count; then a second person must allow it."""

    desk: StaffDesk
    declined: Reason
    limit: Money
    override: Callable[[Override], None]
    chosen: int = 0
    notice: Phrase | None = None

    @property
    def view(self) -> PageView:
        """Return the reasons."""
        rows = tuple(
            PageRow((str(number), phrase(f"why.{why}"))) for number, why in enumerate(WHYS, 1)
        )
        return PageView(
            name="override",
            values=(("limit", self.limit),),
            head=(PageRow((phrase(f"reason.{self.declined}.short"),)),),
            rows=rows,
            chosen=self.chosen,
            notice=self.notice,
            keys=("choose", "go-on", "esc-back"),
        )

    @property
    def traits(self) -> PageTraits:
        """Return that a card does not close this page: the sale below it waits."""
        return PageTraits()

    def press(self, key: str) -> Turn:
        """Choose a reason, or go back."""
        if key in {"escape", "-"}:
            return Turn()
        if (chosen := moved(self.chosen, key, len(WHYS))) is not None:
            return Turn(replace(self, chosen=chosen, notice=None))
        if key == "enter":
            return self._approve(WHYS[self.chosen])
        if key in {str(number) for number in range(1, len(WHYS) + 1)}:
            return self._approve(WHYS[int(key) - 1])
        return Turn(replace(self, notice=phrase("page.choose")))

    def tap(self, card_id: CardId) -> Turn:
        """Stay, as no card is asked for yet."""
        del card_id
        return Turn(self)

    def _approve(self, why: str) -> Turn:
        def when_known(member: StaffMember, how: str) -> Turn:
            del how
            override = Override(self.declined, member.name, why)
            return Turn(then=lambda: self.override(override))

        return Turn(approval(self.desk, Right.OVERRIDE, when_known, back=Turn(self)))
