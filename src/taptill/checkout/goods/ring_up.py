"""Keys and barcodes in, lines of the basket out."""

from collections.abc import Callable
from dataclasses import replace

from taptill.checkout.keypad import (
    NOTHING_KEYED,
    TOUCHED_GOOD,
    KeyedInput,
    choose,
    find_barcode,
    press,
    ring_up,
)
from taptill.checkout.modes.mode import TillMode
from taptill.checkout.modes.unattended import may_ring_up
from taptill.checkout.session import Notice, Step
from taptill.checkout.till_state import TillState
from taptill.domain.basket import EMPTY

CURSOR_KEYS = frozenset(
    {"up", "down", "left", "right", "begin", "home", "end"}
    | {"page_up", "page_down", "insert", "delete"}
)
"""Keys that move a cursor; they come from a number pad without Num Lock as well."""


def good_key(number: int) -> str:
    """Return the key of a good that is touched on the screen, by its number from 1."""
    return f"{TOUCHED_GOOD}{number}"


class RingUp:
    """Rings goods up in the sale in progress; `accept` returns whether a key may change it now."""

    def __init__(self, state: TillState, accept: Callable[[], bool]) -> None:
        self._state = state
        self._accept = accept

    def press(self, key: str) -> None:
        """Take a key that was accepted: of the keypad, a good's letter, or of a cursor."""
        state = self._state
        if not may_ring_up(state):
            return
        if key in CURSOR_KEYS:
            self._choose(key)
            return
        state.begin_if_over()
        keyed_input = state.sale.keyed_input
        # What the last customer has bought is nothing to one who is alone with the till.
        last_basket = EMPTY if state.settings.mode is not TillMode.ATTENDED else state.last_basket
        if key == "*" and keyed_input == NOTHING_KEYED and last_basket.lines:
            state.key_in(KeyedInput(last_basket), Notice.NONE)
        else:
            state.key_in(*press(keyed_input, key, state.settings.keypad))

    def let_go(self) -> bool:
        """Let go of the chosen line; return whether there was one."""
        keyed_input = self._state.sale.keyed_input
        if keyed_input.chosen is None:
            return False
        self._state.key_in(replace(keyed_input, chosen=None), Notice.NONE)
        return True

    def knows(self, barcode: str) -> bool:
        """Return whether a good has this barcode."""
        return find_barcode(barcode, self._state.settings.keypad) is not None

    def scan(self, barcode: str) -> None:
        """Ring up the good of a barcode, which is empty where it could not be read.

        It confirms nothing. Where no good has it, the screen says so and does not show it: it may
        be the number of a card.
        """
        if self._accept():
            self._scan(barcode)
        self._state.publish()

    def _choose(self, key: str) -> None:
        state = self._state
        keyed_input = choose(state.sale.keyed_input, key, state.settings.keypad)
        if keyed_input is None:
            state.show_notice(Notice.NUM_LOCK)
        else:
            state.key_in(keyed_input, Notice.NONE)

    def _scan(self, barcode: str) -> None:
        state = self._state
        keypad = state.settings.keypad
        good = find_barcode(barcode, keypad)
        if state.sale.page:
            state.show_notice(Notice.SCAN_LATER)
        elif state.sale.step is Step.VOIDING:
            state.show_notice(Notice.VOID_KEYS)
        elif not may_ring_up(state):
            pass  # the screen says so
        elif good is None:
            state.show_notice(Notice.UNKNOWN_BARCODE if barcode else Notice.SCAN_AGAIN)
        else:
            state.begin_if_over()
            state.key_in(*ring_up(state.sale.keyed_input, good, keypad))
