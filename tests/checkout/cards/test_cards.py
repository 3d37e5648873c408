"""F6: cards are bound, replaced and blocked by a supervisor, each after a confirmation."""

from dataclasses import replace

import pytest
from tests.checkout.pages.crew import CREWED, JO, KIM, SAM, TED, crewed_shop
from tests.domain.samples import ADA, DORA, known
from tests.fakes.shop import BELA, CARDS, CARL, SETTINGS, Shop, open_shop

from taptill.checkout.cards.pages import ConfirmChange
from taptill.checkout.pages.page import PersonName, Phrase, phrase
from taptill.checkout.session import Notice, Step
from taptill.checkout.view import Link
from taptill.domain.card_id import CardId
from taptill.domain.cards.change import CardAct, CardRefusal
from taptill.domain.decision import Found
from taptill.domain.entry import Entry, EntryKind
from taptill.domain.tap import CardTrouble

NEW = "7F20914E99"
ROWLESS = replace(ADA, id=9, name="Nell Nocard", card_id=CardId(""))


def open_cards(shop: Shop) -> None:
    """Press F6 and wait for the server."""
    shop.key("f6")
    shop.later(0.3)


def find(shop: Shop, typed: str) -> None:
    """Type a name, choose the first one, and wait for the server."""
    shop.press(typed)
    shop.enter()
    shop.later(0.3)


def tap(shop: Shop, card: str) -> None:
    """Tap a card on a page, and wait for the server."""
    shop.tap(card)
    shop.later(0.3)


def confirm(shop: Shop) -> None:
    """Press Enter on what is to be confirmed, and wait."""
    shop.enter()
    shop.later(0.5)


def name(shop: Shop) -> str:
    """Return the name of the page that is open, empty without one."""
    return shop.view.page.name if shop.view.page else ""


def kept(shop: Shop) -> list[Entry]:
    """Return the entries about cards."""
    kinds = {EntryKind.CARD_ATTEMPT, EntryKind.CARD_OUTCOME}
    return [entry for entry in shop.books.entries if entry.kind in kinds]


def head_texts(shop: Shop) -> list[object]:
    """Return the texts of the head of the page, without their values."""
    cells = [cell for row in shop.page().head for cell in row.cells]
    return [cell.key if isinstance(cell, Phrase) else cell for cell in cells]


def test_a_new_card_takes_the_place_of_a_lost_one() -> None:
    with crewed_shop(who="Kim") as shop:
        open_cards(shop)
        assert name(shop) == "cards"
        find(shop, "ada")
        assert name(shop) == "card-menu"
        shop.press("1")
        tap(shop, NEW)
        assert name(shop) == "card-replace"
        assert head_texts(shop)[0] == PersonName(ADA.name)
        assert (f"…{ADA.card_id[-3:]}", f"…{NEW[-3:]}") == (
            shop.page().head[1].cells[1],
            shop.page().head[2].cells[1],
        )
        assert shop.card_office.changes == []
        confirm(shop)
        assert name(shop) == "card-done"
        assert shop.page().notice == phrase("card.did-replace")
        (change,) = shop.card_office.changes
        assert (change.act, change.customer, change.card_id) == (CardAct.REPLACE, ADA, NEW)
        shop.enter()
        tap(shop, "A")
        assert shop.step() is Step.DECLINED
        shop.escape()
        shop.sell("420", NEW)
        assert shop.charges == [(ADA.id, 420)]


def test_an_unknown_card_that_was_just_tapped_is_offered() -> None:
    with crewed_shop(who="Kim") as shop:
        shop.everybody_knows("", known(ROWLESS, -1230))
        shop.press("420")
        tap(shop, "X")
        assert shop.step() is Step.DECLINED
        open_cards(shop)
        assert name(shop) == "card-owner"
        assert shop.page().head[0].cells == (phrase("card.card"), "…D00")
        find(shop, "nell")
        assert name(shop) == "card-bind"
        confirm(shop)
        assert shop.page().notice == phrase("card.did-bind")
        shop.enter()
        shop.later(0.5)
        assert (shop.step(), shop.customer.name) == (Step.CONFIRM, ROWLESS.name)
        shop.enter()
        shop.later(1.0)
        assert shop.charges == [(ROWLESS.id, 420)]


def test_an_unknown_card_goes_to_who_is_told_by_the_old_one() -> None:
    with crewed_shop(who="Kim") as shop:
        open_cards(shop)
        tap(shop, NEW)
        assert name(shop) == "card-owner"
        tap(shop, NEW)
        assert shop.page().notice == phrase("card.whose")
        tap(shop, "X")
        assert shop.page().notice == phrase("card.nobodys")
        tap(shop, "A")
        assert name(shop) == "card-replace"
        confirm(shop)
        assert shop.card_office.changes[0].card_id == NEW


