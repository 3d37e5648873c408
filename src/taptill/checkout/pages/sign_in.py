"""The page on which somebody says who they are, by a PIN or a card."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil

from taptill.checkout.pages.page import (
    BACK_KEYS,
    BACK_TO_SALE,
    PageRow,
    PageTraits,
    PageView,
    Phrase,
    TextField,
    Turn,
    moved,
    phrase,
)
from taptill.checkout.pages.staff_desk import StaffDesk
from taptill.domain.card_id import CardId
from taptill.domain.staff.member import Right, StaffMember
from taptill.domain.staff.pins import PIN_DIGITS

_PIN = TextField(length_max=PIN_DIGITS[-1])

WhenKnown = Callable[[StaffMember, str], Turn]
"""What follows when somebody has said who they are, by `pin` or by `card`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Asks who somebody is: a name of the list and its PIN, or a card.

    `name` is the page's name in the texts, `right` what the person must be allowed, `but` a name
    that does not count. `about` is what somebody is asked about. `back` is where Esc leads; a page
    that `stays` has no way back.
    """

    desk: StaffDesk
    name: str
    right: Right
    when_known: WhenKnown
    but: str = ""
    about: tuple[PageRow, ...] = ()
    back: Turn = BACK_TO_SALE
    stays: bool = False
    chosen: int = 0
    number: str = ""
    member: StaffMember | None = None
    pin: TextField = _PIN
    notice: Phrase | None = None

    @property
    def candidates(self) -> tuple[StaffMember, ...]:
        """Return who may be it."""
        return self.desk.who_may(self.right, but=self.but)

    @property
    def asked(self) -> StaffMember | None:
        """Return whose PIN is asked for: the one who was chosen, or the only one."""
        only = self.candidates if len(self.candidates) == 1 else ()
        return self.member or next(iter(only), None)

    @property
    def view(self) -> PageView:
        """Return the list of names, or the PIN of one of them."""
        if asked := self.asked:
            return PageView(
                name=self.name,
                head=(*self.about, PageRow((asked.name, phrase(f"role.{asked.role}")))),
                field=phrase("page.pin"),
                typed="•" * len(self.pin.text),
                notice=self.notice or phrase("page.type-pin"),
                keys=("go-on", "esc-back") if self._has_way_back else ("go-on",),
            )
        rows = tuple(
            PageRow((str(number), member.name, phrase(f"role.{member.role}")))
            for number, member in enumerate(self.candidates, 1)
        )
        return PageView(
            name=self.name,
            head=self.about,
            rows=rows,
            chosen=min(self.chosen, len(rows) - 1) if rows else None,
            notice=self.notice if rows else phrase("page.nobody-may"),
            keys=(*(("choose", "go-on") if rows else ()), *(() if self.stays else ("esc-back",))),
        )

    @property
    def traits(self) -> PageTraits:
        """Return that cards are for this page, and that a PIN is typed without being seen."""
        is_typed = self.asked is not None and bool(self.pin.text)
        return PageTraits(on_card=self._take_card, stays=self.stays, hidden=is_typed)

    @property
    def _has_way_back(self) -> bool:
        return self.member is not None or not self.stays

    def press(self, key: str) -> Turn:
        """Choose a name, type its PIN, or go back."""
        if key in BACK_KEYS:
            if self.member is not None:
                return Turn(replace(self, member=None, pin=_PIN, number="", notice=None))
            return Turn(replace(self, pin=_PIN, notice=None)) if self.stays else self.back
        if self.asked:
            return self._press_pin(self.asked, key)
        return Turn(self._choose(key))

    def _take_card(self, card_id: CardId) -> Turn:
        owner = self.desk.owner(card_id)
        if owner is None:
            return Turn(replace(self, notice=phrase("page.no-staff-card")))
        if owner not in self.candidates:
            return Turn(replace(self, notice=phrase("page.may-not", name=owner.name)))
        return self.when_known(owner, "card")

    def _choose(self, key: str) -> "SignIn":
        candidates = self.candidates
        if not candidates:
            return self
        at = min(self.chosen, len(candidates) - 1)  # fewer than before, where the config changed
        if (chosen := moved(at, key, len(candidates))) is not None:
            return replace(self, chosen=chosen, number="", notice=None)
        if key == "enter":
            return replace(self, member=candidates[at], number="", notice=None)
        number = int(self.number + key) if key.isdecimal() and key.isascii() else 0
        if not 0 < number <= len(candidates):
            return replace(self, number="", notice=phrase("page.choose-name"))
        if number * 10 > len(candidates):
            return replace(self, member=candidates[number - 1], chosen=number - 1, notice=None)
        return replace(self, number=str(number), chosen=number - 1, notice=None)

    def _press_pin(self, member: StaffMember, key: str) -> Turn:
        if key != "enter":
            pin = self.pin.press(key)
            notice = None if pin else phrase("page.pin-digits")
            return Turn(replace(self, pin=pin or self.pin, notice=notice))
        if not member.pin_hash:
            return Turn(replace(self, pin=_PIN, notice=phrase("page.card-only")))
        if wait_s := ceil(self.desk.wait_s(member)):
            return Turn(replace(self, pin=_PIN, notice=phrase("page.pin-wait", seconds=wait_s)))
        if len(self.pin.text) < PIN_DIGITS[0]:
            return Turn(replace(self, notice=phrase("page.pin-digits")))
        checking = replace(self, notice=phrase("page.checking"))

        async def check() -> Turn:
            if await self.desk.is_pin_of(member, self.pin.text):
                return self.when_known(member, "pin")
            wait = ceil(self.desk.wait_s(member))
            return Turn(replace(self, pin=_PIN, notice=phrase("page.pin-wrong", seconds=wait)))

        return Turn(checking, check)


def log_in(desk: StaffDesk, *, stays: bool = True) -> SignIn:
    """Return the page of a till at which nobody is logged in; it `stays` where it must be done."""

    def when_known(member: StaffMember, how: str) -> Turn:
        async def enter() -> Turn:
            await desk.log_in(member, how)
            return Turn()

        return Turn(replace(log_in(desk, stays=stays), notice=phrase("page.checking")), enter)

    return SignIn(desk=desk, name="log-in", right=Right.SELL, when_known=when_known, stays=stays)


def locking(desk: StaffDesk) -> Turn:
    """Return the turn that locks the till."""

    async def lock() -> Turn:
        await desk.lock()
        return Turn(log_in(desk))

    return Turn(log_in(desk), lock)


def looking_in(desk: StaffDesk) -> Turn:
    """Return the turn of F2 at a till without a cashier: staff log in, or go again."""

    async def lock() -> Turn:
        await desk.lock()
        return BACK_TO_SALE

    return Turn(None, lock) if desk.member else Turn(log_in(desk, stays=False))


def approval(
    desk: StaffDesk,
    right: Right,
    approved: Callable[[StaffMember], Turn],
    back: Turn,
    about: tuple[PageRow, ...] = (),
) -> SignIn:
    """Return the page on which a second person allows something, which is said above it."""
    return SignIn(
        desk=desk,
        name="approve",
        right=right,
        when_known=lambda member, _: approved(member),
        but=desk.member.name if desk.member else "",
        about=about,
        back=back,
    )
