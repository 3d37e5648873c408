"""The ways through the pages of F6, from whom or which card it is about to what came of it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from taptill.checkout.cards.pages import (
    AskingServer,
    ChangeOutcome,
    ConfirmChange,
    TapCard,
    change_rows,
    person_row,
    refusal_words,
    state_row,
)
from taptill.checkout.identification import Identification
from taptill.checkout.pages.choices import Choices
from taptill.checkout.pages.page import BACK_TO_SALE, PageRow, Phrase, Tone, Turn, phrase
from taptill.checkout.pages.sign_in import approval
from taptill.checkout.pages.staff_desk import StaffDesk
from taptill.checkout.people.finding import FindCustomer, finding
from taptill.checkout.ports import CardOffice
from taptill.checkout.session import Notice, Step
from taptill.checkout.till_state import TillState
from taptill.checkout.view import Link
from taptill.domain.card_id import CardId, is_spelled_alike, masked
from taptill.domain.cards.change import CardAct, CardChange, CardRefusal, FreeCard, change_act
from taptill.domain.customer import Customer
from taptill.domain.decision import Found, NotFound
from taptill.domain.staff.member import Right, StaffMember
from taptill.domain.tap import Chosen, Tap

_CARD_ACTS = frozenset({CardAct.BIND, CardAct.REPLACE})


class CardPages:
    """Leads to a change of a customer's card or block, which a supervisor allows at its end."""

    def __init__(self, state: TillState, desk: StaffDesk, identification: Identification) -> None:
        self._state = state
        self._desk = desk
        self._identification = identification

    def open(self) -> Turn | Notice:
        """Return the first page, or why there is none.

        It is about the unknown card that was just tapped, else about the customer on the screen.
        """
        settings, ports, member = self._state.settings, self._state.ports, self._desk.member
        if not settings.staff:
            return Notice.NO_STAFF
        if ports.cards is None:
            return Notice.CARDS_OFF
        if ports.status().link is Link.OFFLINE:
            return Notice.CARDS_OFFLINE
        if member and member.may(Right.FIND):
            return self._begin()
        return Turn(approval(self._desk, Right.CARDS, lambda _: self._begin(), BACK_TO_SALE))

    @property
    def _office(self) -> CardOffice:
        assert self._state.ports.cards
        return self._state.ports.cards()

    def _begin(self) -> Turn:
        tap, result = self._state.sale.tap, None
        if lookup := self._state.sale.lookup:
            result = lookup.result
        first = self._first()
        is_unknown = isinstance(result, NotFound) or (isinstance(result, Found) and result.gone)
        if is_unknown and tap and not isinstance(tap, Chosen):
            return self._card_tapped(tap.card_id, first, BACK_TO_SALE)
        if isinstance(result, Found) and not result.gone:
            return self._chosen(result, first, BACK_TO_SALE)
        return first

    def _first(self) -> Turn:
        return self._search("cards", self._chosen, self._card_tapped)

    def _search(
        self,
        name: str,
        choose: Callable[[Found, Turn], Turn],
        take: Callable[[CardId, Turn], Turn],
        head: tuple[PageRow, ...] = (),
    ) -> Turn:
        """Return the page that asks who it is about, by name or by card."""
        people = self._state.ports.people
        if people is None or not self._state.settings.finds_by_name:
            return Turn(TapCard(name=f"{name}-tap", take=take, head=head))
        page = FindCustomer(people=people(), choose=choose, name=name, take=take, more_head=head)
        return finding(page)

    def _card_tapped(self, card_id: CardId, here: Turn, back: Turn | None = None) -> Turn:
        """Go on with whose card it is; a card of nobody asks whose it shall be.

        A refusal is said on the page `here`; Esc leads `back`, where nobody has seen that page.
        """

        async def look() -> Turn:
            found = await self._office.owner(card_id)
            match found:
                case Customer():
                    return Turn(self._menu(found, back or here))
                case FreeCard():
                    return self._ask_owner(card_id)
                case CardRefusal():
                    return noted(here, refusal_words(found))

        return _asking(look, (_card_row(card_id),))

    def _chosen(self, found: Found, here: Turn, back: Turn | None = None) -> Turn:
        async def read() -> Turn:
            customer = await self._office.customer(found.snapshot.customer.id)
            if isinstance(customer, CardRefusal):
                return noted(here, refusal_words(customer))
            return Turn(self._menu(customer, back or here))

        return _asking(read, (person_row(found.snapshot.customer),))

    def _menu(self, customer: Customer, back: Turn) -> Choices:
        """Return what can be done for a customer."""
        block = CardAct.UNBLOCK if customer.blocked else CardAct.BLOCK

        def follow(at: int, here: Turn) -> Turn:
            if at:
                return self._confirm(CardChange(act=block, customer=customer), here)
            return self._ask_card(customer, here)

        return Choices(
            name="card-menu",
            head=(person_row(customer), state_row("card.now", customer)),
            rows=tuple(
                PageRow((phrase(f"card.do-{act}"),)) for act in (change_act(customer), block)
            ),
            follow=follow,
            back=back,
            numbered=True,
        )

    def _ask_card(self, customer: Customer, back: Turn) -> Turn:
        head = (person_row(customer), state_row("card.now", customer))

        def take(card_id: CardId, here: Turn) -> Turn:
            if is_spelled_alike(customer.card_id, card_id):
                return noted(here, phrase("card.same"))
            return self._new_card(customer, card_id, here)

        return Turn(TapCard(name="card-new", take=take, head=head, back=back))

    def _new_card(self, customer: Customer, card_id: CardId, here: Turn) -> Turn:
        async def look() -> Turn:
            found = await self._office.owner(card_id)
            match found:
                case FreeCard():
                    act = change_act(customer)
                    change = CardChange(act=act, customer=customer, card_id=card_id)
                    return self._confirm(change, here)
                case Customer():
                    return noted(_with_owner(here, found), refusal_words(CardRefusal.TAKEN))
                case CardRefusal():
                    return noted(here, refusal_words(found))

        return _asking(look, (person_row(customer), _card_row(card_id)))

    def _ask_owner(self, card_id: CardId) -> Turn:
        """Ask whose a card shall be, by name or by the card that the customer has until now."""

        def choose(found: Found, here: Turn) -> Turn:
            customer = found.snapshot.customer
            return _asking(lambda: self._give(customer.id, card_id, here), (person_row(customer),))

        def take(other: CardId, here: Turn) -> Turn:
            if is_spelled_alike(other, card_id):
                return noted(here, phrase("card.whose"))
            return _asking(lambda: self._give_instead(other, card_id, here), (_card_row(other),))

        return self._search("card-owner", choose, take, (_card_row(card_id),))

    async def _give(self, customer_id: int, card_id: CardId, here: Turn) -> Turn:
        customer = await self._office.customer(customer_id)
        if isinstance(customer, CardRefusal):
            return noted(here, refusal_words(customer))
        change = CardChange(act=change_act(customer), customer=customer, card_id=card_id)
        return self._confirm(change, here)

    async def _give_instead(self, old: CardId, card_id: CardId, here: Turn) -> Turn:
        found = await self._office.owner(old)
        if isinstance(found, CardRefusal):
            return noted(here, refusal_words(found))
        if isinstance(found, FreeCard):
            return noted(here, phrase("card.nobodys"))
        change = CardChange(act=change_act(found), customer=found, card_id=card_id)
        return self._confirm(change, here)

    def _confirm(self, change: CardChange, back: Turn) -> Turn:
        return Turn(ConfirmChange(change=change, confirmed=self._confirmed, back=back))

    def _confirmed(self, change: CardChange, here: Turn) -> Turn:
        """Carry a change out, if who is logged in may; else ask who allows it."""
        member = self._desk.member
        if member and member.may(Right.CARDS):
            return self._carry_out(replace(change, staff=member.name))
        name = member.name if member else ""
        if not self._desk.who_may(Right.CARDS, but=name):
            return noted(here, phrase("card.needs-staff"))

        def approved(second: StaffMember) -> Turn:
            by = second.name if name else ""
            return self._carry_out(replace(change, staff=name or second.name, approved_by=by))

        about = change_rows(change)
        return Turn(approval(self._desk, Right.CARDS, approved, here, about))

    def _carry_out(self, change: CardChange) -> Turn:
        async def work() -> Turn:
            refusal = await self._office.change(change)
            self._follow(change, refusal)
            return Turn(ChangeOutcome(change=change, refusal=refusal))

        return Turn(AskingServer(head=change_rows(change), is_change=True), work)

    def _follow(self, change: CardChange, refusal: CardRefusal | None) -> None:
        """Let the sale below know: an old card buys nothing more, a new one is looked up anew."""
        sale, state = self._state.sale, self._state
        is_sent = refusal is None or refusal is CardRefusal.UNKNOWN
        if not is_sent or sale.under_way or sale.step is Step.CLOSED or sale.lookup is None:
            return
        is_theirs = sale.lookup.customer_id == change.customer.id
        is_new = sale.tap is not None and sale.tap.card_id == change.card_id != ""
        if is_new and sale.tap:
            self._identification.on_tap(Tap(change.card_id, sale.tap.reader, state.now_s))
        elif is_theirs and change.meanwhile != change.customer:
            state.clear()


def noted(turn: Turn, notice: Phrase) -> Turn:
    """Return a turn to a page of these, with an answer on it."""
    page = turn.page
    if isinstance(page, FindCustomer):
        page = replace(page, notice=notice)
        return Turn(page) if page.index else finding(page)
    assert isinstance(page, TapCard | ConfirmChange)
    return Turn(replace(page, notice=notice))


def _with_owner(here: Turn, owner: Customer) -> Turn:
    """Return a turn to the page that asks for a card, with whose the tapped one is."""
    page = here.page
    assert isinstance(page, TapCard)
    row = replace(person_row(owner), tone=Tone.BAD)
    return Turn(replace(page, head=(*page.head[:2], row)))


def _asking(work: Callable[[], Awaitable[Turn]], head: tuple[PageRow, ...]) -> Turn:
    """Return the turn that asks the server, and goes on with what it says."""

    async def ask() -> Turn:
        return await work()

    return Turn(AskingServer(head=head), ask, reads=True)


def _card_row(card_id: CardId) -> PageRow:
    return PageRow((phrase("card.card"), masked(card_id)))