def test_the_customer_on_the_screen_is_who_it_is_about_and_the_old_card_lets_go() -> None:
    with crewed_shop(who="Kim") as shop:
        shop.press("420")
        tap(shop, "A")
        open_cards(shop)
        assert (name(shop), head_texts(shop)[0]) == ("card-menu", PersonName(ADA.name))
        shop.press("1")
        tap(shop, NEW)
        confirm(shop)
        shop.escape()
        assert (shop.step(), shop.view.customer) == (Step.RINGING, None)
        shop.enter()
        assert shop.charges == []


@pytest.mark.parametrize(
    ("card", "act", "after"),
    [("A", CardAct.BLOCK, True), ("B", CardAct.UNBLOCK, False)],
    ids=["block", "unblock"],
)
def test_a_customer_is_blocked_and_let_in_again(card: str, act: CardAct, after: bool) -> None:  # noqa: FBT001 - drawn
    with crewed_shop(who="Kim") as shop:
        open_cards(shop)
        tap(shop, card)
        shop.press("2")
        assert name(shop) == f"card-{act}"
        confirm(shop)
        assert shop.page().notice == phrase(f"card.did-{act}")
        found = shop.finder.there[CARDS[card]]
        assert isinstance(found, Found)
        assert found.snapshot.customer.blocked is after
        assert [entry.body for entry in kept(shop)] == [
            {"act": act},
            {"act": act, "outcome": "done"},
        ]


def test_the_entries_say_who_did_it_and_who_let_them_and_no_whole_card() -> None:
    with crewed_shop() as shop:
        open_cards(shop)
        find(shop, "ada")
        shop.press("1")
        tap(shop, NEW)
        shop.enter()
        assert (name(shop), kept(shop)) == ("approve", [])
        assert (head_texts(shop)[0], "card.old-refused" in head_texts(shop)) == (
            PersonName(ADA.name),
            True,
        )
        shop.tap(KIM.card_id)
        shop.later(0.5)
        assert name(shop) == "card-done"
        attempt, outcome = kept(shop)
        body = {
            "act": "replace",
            "to": f"…{NEW[-3:]}",
            "from": f"…{ADA.card_id[-3:]}",
            "approved_by": "Kim",
        }
        assert (attempt.body, outcome.body) == (body, {**body, "outcome": "done"})
        assert [(entry.staff, entry.customer_id) for entry in kept(shop)] == [("Jo", ADA.id)] * 2


def test_taps_and_double_taps_bind_nothing_without_enter() -> None:
    with crewed_shop(who="Kim") as shop:
        open_cards(shop)
        find(shop, "ada")
        shop.press("1")
        shop.tap(NEW)
        shop.tap(NEW)
        shop.later(0.3)
        assert name(shop) == "card-replace"
        for card in (NEW, "X", "D"):
            tap(shop, card)
            assert (name(shop), shop.notice()) == ("card-replace", Notice.PAGE_OPEN)
        assert shop.page().head[2].cells[1] == f"…{NEW[-3:]}"
        shop.escape()
        assert (kept(shop), shop.card_office.changes) == ([], [])


def test_an_enter_too_soon_confirms_nothing() -> None:
    with crewed_shop(who="Kim") as shop:
        open_cards(shop)
        tap(shop, "A")
        shop.press("2")
        shop.hasty_enter()
        assert (name(shop), shop.notice()) == ("card-block", Notice.WAIT_A_MOMENT)
        assert kept(shop) == []


@pytest.mark.parametrize("card", ["A", "X"])
def test_esc_leads_back_to_where_f6_was_pressed(card: str) -> None:
    """Nobody has seen the search that is there for who presses F6 with nobody on the screen."""
    with crewed_shop(who="Kim") as shop:
        tap(shop, card)
        before = shop.step()
        open_cards(shop)
        assert name(shop) == ("card-menu" if card == "A" else "card-owner")
        shop.escape()
        assert (name(shop), shop.step()) == ("", before)


def test_esc_leads_back_to_where_f6_was_pressed_for_a_card_that_was_bound_meanwhile() -> None:
    with crewed_shop(who="Kim") as shop:
        tap(shop, "X")
        shop.finder.there[CARDS["X"]] = shop.finder.there[ADA.card_id]
        open_cards(shop)
        assert name(shop) == "card-menu"
        shop.escape()
        assert name(shop) == ""


def test_esc_leads_back_from_each_step() -> None:
    with crewed_shop(who="Kim") as shop:
        open_cards(shop)
        find(shop, "ada")
        shop.press("1")
        tap(shop, NEW)
        names = []
        for _ in range(5):
            names.append(name(shop))
            shop.escape()
            shop.later(0.1)
        assert names == ["card-replace", "card-new", "card-menu", "cards", ""]
        assert kept(shop) == []


