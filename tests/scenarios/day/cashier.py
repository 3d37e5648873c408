"""Somebody behind the counter: acts out, keys in, each answer awaited on the screen."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.scenarios.program import DEAD_ENTER_S, Program

from taptill.domain.staff.pins import hash_pin

F2, F8, F9, F10 = "\x1b[12~", "\x1b[19~", "\x1b[20~", "\x1b[21~"
UP, DOWN, BACKSPACE = "\x1b[A", "\x1b[B", "\x7f"
KEY_S = 0.05
"""Keys that come faster than a person types are a machine's line."""

SEEN_S = 0.1
"""Nobody sees a verdict and presses Enter sooner; what is not painted to its end does not count."""

APART_S = 0.15
"""Two Enters within 0.12 s are one that is held down."""

TRIES = 5
LOOK_S = 4.0
"""After so long somebody sees that not all keys have counted."""

_AGAIN = "then press Enter again"
_DRAWER = "cash in the drawer"
_NET = re.compile(r"\bnet\s+(-?)€([\d.]+)")
_Z = re.compile(r"\bZ (\d+) is stored")


@dataclass(frozen=True)
class Member:
    """One of the staff: the place in the list of names, and the PIN."""

    name: str
    role: str
    pin: str


JO = Member("Jo", "cashier", "2580")
KIM = Member("Kim", "supervisor", "135791")
SAM = Member("Sam", "cashier", "4711")
STAFF = (JO, KIM, SAM)


def staff_config() -> str:
    """Return the tables of the staff for a config."""
    return "".join(
        f'[[staff]]\nname = "{one.name}"\nrole = "{one.role}"\npin_hash = "{hash_pin(one.pin)}"\n'
        for one in STAFF
    )


def euro(minor: int) -> str:
    """Return an amount as the screen writes it."""
    return f"{'-' if minor < 0 else ''}€{abs(minor) // 100}.{abs(minor) % 100:02}"


