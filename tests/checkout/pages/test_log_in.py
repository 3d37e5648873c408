"""Log-in, lock and hand-over: nobody sells unnamed where there is staff."""

from dataclasses import replace

import pytest
from tests.checkout.pages.crew import CREWED, JO, KIM, SAM, crewed_shop, log_in
from tests.domain.samples import ADA
from tests.fakes.shop import Shop, open_shop

from taptill.checkout.pages.page import Phrase
from taptill.checkout.session import Notice, Step
from taptill.domain.entry import Entry, EntryKind


def answer(shop: Shop) -> str:
    """Return the key of the page's answer to the last key."""
    notice = shop.page().notice
    return notice.key if notice else ""


def signatures(shop: Shop, kind: EntryKind) -> list[str | None]:
    """Return who made the entries of a kind."""
    return [entry.staff for entry in shop.books.of_kind(kind)]


def test_a_till_without_staff_asks_nobody(shop: Shop) -> None:
    assert shop.view.page is None
    shop.key("f2")
    assert shop.view.page is None
    shop.sell("420", "A")
    assert signatures(shop, EntryKind.CHARGE) == [None]


def test_a_till_with_staff_is_locked_until_somebody_logs_in() -> None:
    with crewed_shop(who="") as shop:
        assert shop.page().name == "log-in"
        shop.tap("A")
        assert (answer(shop), shop.view.customer) == ("page.no-staff-card", None)
        shop.escape()
        assert shop.page().name == "log-in"
        log_in(shop, "Jo")
        assert (shop.view.page, shop.view.status.staff) == (None, "Jo")
        (entry,) = shop.books.of_kind(EntryKind.LOGGED_IN)
        assert (entry.staff, entry.body) == ("Jo", {"role": "cashier", "how": "pin"})


def test_a_card_logs_in_and_may_be_spelled_otherwise() -> None:
    with crewed_shop(who="") as shop:
        shop.tap(SAM.card_id.lower())
        shop.later(0.1)
        assert shop.view.status.staff == "Sam"
        assert shop.books.of_kind(EntryKind.LOGGED_IN)[0].body["how"] == "card"


def test_every_entry_says_who_made_it() -> None:
    with crewed_shop() as shop:
        shop.sell("420", "A")
        shop.f8()
        shop.press("1")
        shop.sell("420", "B")
        assert signatures(shop, EntryKind.CHARGE) == ["Jo"]
        assert signatures(shop, EntryKind.VOID) == ["Jo"]
        assert signatures(shop, EntryKind.DECLINED) == ["Jo"]


def test_locking_keeps_what_was_rung_up_for_the_next_one() -> None:
    with crewed_shop() as shop:
        shop.press("420")
        shop.key("f2")
        shop.later(0.1)
        assert (shop.page().name, shop.view.status.staff) == ("log-in", "")
        assert signatures(shop, EntryKind.LOCKED) == ["Jo"]
        log_in(shop, "Kim")
        assert (shop.step(), shop.view.total.minor) == (Step.RINGING, 420)
        shop.tap("A")
        shop.later(0.5)
        shop.enter()
        shop.later(1.0)
        assert signatures(shop, EntryKind.CHARGE) == ["Kim"]


def test_locking_lets_the_customer_go_and_a_late_answer_is_nobodys() -> None:
    with crewed_shop() as shop:
        shop.finder.takes_s = 0.5
        shop.tap("X")
        shop.key("f2")
        shop.later(2.0)
        assert shop.page().name == "log-in"
        assert (shop.step(), shop.books.of_kind(EntryKind.DECLINED)) == (Step.READY, [])
        log_in(shop, "Jo")
        shop.press("420")
        shop.tap("A")
        shop.later(0.6)
        assert shop.step() is Step.CONFIRM
        shop.key("f2")
        shop.later(0.1)
        assert (shop.view.customer, shop.step()) == (None, Step.RINGING)
        log_in(shop, "Kim")
        shop.enter()
        assert (shop.notice(), shop.charges) == (Notice.NO_CARD, [])


