"""Whatever is read in any order, pages open and machines typing: nothing is charged unconfirmed.

Beside test_any_keys.py: a till with staff, whose pages are open half of the time.
"""

import random
from collections import Counter
from dataclasses import replace

import pytest
from tests.checkout.keys.console import Console
from tests.checkout.keys.test_any_keys import SHARDS, STEPS
from tests.checkout.keys.test_any_keys import act as act_at_sale
from tests.checkout.pages.conflict_desk import LOST, REFUSED
from tests.checkout.pages.crew import CREWED, KIM, SAM, crewed_shop

from taptill.checkout.session import Step
from taptill.domain.entry import EntryKind
from taptill.domain.money import Money

SEQUENCES = 2_000
PER_RUN = 100
F2, F3, F7, F8, F9, F10 = b"\x1bOQ", b"\x1bOR", b"\x1b[18~", b"\x1b[19~", b"\x1b[20~", b"\x1b[21~"
PAGE_SHARDS = (
    *(
        F2,
        F3,
        F7,
        F7,
        F8,
        F8,
        F8,
        F9,
        F10,
        F10,
        F10,
        b"\r",
        b"\r",
        b"1",
        b"2",
        b"3",
        b"4",
        b"5",
        b"6",
    ),
    *(b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1b[3~", b"\x1b[5~", b"\x1b[6~", b"\x1b[H"),
    *(b"\x1b", b"-", b"\x7f", b"2580", b"0", b",", b"5", b"c", "é".encode(), "漢".encode()),
)
MACHINE_LINES = ("00000420\r", "2580\r", "4006381333931\r", "1\r", "135791\t", "12580\r", "31111\r")
WAYS_IN = (
    (F10,),
    (F10,),
    (F10, b"1"),
    (F10, b"1"),
    (F10, b"4"),
    (F10, b"2", b"5", b"0"),
    (F10, b"3"),
    (F10, b"4"),
    (F10, b"5", b"4", b"2"),
    (F10, b"6", b"\r", b"1", b"1"),
    (F8, F8, b"\r"),
    (F2, b"1", b"2", b"5"),
    (F9, b"1"),
    (F3, b"a"),
    (F3, b"d", b"o", b"\r"),
    (F7, b"5", b"0", b"0"),
    (F7, F7, b"1", b"0", b"0", b"\r"),
    (F8, b"\r", b"1"),
)


def act(console: Console, dice: random.Random) -> None:
    """Perform one action: at the sale, on a page, on the way to one, or by a machine."""
    match dice.randrange(6):
        case 0 | 1:
            act_at_sale(console, dice, dice.choice(("type", "sell", "sell", "tap", "burst")))
        case 2:
            for octets in dice.choice(WAYS_IN):
                console.type(octets)
                console.wait(0.25)
        case 3:
            console.keys(dice.choice(MACHINE_LINES), dice.choice((0.0, 0.004, 0.016, 0.03)))
        case 4:
            console.shop.tap(dice.choice((KIM.card_id, SAM.card_id, "A", "X")))
        case _:
            console.type(dice.choice(PAGE_SHARDS + SHARDS))


def escape(console: Console) -> None:
    """Press Esc as often as the deepest page needs."""
    for _ in range(8):
        console.type(b"\x1b")
        console.wait(0.5)


def log_in(console: Console) -> None:
    """Log in, where the log-in is open, as a person types."""
    console.wait(5.0)
    if console.shop.view.page:
        console.shop.tap(KIM.card_id)
        console.wait(0.5)


@pytest.mark.parametrize(
    "first",
    [
        0,
        *(pytest.param(one, marks=pytest.mark.slow) for one in range(PER_RUN, SEQUENCES, PER_RUN)),
    ],
)
def test_no_key_on_a_page_charges_or_leads_nowhere(first: int) -> None:
    """Enough of the sequences end in a charge, in a void, in a page; from each Esc leads out."""
    counts: Counter[str] = Counter()
    for seed in range(first, first + PER_RUN):
        with crewed_shop(replace(CREWED, max_repayment=Money(5000))) as shop:
            shop.conflict_desk.open = [LOST, REFUSED]
            console, dice = Console(shop, takes_lines=seed % 2 == 0, cards="A"), random.Random(seed)
            for _ in range(STEPS):
                act(console, dice)
                console.wait(dice.choice((0.0, 0.01, 0.06, 0.3, 0.6, 1.5)))
                counts[shop.page().name if shop.view.page else "sale"] += 1
            assert console.bad == [], f"seed {seed}"
            charges = shop.books.of_kind(EntryKind.CHARGE)
            assert len(charges) <= len(console.confirmed), f"seed {seed}"
            unsigned = [entry.kind for entry in shop.books.entries if not entry.staff]
            assert unsigned == [], f"seed {seed}"
            console.wait(3.0)
            escape(console)
            assert shop.view.page is None or shop.page().name == "log-in", f"seed {seed}"
            log_in(console)
            escape(console)
            assert (shop.view.page, shop.step()) == (None, Step.READY), f"seed {seed}"
            counts["charged"] += len(charges)
            counts["voided"] += len(shop.books.of_kind(EntryKind.VOID))
    assert min(counts["charged"], counts["log-in"], counts["office"]) > PER_RUN / 20