class Cashier:
    """Types at a running till, at a person's pace, and waits for what it answers."""

    def __init__(self, till: Program) -> None:
        self.till = till
        self._tapped_s = 0.0

    def type(self, keys: Sequence[str]) -> None:
        """Press keys one by one."""
        for key in keys:
            self.till.press(key)
            self.till.pause(KEY_S)

    def log_in(self, member: Member) -> None:
        """Choose a name of the list and type its PIN."""
        self.till.wait_for("who works here?")
        self._type_until(str(STAFF.index(member) + 1), "PIN:")
        self._type_pin(member)
        self.till.wait_for("READER ok", absent="who works here?")

    def hand_over(self, member: Member) -> None:
        """Lock the till, and log somebody else in."""
        self.till.press(F2)
        self.log_in(member)

    def tap(self, card_id: str) -> None:
        """Show a card, no sooner after the last one than two cards are two."""
        self.till.pause(self._tapped_s + DEAD_ENTER_S - time.monotonic())
        self.till.tap(card_id)
        self._tapped_s = time.monotonic()

    def enter(self) -> None:
        """Confirm a sale once Enter counts."""
        self.till.pause(max(self._tapped_s + DEAD_ENTER_S - time.monotonic(), SEEN_S))
        self.till.press("\r")

    def ring_up(self, card_id: str, name: str, keys: str, total: int) -> None:
        """Tap a card and type goods and amounts; the customer's verdict is there at the end.

        Where the machine was held up, the till drops keys and says so: then all is done again.
        """
        verdict = f"{name} pays {euro(total)}"
        for _ in range(TRIES):
            self.tap(card_id)
            self.till.wait_for(name, "Card read")
            self.type(keys)
            if self._comes(verdict):
                return
            self.till.press("-")
            self.till.wait_for("no card yet")
        raise AssertionError(self.till.text())

    def sell(self, card_id: str, name: str, keys: str, total: int) -> None:
        """Sell to a customer, to PAID."""
        self.ring_up(card_id, name, keys, total)
        self.pay(total)

    def pay(self, total: int) -> None:
        """Press Enter to PAID; again where it came before the till knew that all was painted."""
        for attempt in range(TRIES):
            self.enter()
            if attempt:
                self.till.pause(APART_S)  # what the last Enter was answered with may still be there
            if "Thank you" in self._first_of("Thank you", _AGAIN):
                self.till.wait_for(euro(total))
                return
        raise AssertionError(self.till.text())

    def void_last(self, total: int) -> None:
        """Take the last sale back, whole."""
        self.till.press(F8)
        self.till.wait_for("1 wrong amount")
        self._type_until("1", "Nothing to pay")
        self.till.wait_for(f"{euro(total)} cancelled")

    def void_lines(self, taken: Sequence[int], worth: int, second: Member | None = None) -> None:
        """Take back so many of each line of the newest sale in the list."""
        self.till.press(F8)
        text = self.till.wait_until(
            lambda text: "1 wrong amount" in text or "sales of this shift" in text, "what F8 opens"
        )
        if "sales of this shift" not in text:
            self.till.press(F8)
        self._go_on("sales of this shift")
        self.till.wait_for("what is taken back")
        keys = [key for count in taken for key in (str(count), DOWN)]
        self._type_until(keys, f"taken back {euro(worth)}", again=[UP] * len(taken))
        self._go_on("what is taken back")
        self.till.wait_for("1 wrong amount")
        self._type_until("3", "a second person" if second else "Nothing to pay")
        if second:
            self.approve(second)
        self.till.wait_for("Nothing to pay", f"{euro(worth)} cancelled")

    def override(self, name: str, total: int, second: Member) -> None:
        """Let a decline pass with a second person's PIN, and sell."""
        self.till.wait_for("F9 override")
        self.till.press(F9)
        self.till.wait_for("let it pass all the same")
        self._type_until("2", "a second person")
        self.approve(second)
        self.till.wait_for(f"{name} pays {euro(total)}")
        self._tapped_s = time.monotonic()  # a new decision is a new verdict
        self.pay(total)

    def approve(self, second: Member) -> None:
        """Let the one other person who may do it type the PIN."""
        self.till.wait_for("a second person", second.name)
        self._type_pin(second)

    def open_shift(self, cash: int) -> None:
        """Open the shift with counted cash."""
        self.office(2, "the shift begins")
        self._type_cash(cash)
        self._go_on(_DRAWER)
        self.till.wait_for("READER ok", absent="the shift begins")

    def net_of_x(self) -> int:
        """Open the X of the running shift, read its net on the screen in cents, and go back."""
        self.office(1, "still running")
        text = self.till.wait_until(lambda text: bool(_NET.search(text)), "the net of the X")
        found = _NET.search(text)
        assert found
        self.till.press("\x1b")
        self.till.wait_for("Report now (X)")
        self.till.press("\x1b")
        self.till.wait_for("READER ok", absent="Report now (X)")
        return int(found[1] + found[2].replace(".", ""))

    def close_shift(self, cash: int, *, is_expected: bool = True) -> int:
        """Close the shift with counted cash; return the number of its Z, which stays to be read."""
        self.office(3, "the shift ends")
        self._type_cash(cash)
        self._go_on(_DRAWER)
        if not is_expected:
            self.till.wait_for("the drawer does not agree")
            self._type_until("2", "is stored")
        text = self.till.wait_until(lambda text: bool(_Z.search(text)), "the Z")
        found = _Z.search(text)
        assert found
        return int(found[1])

    def begin_close(self, cash: int) -> None:
        """Count the drawer and press Enter; nobody waits for what follows."""
        self.office(3, "the shift ends")
        self._type_cash(cash)
        self.till.pause(APART_S)
        self.till.press("\r")

    def office(self, number: int, title: str) -> None:
        """Open a page of the menu of F10."""
        self.till.press("-")
        self.till.pause(KEY_S)
        self.till.press(F10)
        self.till.wait_for("Report now (X)")
        self._type_until(str(number), title)

    def _type_until(self, keys: Sequence[str], shown: str, again: Sequence[str] = ()) -> None:
        """Type keys, and where the till was held up and has dropped them, `again` and the keys."""
        for attempt in range(TRIES):
            self.type([*again, *keys] if attempt else keys)
            if self._comes(shown):
                return
        raise AssertionError(self.till.text())

    def _comes(self, shown: str) -> bool:
        """Return whether a text comes; the word about dropped keys goes with the next key."""
        try:
            self.till.wait_for(shown, wait_s=LOOK_S)
        except AssertionError:
            return False
        return True

    def _first_of(self, *answers: str) -> str:
        """Wait until one of these texts is on the screen, and return all that is on it."""

        def is_there(text: str) -> bool:
            return any(answer in " ".join(text.split()) for answer in answers)

        return " ".join(self.till.wait_until(is_there, str(answers)).split())

    def _type_pin(self, member: Member) -> None:
        self.till.wait_for("PIN:")
        dots = "•" * len(member.pin)
        self._type_until(member.pin, f"PIN: {dots}_", again=[BACKSPACE] * len(member.pin))
        self._go_on("PIN:")

    def _type_cash(self, cash: int) -> None:
        shown = f"{_DRAWER} {euro(cash)}"
        self._type_until(str(cash), shown, again=[BACKSPACE] * len(str(cash)))

    def _go_on(self, page: str) -> None:
        """Press Enter on a page until these words of it are gone: it counts once it is painted."""
        self.till.wait_for(page)
        for _ in range(TRIES):
            self.till.pause(APART_S)
            self.till.press("\r")
            self.till.pause(APART_S)  # what the last Enter was answered with may still be there

            def is_answered(text: str) -> bool:
                return page not in text or _AGAIN in " ".join(text.split())

            if page not in self.till.wait_until(is_answered, f"{page!r} to be gone"):
                return
        raise AssertionError(self.till.text())
