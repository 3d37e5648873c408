"""F6 in any order of keys and cards: nothing without Enter on it, no dead end, no old card."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.checkout.pages.crew import CREW, KIM, SAM, crewed_shop
from tests.domain.samples import DORA, known
from tests.fakes.shop import CARDS, Shop

from taptill.checkout.session import Step
from taptill.checkout.view import TillView
from taptill.domain.cards.change import CardRefusal
from taptill.domain.decision import Found
from taptill.domain.entry import Entry, EntryKind
from taptill.domain.staff.member import Right

NEW, RANDOM = "7F20914E99", "08A1B2C3"
ALL_CARDS = (*CARDS.values(), NEW, RANDOM)
ESCAPES_MAX = 8
ENTER, ESC = "enter", "escape"
KEYS = ("f6", "f6", ENTER, ENTER, ENTER, ESC, "1", "2", "down", "ada", "bela", "420", "f3", "x")
TAPS = tuple(f"tap {card}" for card in (*CARDS, NEW, RANDOM, KIM.card_id, SAM.card_id))
ANSWERS = tuple(f"answer {refusal}" for refusal in CardRefusal)
TROUBLE = ("offline", "online", "slow", "quick", "twice")
ACTS = st.sampled_from(KEYS) | st.sampled_from(TAPS) | st.sampled_from((*ANSWERS, *TROUBLE))
BIND = ("f6", "ada", ENTER, "1", f"tap {NEW}", ENTER, f"tap {KIM.card_id}", "wait")
BLOCK = ("f6", "tap D", "2", ENTER, f"tap {SAM.card_id}", "wait", ESC)


class Played:
    """A shop that is played by words; `enters` are the views at each Enter."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.enters: list[TillView] = []

    def play(self, acts: Sequence[str]) -> None:
        """Do one after another, each with a moment to work."""
        for act in acts:
            word, _, rest = act.partition(" ")
            self._ways().get(word, self._press)(rest or act)
            self.shop.later(0.2)

    def _ways(self) -> dict[str, Callable[[str], None]]:
        office, finder = self.shop.card_office, self.shop.finder
        return {
            "tap": self.shop.tap,
            "twice": lambda _: self.shop.at_once(*[lambda: self.shop.till.press("1")] * 2),
            "answer": lambda refusal: setattr(office, "refusal", CardRefusal(refusal)),
            "offline": lambda _: setattr(finder, "offline", True),
            "online": lambda _: setattr(finder, "offline", False),
            "slow": lambda _: setattr(office, "takes_s", 30.0),
            "quick": lambda _: setattr(office, "takes_s", 0.05),
            "wait": lambda _: self.shop.later(1.0),
            ENTER: lambda _: self._enter(),
            ESC: lambda _: self.shop.escape(),
        }

    def _enter(self) -> None:
        self.shop.later(0.5)
        self.enters.append(self.shop.view)
        self.shop.hasty_enter()

    def _press(self, keys: str) -> None:
        if keys in {"f3", "f6", "down"}:
            self.shop.key(keys)
        else:
            self.shop.press(keys)

    def entries(self, kind: EntryKind) -> list[Entry]:
        """Return the entries of a kind."""
        return self.shop.books.of_kind(kind)

    def go_back(self) -> None:
        """Come to the sale by Esc, from wherever it is."""
        self.play(("online", "quick", "wait"))
        self.shop.later(40.0)
        for _ in range(ESCAPES_MAX):
            self.shop.escape()


def check_confirmed(played: Played) -> None:
    """Each change was shown when Enter was pressed, and a supervisor made or allowed it."""
    members = {member.name: member for member in CREW}
    shown = [view.page for view in played.enters if view.page]
    for entry in played.entries(EntryKind.CARD_ATTEMPT):
        named = {entry.body.get(key, "") for key in ("from", "to")} - {""}
        forms = [page for page in shown if page.name == f"card-{entry.body['act']}"]
        cells = [{cell for row in page.head for cell in row.cells} for page in forms]
        assert any(named <= one for one in cells), "what was confirmed is changed"
        assert members[entry.body.get("approved_by") or entry.staff or ""].may(Right.CARDS)


def check_cards(played: Played) -> None:
    """No card is of two customers, none is random, and one that is nobody's charges nobody."""
    there = played.shop.finder.there
    owners = {
        found.snapshot.customer.card_id: found.snapshot.customer.id
        for found in there.values()
        if isinstance(found, Found)
    }
    assert len(set(owners.values())) == len(owners)
    assert RANDOM not in owners
    for card in ALL_CARDS:
        if card in owners:
            continue
        played.shop.sell("100", card)
        assert played.shop.step() is Step.DECLINED
        played.shop.escape()


def check_sale(played: Played) -> None:
    """The till sells."""
    shop = played.shop
    assert (shop.view.page, shop.step()) == (None, Step.READY)
    shop.everybody_knows(DORA.card_id, known(DORA, -9000))
    before = len(shop.charges)
    shop.sell("100", "D")
    assert len(shop.charges) == before + 1


@given(who=st.sampled_from(("Jo", "Kim", "Ted")), acts=st.lists(ACTS, max_size=20))
def test_whatever_is_pressed_and_tapped(who: str, acts: list[str]) -> None:
    with crewed_shop(who=who) as shop:
        played = Played(shop)
        played.play(acts)
        played.go_back()
        check_confirmed(played)
        check_cards(played)
        check_sale(played)


WAYS = ([*BIND], [*BLOCK], ["tap X", *BIND[:1], "bela", ENTER, ENTER, f"tap {SAM.card_id}", "wait"])


@given(
    who=st.sampled_from(("Jo", "Kim")),
    way=st.sampled_from(WAYS),
    at=st.integers(0, 8),
    acts=st.lists(ACTS, max_size=4),
    answer=st.sampled_from(("", *ANSWERS)),
)
def test_whatever_comes_between_on_the_way_to_a_change(
    who: str, way: list[str], at: int, acts: list[str], answer: str
) -> None:
    with crewed_shop(who=who) as shop:
        played = Played(shop)
        played.play([*way[:at], *acts, *([answer] if answer else []), *way[at:]])
        played.go_back()
        check_confirmed(played)
        check_cards(played)
        check_sale(played)


@pytest.mark.parametrize("who", ["Jo", "Kim"])
def test_the_ways_of_the_laws_lead_to_changes(who: str) -> None:
    with crewed_shop(who=who) as shop:
        played = Played(shop)
        for way in WAYS:
            played.play([step for step in way if who == "Jo" or step[4:] not in STAFF_CARDS])
            played.go_back()
        acts = [entry.body["act"] for entry in played.entries(EntryKind.CARD_OUTCOME)]
        assert acts == ["replace", "block", "replace"]
        check_confirmed(played)


STAFF_CARDS = (KIM.card_id, SAM.card_id)