NOT_TAKEN = {
    "somebody else's": ("D", "card.taken"),
    "the one they have": (ADA.card_id.lower(), "card.same"),
    "one that is new at each tap": ("08A1B2C3", "card.random"),
}


@pytest.mark.parametrize(("card", "words"), NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_a_card_is_not_taken_that_is(card: str, words: str) -> None:
    with crewed_shop(who="Kim") as shop:
        open_cards(shop)
        find(shop, "ada")
        shop.press("1")
        tap(shop, card)
        assert (name(shop), shop.page().notice) == ("card-new", phrase(words))
        tap(shop, NEW)
        assert name(shop) == "card-replace"


def test_whose_a_card_is_is_said_beside_the_refusal() -> None:
    with crewed_shop(who="Kim") as shop:
        open_cards(shop)
        find(shop, "ada")
        shop.press("1")
        tap(shop, "D")
        tap(shop, "C")
        assert [row.cells[0] for row in shop.page().head[2:]] == [PersonName(CARL.name)]


def test_a_card_that_the_reader_refuses_is_said_why() -> None:
    with crewed_shop(who="Kim") as shop:
        open_cards(shop)
        shop.garble(CardTrouble.RANDOM_ID)
        assert shop.page().notice == phrase("trouble.random-id.cashier")
        find(shop, "ada")
        shop.press("1")
        shop.garble(CardTrouble.CASCADE_TAG)
        assert shop.page().notice == phrase("trouble.cascade-tag.cashier")
        shop.misread()
        assert shop.notice() is Notice.NOT_READ
        shop.press("x")
        assert shop.page().notice == phrase("card.tap")


@pytest.mark.parametrize("refusal", CardRefusal)
def test_why_it_was_not_done_is_said_and_kept(refusal: CardRefusal) -> None:
    with crewed_shop(who="Kim") as shop:
        open_cards(shop)
        tap(shop, "A")
        shop.press("2")
        shop.card_office.refusal = refusal
        confirm(shop)
        is_unknown = refusal is CardRefusal.UNKNOWN
        assert name(shop) == ("card-unknown" if is_unknown else "card-not-done")
        assert shop.page().notice == phrase(f"card.{refusal}")
        assert kept(shop)[-1].body["outcome"] == refusal
        shop.enter()
        assert (shop.view.page, shop.step()) == (None, Step.READY)


def test_a_lost_answer_is_never_called_done_and_the_customer_goes_from_the_screen() -> None:
    with crewed_shop(who="Kim") as shop:
        tap(shop, "A")
        open_cards(shop)
        shop.press("1")
        tap(shop, NEW)
        shop.card_office.refusal, shop.card_office.lands = CardRefusal.UNKNOWN, True
        confirm(shop)
        assert name(shop) == "card-unknown"
        shop.escape()
        assert shop.view.customer is None
        open_cards(shop)
        find(shop, "ada")
        assert shop.page().head[1].cells[1] == f"…{NEW[-3:]}"


@pytest.mark.parametrize("at", ["first", "name", "card", "owner", "owner-name"])
def test_where_the_server_cannot_be_asked_the_page_says_so_and_stays(at: str) -> None:
    with crewed_shop(who="Kim") as shop:
        open_cards(shop)
        if at.startswith("owner"):
            tap(shop, NEW)
        if at == "card":
            find(shop, "ada")
            shop.press("1")
        page = name(shop)
        shop.card_office.refusal = CardRefusal.DENIED
        if at.endswith("name"):
            find(shop, "ada")
        else:
            tap(shop, NEW if at == "card" else "A")
        assert (name(shop), shop.page().notice) == (page, phrase("card.denied"))


def test_an_unknown_card_that_cannot_be_bound_leads_to_the_first_page_which_says_so() -> None:
    with crewed_shop(who="Kim") as shop:
        tap(shop, "08A1B2C3")
        assert shop.step() is Step.DECLINED
        open_cards(shop)
        assert (name(shop), shop.page().notice) == ("cards", phrase("card.random"))
        find(shop, "ada")
        assert name(shop) == "card-menu"


def test_what_somebody_else_changes_meanwhile_is_not_overwritten() -> None:
    with crewed_shop(who="Kim") as shop:
        open_cards(shop)
        tap(shop, "A")
        shop.press("1")
        tap(shop, NEW)
        found = shop.finder.there[ADA.card_id]
        assert isinstance(found, Found)
        changed = replace(found.snapshot, customer=replace(ADA, blocked=True))
        shop.finder.there[ADA.card_id] = Found(changed, 0.0)
        confirm(shop)
        assert (shop.page().notice, kept(shop)) == (phrase("card.changed"), [])


def test_esc_goes_on_selling_while_a_slow_server_is_asked() -> None:
    with crewed_shop(who="Kim") as shop:
        open_cards(shop)
        shop.card_office.takes_s = 30.0
        tap(shop, "A")
        assert name(shop) == "card-asking"
        shop.press("1")
        assert shop.notice() is Notice.PAGE_BUSY
        shop.tap("D")
        assert shop.notice() is Notice.PAGE_BUSY
        shop.escape()
        shop.sell("100", "D")
        assert shop.charges == [(DORA.id, 100)]
        shop.later(40.0)
        assert shop.view.page is None


def test_a_change_that_is_being_sent_is_waited_for_so_that_its_outcome_is_seen() -> None:
    with crewed_shop(who="Kim") as shop:
        open_cards(shop)
        tap(shop, "A")
        shop.press("2")
        shop.card_office.takes_s = 10.0
        shop.enter()
        for leave in (shop.escape, lambda: shop.key("f2"), lambda: shop.tap("D")):
            leave()
            assert (name(shop), shop.notice()) == ("card-changing", Notice.PAGE_BUSY)
        shop.later(11.0)
        assert (name(shop), kept(shop)[-1].body["outcome"]) == ("card-done", "done")


def test_cards_are_changed_only_while_the_server_answers() -> None:
    with crewed_shop(who="Kim") as shop:
        shop.link = Link.OFFLINE
        shop.key("f6")
        assert (shop.view.page, shop.notice()) == (None, Notice.CARDS_OFFLINE)


def test_a_till_without_an_office_token_says_what_is_missing() -> None:
    with crewed_shop(who="Kim", has_office_token=False) as shop:
        shop.key("f6")
        assert (shop.view.page, shop.notice()) == (None, Notice.CARDS_OFF)
        assert "cards" not in shop.view.offers


def test_a_till_without_staff_changes_no_cards() -> None:
    with open_shop(SETTINGS) as shop:
        shop.key("f6")
        assert (shop.view.page, shop.notice()) == (None, Notice.NO_STAFF)
        assert "cards" not in shop.view.offers


def test_a_till_without_a_supervisor_changes_none() -> None:
    with crewed_shop(replace(CREWED, staff=(JO, TED))) as shop:
        open_cards(shop)
        tap(shop, "A")
        shop.press("2")
        confirm(shop)
        assert (name(shop), shop.page().notice) == ("card-block", phrase("card.needs-staff"))
        shop.press("x")
        assert shop.page().notice == phrase("card.confirm")


def test_a_technician_is_let_in_by_a_supervisor() -> None:
    with crewed_shop(who="Ted") as shop:
        shop.key("f6")
        assert name(shop) == "approve"
        shop.tap(SAM.card_id)
        shop.later(0.3)
        assert name(shop) == "cards"


def test_where_names_are_hidden_cards_alone_tell_who_it_is_about() -> None:
    with crewed_shop(replace(CREWED, finds_by_name=False), who="Kim") as shop:
        open_cards(shop)
        assert name(shop) == "cards-tap"
        tap(shop, NEW)
        assert name(shop) == "card-owner-tap"
        tap(shop, "B")
        assert name(shop) == "card-replace"
        confirm(shop)
        assert shop.card_office.changes[0].customer == BELA


def test_a_customer_without_a_card_is_said_to_have_none() -> None:
    with crewed_shop(who="Kim") as shop:
        shop.everybody_knows("", known(ROWLESS, 0))
        open_cards(shop)
        find(shop, "nell")
        assert shop.page().head[1].cells[1:] == (
            phrase("card.none"),
            phrase("customer.not-blocked"),
        )
        assert shop.page().rows[0].cells[1] == phrase("card.do-bind")


def test_a_system_customer_has_no_card_to_change() -> None:
    with crewed_shop(who="Kim") as shop:
        system = replace(ADA, id=5, name="Walk-in", card_id=CardId("E5"), is_default=True)
        shop.everybody_knows("E5", known(system, 0))
        open_cards(shop)
        tap(shop, "E5")
        assert (name(shop), shop.page().notice) == ("cards", phrase("card.system"))


def test_the_page_that_confirms_is_the_one_that_was_shown() -> None:
    """The page is a value: Enter is about what it shows, whatever the sale below does."""
    with crewed_shop(who="Kim") as shop:
        open_cards(shop)
        tap(shop, "A")
        shop.press("2")
        page = shop.till.sale.page
        assert isinstance(page, ConfirmChange)
        assert page.change.customer == ADA
