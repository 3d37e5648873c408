"""The messages of a reader: a tap, a scan, a problem with a card, a misread, or its health."""

from dataclasses import dataclass
from enum import StrEnum

from taptill.domain.card_id import CardId


class CardTrouble(StrEnum):
    """Why a reader refused a card; each is a key of the screen texts."""

    RANDOM_ID = "random-id"
    CASCADE_TAG = "cascade-tag"
    BLANK_ID = "blank-id"
    WRONG_FORM = "wrong-form"
    TWO_CARDS = "two-cards"


class ReaderState(StrEnum):
    """How a reader is; each is a key of the screen texts, with a hint what to do."""

    OPENING = "opening"
    OK = "ok"
    MISSING = "missing"
    DENIED = "denied"
    BUSY = "busy"
    LOST = "lost"
    GARBLED = "garbled"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True)
class Tap:
    """A card shown to one reader at one instant; `at_s` is monotonic seconds."""

    card_id: CardId
    reader: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Chosen(Tap):
    """A customer who was chosen by name, in the place of a tap; the card is not named."""

    customer_id: int = 0


@dataclass(frozen=True, slots=True)
class CardProblem:
    """A card that the reader refuses to name; `TWO_CARDS` also withdraws the last tap."""

    trouble: CardTrouble
    reader: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Misread:
    """A read that gave no whole number, and no card after it: the customer is to tap once more."""

    reader: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Scan:
    """A barcode that a reader for goods has read; empty where it could not be read whole."""

    barcode: str
    reader: str


_READER = "reader "


def reader_name(number: int) -> str:
    """Return the name of the reader with this place in the config, from 1: `reader 1`."""
    return f"{_READER}{number}"


def reader_number(name: str) -> str:
    """Return the number in such a name, so that a screen words it; empty for any other name."""
    number = name.removeprefix(_READER)
    return number if number != name and number.isdecimal() else ""


@dataclass(frozen=True, slots=True)
class ReaderHealth:
    """A reader's state in a word, with the place or holder that the hint names.

    `faults` counts the bad frames by kind; `heard_s` is when it last said something (monotonic),
    to 10 s where it only says that there is no card. `for_goods`: it reads barcodes and no cards.
    """

    reader: str
    state: ReaderState
    detail: str = ""
    frames: int = 0
    bad_frames: int = 0
    reopened: int = 0
    faults: tuple[tuple[str, int], ...] = ()
    heard_s: float | None = None
    for_goods: bool = False


ReaderMessage = Tap | CardProblem | Misread | Scan | ReaderHealth
