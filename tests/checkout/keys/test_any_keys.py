"""Whatever is read in any order, nothing is charged without an Enter on a painted decision."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from tests.checkout.keys.console import Console
from tests.fakes.shop import GOODS, SETTINGS, open_shop

from taptill.checkout.session import Step
from taptill.domain.basket import Good
from taptill.domain.entry import EntryKind
from taptill.domain.money import Money

SEQUENCES = 10_000
PER_SHOP = 250
STEPS = 12

SHARDS = (
    *(
        b"\x1b",
        b"-",
        b"\r",
        b"\r",
        b"\r",
        b"\n",
        b"\t",
        b"\x7f",
        b"\x1b\r",
        b"\r\x1b",
        b"-\r",
        b"\r-",
    ),
    *(b"4", b"420", b"1", b"c", b"w", b"A", b"/1", b"+", b"*", b",", b"3", b"3*", b"b"),
    *(b"00000420\r", b"62E3086CED\r", b"12\t", b"4006381333931\r\n", b"420\r"),
    *(b"\x1b[", b"\x1bO", b"\x1b[?6", b"\x1b[?6c", b"\x1b[0n", b"\xff", b"\xe2\x82", b"\x1b]11;r"),
    *(
        b"\x1b[19~",
        b"\x1b[A",
        b"\x1b[B",
        b"\x1b[3~",
        b"\x1b[13u",
        b"\x1b[27u",
        b"\x1bOM",
        b"\x1b[57412u",
        b"\x1b[24~",
        b"\x1bOS",
        b"\x11",
    ),
)
GAPS_S = (0.0, 0.001, 0.008, 0.03, 0.04, 0.06, 0.12, 0.3, 0.6, 1.5)
BURSTS = (
    "00000420\r",
    "420\r",
    "A1\r",
    "c\r",
    "12345",
    "\r\r\r\r\r\r",
    "00000000",
    "-1\r",
    "ccccc\r",
    "4006381333931\r",
)
COLA, BOTTLE = Good("", "Cola", Money(110), barcode="4006381333931"), Good("b", "Back", Money(-25))
WITH_BARCODE = replace(SETTINGS, keypad=replace(SETTINGS.keypad, goods=(*GOODS, COLA, BOTTLE)))
ACTS = (
    "type",
    "type",
    "type",
    "type",
    "sell",
    "sell",
    "tap",
    "stall",
    "busy",
    "resize",
    "burst",
    "burst",
)


def play(console: Console, dice: random.Random) -> None:
    """Perform a dozen random actions."""
    for _ in range(STEPS):
        act(console, dice, dice.choice(ACTS))
        console.wait(dice.choice(GAPS_S))


def act(console: Console, dice: random.Random, action: str) -> None:
    """Perform one action."""
    match action:
        case "type":
            console.type(dice.choice(SHARDS))
        case "tap":
            console.shop.tap(dice.choice("AABCDX"))
        case "sell":
            console.type(dice.choice((b"420", b"5", b"c")))
            console.shop.tap(dice.choice("AACD"))
            console.wait(dice.choice((0.01, 0.39, 0.5, 0.5, 0.8)))
            console.type_while_busy(
                dice.choice((b"\r",) * 9 + SHARDS), dice.choice((0.0, 0.03, 0.5))
            )
        case "stall":
            octets = b"".join(dice.choices(SHARDS, k=dice.choice((1, 2))))
            console.stall(dice.uniform(0.25, 3.0), octets)
        case "busy":
            console.type_while_busy(dice.choice(SHARDS), dice.choice((0.01, 0.05, 0.5)))
        case "resize":
            console.resize()
        case _:
            gap_s = dice.choice((0.0, 0.004, 0.016, 0.03, 0.033))
            console.keys(dice.choice(BURSTS), gap_s)


@pytest.mark.parametrize(
    "first",
    [
        0,
        *(
            pytest.param(one, marks=pytest.mark.slow)
            for one in range(PER_SHOP, SEQUENCES, PER_SHOP)
        ),
    ],
)
def test_no_charge_without_an_enter_on_a_painted_decision(first: int) -> None:
    """There are ten thousand sequences; enough of them must end in a charge."""
    counts: Counter[str] = Counter()
    for seed in range(first, first + PER_SHOP):
        with open_shop(WITH_BARCODE) as shop:
            console = Console(shop, takes_lines=seed % 2 == 0, cards="A")
            play(console, random.Random(seed))
            assert console.bad == [], f"seed {seed}"
            console.wait(3.0)
            if shop.view.page is not None:  # the sale is below it
                console.type(b"\x1b")
                console.wait(0.5)
            if shop.view.chosen is not None:  # the first Esc lets go of the chosen line
                console.type(b"\x1b")
                console.wait(0.5)
            console.type(b"\x1b")
            console.wait(0.5)
            assert shop.step() is Step.READY, f"seed {seed}"
            charges = shop.books.of_kind(EntryKind.CHARGE)
            assert len(charges) <= len(console.confirmed), f"seed {seed}"
            assert all((entry.amount_minor or 0) > 0 for entry in charges), f"seed {seed}"
            counts["charged"] += len(charges)
            counts["lines"] += len(console.lines)
    assert counts["charged"] > PER_SHOP / 10
    assert counts["lines"] > PER_SHOP / 10
