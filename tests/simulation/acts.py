"""What may happen in, as values that make a whole day when put in a row, out."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from taptill.settlement.requests import Choice

NAMES = {1: "Ada", 2: "Ben", 3: "Cleo"}
TOTALS: dict[int, int | str] = {1: 1000, 2: -250, 3: "1234.5"}


class Verb(StrEnum):
    """What may happen next; who and how stand beside it."""

    SELL = "sell"  # how: the amount; a negative one is a repayment
    VOID = "void"
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
    RULE = "rule"  # how: which of CHOICES a person decides on a case
    RULE_ALL = "rule all"  # a retry of all lost marks whose total is as last seen
    FORK = "fork"
    LAND = "land"  # how: which of the requests under way
    DROP = "drop"
    PAY = "pay"  # how: the amount
    OPEN_FORM = "open form"  # how: the amount that the office is about to add
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
    REFUSED = "refused"  # for good, and it is not applied


CHOICES = tuple(Choice)
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


def money(amount: int | Decimal) -> str:
    """Write minor units as money of two digits."""
    return f"{Decimal(amount) / 100:.2f}"
