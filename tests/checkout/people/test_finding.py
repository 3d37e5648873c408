"""F3: a customer is found by name and shown as after a tap; what is charged then says so."""

from dataclasses import replace

import pytest
from tests.checkout.pages.crew import CREWED, KIM, crewed_shop
from tests.domain.samples import ADA, DORA, known
from tests.fakes.shop import BELA, CARL, SETTINGS, Shop, open_shop

from taptill.checkout.pages.page import PersonName, phrase
from taptill.checkout.session import Notice, Step
from taptill.domain.entry import EntryKind
from taptill.domain.money import Money


def find(shop: Shop, typed: str) -> None:
    """Press F3 and type."""
    shop.key("f3")
    shop.later(0.1)
    shop.press(typed)


def names(shop: Shop) -> list[object]:
    """Return the names on the list."""
    return [row.cells[0] for row in shop.page().rows]


def test_a_customer_is_found_by_the_beginning_of_a_name_and_chosen() -> None:
    with crewed_shop() as shop:
        find(shop, "BYR")
        assert names(shop) == [PersonName(ADA.name)]
        shop.enter()
        shop.later(0.5)
        assert (shop.view.page, shop.step()) == (None, Step.CARD)
        assert (shop.customer.name, shop.customer.live) == (ADA.name, True)
        assert shop.view.offers == ("override", "find", "cards")
        assert (shop.view.without_card, shop.view.has_staff) == (True, True)
        shop.tap("C")
        shop.later(0.5)
        assert not shop.view.without_card


def test_a_charge_made_so_says_that_there_was_no_card_and_who_made_it() -> None:
    with crewed_shop() as shop:
        find(shop, "ada")
        shop.enter()
        shop.later(0.5)
        shop.press("420")
        shop.enter()
        shop.later(1.0)
        shop.sell("100", "A")
        by_name, by_card = shop.books.of_kind(EntryKind.CHARGE)
        assert (by_name.body["without_card"], by_name.staff) == (True, "Jo")
        assert "without_card" not in by_card.body
        figures = shop.wait_for(shop.shift_book.running()).figures
        assert (figures.without_card.count, figures.without_card.sum_minor) == (1, 420)


def test_cash_paid_in_so_says_it_too() -> None:
    with crewed_shop(replace(CREWED, max_repayment=Money(9900))) as shop:
        find(shop, "ada")
        shop.enter()
        shop.later(0.5)
        shop.key("f7")
        shop.press("500")
        shop.enter()
        shop.later(0.5)
        (entry,) = shop.books.of_kind(EntryKind.REPAYMENT)
        assert entry.body["without_card"] is True


def test_the_basket_stays_and_the_customer_is_decided_about() -> None:
    with crewed_shop() as shop:
        shop.press("1500")
        find(shop, "carl")
        shop.enter()
        shop.later(0.5)
        assert (shop.step(), shop.view.total) == (Step.DECLINED, Money(1500))
        find(shop, "doro")
        shop.escape()
        assert shop.customer.name == CARL.name


def test_nobody_is_charged_by_the_enter_that_chooses() -> None:
    with crewed_shop() as shop:
        shop.press("420")
        find(shop, "ada")
        shop.enter()
        shop.hasty_enter()
        assert shop.charges == []
        assert shop.notice() is Notice.WAIT_A_MOMENT
        shop.enter()
        shop.later(1.0)
        assert shop.charges == [(ADA.id, 420)]


def test_offline_it_finds_whom_the_cache_knows() -> None:
    with crewed_shop() as shop:
        shop.finder.offline = True
        find(shop, "ada")
        shop.enter()
        shop.later(0.5)
        assert (shop.customer.name, shop.customer.live) == (ADA.name, False)
        shop.press("420")
        shop.enter()
        shop.later(2.0)
        assert shop.books.of_kind(EntryKind.CHARGE)[0].body["offline"] is True


def test_the_backend_is_asked_by_the_id_and_not_by_a_card() -> None:
    with crewed_shop() as shop:
        find(shop, "ada")
        shop.enter()
        shop.later(0.5)
        assert shop.people.asked == [ADA.id]
        assert shop.finder.asked == []


