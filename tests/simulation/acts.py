"""What may happen in, as values that make a whole day when put in a row, out."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

NAMES = {1: "Ada", 2: "Ben", 3: "Cleo"}
DEPOSIT = 25
TOTALS: dict[int, int | str] = {1: 1000, 2: -250, 3: "1234.5"}


class Verb(StrEnum):
    """What may happen next; who and how stand beside it."""

    SELL = "sell"  # how: the amount; a negative one is a repayment
    VOID = "void"  # the last sale, whole
    TAKE_BACK = "take back"  # how: which sale, and what of it
    TAKE_CASH = "take cash"  # how: the amount, below zero for cash that is paid out
    CASH_BACK = "cash back"  # how: which repayment of a customer is taken back
    RETRY_VOID = "retry void"  # the last void once more, as if its commit had looked like a failure
    OVERRIDE = "override"  # how: the amount, which is declined but for a supervisor
    OPEN_SHIFT = "open shift"  # how: the cash counted
    CLOSE_SHIFT = "close shift"  # how: 1 where a sale comes in between counting and commit
    BEGIN = "begin"  # a settling
    GO_ON = "go on"  # how: the fate of what it asked
    LOOK = "look"  # how: so many writes ago
    RESUME = "resume"  # a halt is lifted
    CRASH = "crash"  # how: 1 where what was asked is under way all the same
    FORGET = "forget"  # the cache is deleted
    JUMP = "jump"  # how: seconds by which the wall clock jumps
    BACK_UP = "back up"
    RESTORE = "restore"
    CLONE = "clone"
    RETIRE = "retire"
    RULE = "rule"  # how: which of RULINGS a person decides on a case
    RULE_ALL = "rule all"  # a retry of all lost marks whose total is as last seen
    FORK = "fork"
    LAND = "land"  # how: which of the requests under way
    DROP = "drop"
    PAY = "pay"  # how: the amount
    OPEN_FORM = "open form"  # of the total; how: the amount that the office is about to add
    OPEN_ROW = "open row"  # a form of the whole row; how: likewise
    SAVE_FORM = "save form"  # how: which of the open forms
    WRITE_BACK = "write back"  # how: so many writes ago
    EMPTY = "empty"  # how: what of
    COPY = "copy"  # how: to whom
    BLOCK = "block"
    COPY_BOOKS = "copy books"
    RESTORE_BOOKS = "restore books"


class Fate(StrEnum):
    """What becomes of one request."""

    WELL = "well"
    REQUEST_LOST = "request lost"
    REPLY_LOST = "reply lost"
    LATE = "late"  # no answer, and it lands some time later
    TWICE = "twice"  # answered, and it lands once more some time later
    REPEATED = "repeated"  # a proxy sends it twice, the second answer counts
    ERROR_BEFORE = "error before"
    ERROR_AFTER = "error after"
    OLD_COPY = "old copy"
    OLDER_COPY = "older copy"
    EMPTY_ANSWER = "empty answer"  # a read is answered without the customer
    REFUSED = "refused"  # for good, and it is not applied


class Says(StrEnum):
    """What a person may say about a case."""

    BY_MARK = "retry: the row's mark says what is in"
    ALL_IN = "accept: all of it is in"
    WRITTEN_OFF = "write-off"
    NONE_IN = "retry: none of it is in"
    AS_SEEN = "retry: what was last seen is in"
    TRUE = "what is true"


RULINGS = tuple(Says)
COPIES = {Fate.OLD_COPY: 1, Fate.OLDER_COPY: 3}
EMPTIED: tuple[Any, ...] = (None, {}, [], {"note": "by hand"}, "by hand", '{"note": "by hand"}')


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens; every detail is in it, so a list of acts is a whole day."""

    verb: Verb
    till: int = 0
    customer: int = 0
    how: int = 0
    fate: Fate = Fate.WELL


def lines_of(amount: int) -> list[list[Any]]:
    """Return what is sold for an amount: two coffees, and a cake against an empty bottle."""
    price = amount // 3
    cake = amount - 2 * price + DEPOSIT
    return [["Coffee", price, 2], ["Cake", cake, 1], ["Bottle", -DEPOSIT, 1]]


def money(amount: int | Decimal) -> str:
    """Write minor units as money of two digits."""
    return f"{Decimal(amount) / 100:.2f}"