def test_staff_who_are_configured_anew_let_the_customer_go() -> None:
    with open_shop(replace(CREWED, staff=())) as shop:
        shop.finder.takes_s = 0.5
        shop.tap("X")
        shop.do(shop.till.changes.take, CREWED.keypad.goods, (JO, KIM))
        shop.later(2.0)
        assert shop.page().name == "log-in"
        assert (shop.step(), shop.books.of_kind(EntryKind.DECLINED)) == (Step.READY, [])


def test_a_card_at_the_log_in_is_answered_at_once_however_slow_the_disk() -> None:
    with crewed_shop(who="") as shop:
        shop.books.takes_s = 3.0
        shop.tap(SAM.card_id)
        assert answer(shop) == "page.checking"
        shop.later(3.5)
        assert shop.view.status.staff == "Sam"


def test_wrong_pins_are_journaled_and_slow_down() -> None:
    with crewed_shop(who="") as shop:
        shop.press("1")
        for count, wait_s in ((1, 1), (2, 2), (3, 4)):
            shop.press("9999")
            shop.hasty_enter()
            shop.later(0.06)
            assert shop.page().notice == Phrase("page.pin-wrong", (("seconds", wait_s),))
            shop.press("2580")
            shop.hasty_enter()
            assert answer(shop) == "page.pin-wait"
            assert shop.view.status.staff == ""
            shop.later(wait_s)
            assert [entry.body["in_a_row"] for entry in shop.books.of_kind(EntryKind.WRONG_PIN)][
                -1
            ] == count
        shop.press("2580")
        shop.hasty_enter()
        shop.later(0.1)
        assert shop.view.status.staff == "Jo"
        assert signatures(shop, EntryKind.WRONG_PIN) == ["Jo"] * 3


def test_no_pin_is_shown_or_journaled() -> None:
    with crewed_shop(who="") as shop:
        shop.press("12580")
        assert shop.page().typed == "••••"
        shop.press("<9")
        shop.hasty_enter()
        shop.later(0.1)
        written = str([(entry.kind, entry.body, entry.staff) for entry in entries(shop)])
        assert "2589" not in written
        assert JO.pin_hash not in written


def entries(shop: Shop) -> list[Entry]:
    """Return all entries of the log-in."""
    kinds = (EntryKind.LOGGED_IN, EntryKind.LOCKED, EntryKind.WRONG_PIN)
    return [entry for kind in kinds for entry in shop.books.of_kind(kind)]


@pytest.mark.parametrize("key", ["x", "f9", "f8", "tab", "7"])
def test_a_key_that_means_nothing_there_is_answered(key: str) -> None:
    with crewed_shop(who="") as shop:
        shop.key(key)
        assert shop.page().name == "log-in"
        assert answer(shop) == "page.choose-name" or shop.notice() == Notice.NOT_NOW


def test_the_chosen_name_moves_and_stays_within_the_list() -> None:
    with crewed_shop(who="") as shop:
        chosen = []
        for key in ("up", "down", "down", "down", "down", "page_up", "end"):
            shop.key(key)
            chosen.append(shop.page().chosen)
        assert chosen == [0, 1, 2, 3, 3, 0, 3]
        shop.hasty_enter()
        assert shop.page().typed == ""
        shop.escape()
        assert shop.page().chosen == 3


def test_somebody_without_a_pin_is_told_to_use_the_card() -> None:
    with crewed_shop(who="") as shop:
        shop.press("3")
        shop.press("1234")
        shop.hasty_enter()
        assert answer(shop) == "page.card-only"


def test_one_person_alone_is_asked_for_the_pin_at_once() -> None:
    with crewed_shop(replace(CREWED, staff=(JO,)), who="") as shop:
        assert shop.page().typed == ""
        shop.press("2580")
        shop.hasty_enter()
        shop.later(0.1)
        assert shop.view.status.staff == "Jo"