def test_one_who_is_gone_at_the_backend_pays_nothing() -> None:
    with crewed_shop() as shop:
        del shop.finder.there[ADA.card_id]
        shop.press("420")
        find(shop, "ada")
        shop.enter()
        shop.later(0.5)
        assert shop.step() is Step.DECLINED
        assert shop.notice() is Notice.NOW_REFUSED  # and no word of a card, which was not there
        shop.enter()
        shop.later(1.0)
        assert shop.charges == []


def test_a_blocked_customer_is_said_to_be_so_and_pays_nothing() -> None:
    with crewed_shop() as shop:
        find(shop, "bela")
        assert shop.page().rows[0].cells[-1] == phrase("customer.blocked")
        shop.enter()
        shop.later(0.5)
        assert (shop.step(), shop.customer.name) == (Step.DECLINED, BELA.name)


def test_a_tap_closes_the_list_and_takes_the_place_of_the_choice() -> None:
    with crewed_shop() as shop:
        find(shop, "ada")
        shop.tap("D")
        shop.later(0.5)
        assert (shop.view.page, shop.customer.name) == (None, DORA.name)
        find(shop, "ada")
        shop.enter()
        shop.later(0.5)
        shop.press("100")
        shop.tap("D")
        assert shop.notice() is Notice.OTHER_CARD
        shop.tap("D")
        shop.later(0.5)
        shop.enter()
        shop.later(1.0)
        (charge,) = shop.books.of_kind(EntryKind.CHARGE)
        assert (charge.customer_id, charge.body.get("without_card")) == (DORA.id, None)


def test_a_name_that_fits_nobody_lists_nobody_and_backspace_helps() -> None:
    with crewed_shop() as shop:
        find(shop, "adx")
        assert (names(shop), shop.page().head[0].cells[0]) == ([], phrase("page.found", count=0))
        shop.enter()
        assert shop.page().notice == phrase("page.type-name")
        shop.press("<")
        assert names(shop) == [PersonName(ADA.name)]


def test_the_cursor_chooses_and_stays_within_the_list() -> None:
    with crewed_shop() as shop:
        shop.everybody_knows("77", known(replace(ADA, id=77, name="Adam Zwo", card_id="77"), 0))  # type: ignore[arg-type]
        find(shop, "ada")
        assert names(shop) == [PersonName("Ada Byron"), PersonName("Adam Zwo")]
        shop.key("down")
        shop.key("down")
        shop.enter()
        shop.later(0.5)
        assert shop.customer.name == "Adam Zwo"


def test_while_the_names_are_read_keys_are_answered() -> None:
    with crewed_shop() as shop:
        shop.at_once(lambda: shop.till.function_key("f3"), lambda: shop.till.press("a"))
        assert shop.notice() in {Notice.PAGE_BUSY, Notice.NONE}
        assert shop.page().name == "find"


def test_a_technician_needs_somebody_who_may_find() -> None:
    with crewed_shop(who="Ted") as shop:
        shop.key("f3")
        assert shop.page().name == "approve"
        shop.tap(KIM.card_id)
        shop.later(0.5)
        assert shop.page().name == "find"


def test_without_staff_nobody_is_found_by_name() -> None:
    with open_shop(SETTINGS) as shop:
        shop.key("f3")
        assert (shop.view.page, shop.notice(), shop.view.offers) == (None, Notice.NO_STAFF, ())


def test_a_site_that_hides_names_has_no_search() -> None:
    with crewed_shop(replace(CREWED, finds_by_name=False)) as shop:
        shop.key("f3")
        assert (shop.view.page, shop.notice()) == (None, Notice.SWITCHED_OFF)
        assert "find" not in shop.view.offers


def test_who_logs_out_takes_the_chosen_customer_away() -> None:
    with crewed_shop() as shop:
        find(shop, "ada")
        shop.enter()
        shop.later(0.5)
        shop.key("f2")
        shop.later(0.5)
        assert shop.view.customer is None


@pytest.mark.parametrize("step", ["paid", "voiding"])
def test_it_opens_after_a_sale_and_not_within_a_void(step: str) -> None:
    with crewed_shop() as shop:
        shop.sell("100", "A")
        if step == "voiding":
            shop.f8()
        shop.key("f3")
        shop.later(0.2)
        if step == "voiding":
            assert (shop.view.page, shop.notice()) == (None, Notice.VOID_KEYS)
        else:
            assert shop.page().name == "find"
            shop.press("doro")
            shop.enter()
            shop.later(0.5)
            assert (shop.step(), shop.customer.name) == (Step.CARD, DORA.name)
