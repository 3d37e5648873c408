"""The pages of F9: a supervisor lets a decline pass, and says why."""

from collections.abc import Callable
from dataclasses import replace

from taptill.checkout.pages.choices import Choices, reasons
from taptill.checkout.pages.page import BACK_TO_SALE, PageRow, Turn, phrase
from taptill.checkout.pages.sign_in import approval
from taptill.checkout.pages.staff_desk import StaffDesk
from taptill.domain.decision import Override, Reason
from taptill.domain.staff.member import Right, StaffMember

WHYS = ("pays-soon", "office-agrees", "known-person", "till-is-wrong")
"""Why a decline shall not count, as the journal has it."""


def override_page(
    desk: StaffDesk, declined: Reason, override: Callable[[Override], None], sale: PageRow
) -> Choices:
    """Return the page that asks why a decline shall not count; then a second person allows it.

    `sale`: whose and how much it is.
    """
    about = (sale, PageRow((phrase(f"reason.{declined}.short"),)))

    def follow(why: str) -> Turn:
        def approved(member: StaffMember) -> Turn:
            decision = Override(declined, member.name, why)
            return Turn(then=lambda: override(decision))

        return Turn(approval(desk, Right.OVERRIDE, approved, Turn(page), about))

    page = reasons("override", WHYS, follow, BACK_TO_SALE)
    page = replace(page, head=about, is_last=False, before_approval=True)
    return page