def test_with_a_full_list_a_number_of_two_digits_chooses() -> None:
    many = tuple(replace(JO, name=f"Jo {number}") for number in range(1, 21))
    with crewed_shop(replace(CREWED, staff=many), who="") as shop:
        shop.press("1")
        assert shop.page().chosen == 0
        shop.press("5")
        assert shop.page().head[0].cells[0] == "Jo 15"


def test_a_journal_that_fails_at_log_in_closes_the_till_and_lets_log_in_again() -> None:
    with crewed_shop(who="") as shop:
        shop.books.fails = "disk I/O error"
        log_in(shop, "Jo")
        assert (shop.step(), shop.view.page) == (Step.CLOSED, None)
        shop.books.fails = ""
        shop.later(20.0)
        assert shop.page().name == "log-in"
        log_in(shop, "Jo")
        assert shop.view.status.staff == "Jo"


def test_the_log_in_waits_for_the_result_of_a_sale() -> None:
    with crewed_shop() as shop:
        shop.books.takes_s = 1.0
        shop.press("420")
        shop.tap("A")
        shop.later(0.5)
        shop.enter()
        shop.key("f2")
        assert shop.notice() == Notice.BUSY
        shop.later(3.0)
        assert shop.step() is Step.PAID
        assert [entry.customer_id for entry in shop.books.of_kind(EntryKind.CHARGE)] == [ADA.id]


def test_the_lock_stays_however_long_nobody_comes() -> None:
    with open_shop(CREWED) as shop:
        shop.later(10_000.0)
        assert shop.page().name == "log-in"


def test_digits_that_somebody_left_on_the_screen_are_forgotten() -> None:
    with crewed_shop(who="") as shop:
        shop.press("12580")
        shop.later(100.0)
        assert shop.page().typed is None
        shop.hasty_enter()
        shop.later(1.0)
        assert shop.view.status.staff == ""


def test_a_till_that_nobody_uses_locks_itself_where_the_site_wants_that() -> None:
    with crewed_shop(replace(CREWED, lock_after_s=120.0)) as shop:
        shop.sell("420", "A")
        shop.later(100.0)
        assert shop.view.status.staff == "Jo"
        shop.tap("A")
        shop.later(100.0)
        assert (shop.view.page, shop.view.status.staff) == (None, "Jo")
        shop.later(30.0)
        assert (shop.page().name, shop.view.status.staff) == ("log-in", "")
        assert signatures(shop, EntryKind.LOCKED) == ["Jo"]


def test_a_till_does_not_lock_itself_while_something_is_rung_up() -> None:
    with crewed_shop(replace(CREWED, lock_after_s=120.0)) as shop:
        shop.press("420")
        shop.later(1000.0)
        assert (shop.step(), shop.view.status.staff) == (Step.RINGING, "Jo")


def test_staff_who_are_fewer_while_a_pin_is_looked_at_are_still_chosen_from() -> None:
    with crewed_shop(who="") as shop:
        shop.press("4")
        shop.press("1111")
        shop.hasty_enter()
        keypad = shop.till._state.settings.keypad
        assert shop.till.changes.take(keypad.goods, (JO, KIM))
        shop.later(0.1)
        shop.escape()
        shop.hasty_enter()
        assert shop.page().head[0].cells[0] == "Kim"


@pytest.mark.parametrize("before", ["nothing", "a sale"])
def test_a_till_locks_itself_also_where_a_form_was_left_open(before: str) -> None:
    """Else whoever comes by would close the shift in another's name."""
    with crewed_shop(replace(CREWED, lock_after_s=120.0)) as shop:
        if before == "a sale":
            shop.sell("420", "A")
        shop.key("f10")
        shop.key("3")
        shop.later(1.0)
        assert shop.page().name == "close-shift"
        shop.later(100.0)
        assert (shop.page().name, shop.view.customer) == ("close-shift", None)
        shop.later(30.0)
        assert (shop.page().name, shop.view.status.staff) == ("log-in", "")
