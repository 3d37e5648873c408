"""Reads of a scanner for goods: which of them count."""

import pytest

from taptill.domain.card_id import CardId
from taptill.domain.tap import CardProblem, CardTrouble, Tap
from taptill.readers.presence import Scans

COLA, WATER = CardId("4006381333931"), CardId("96385074")
TABLE = {
    "another barcode at once": ([(COLA, 0.0), (WATER, 0.01), (COLA, 0.02)], [COLA, WATER, COLA]),
    "the same one after a while": ([(COLA, 0.0), (COLA, 0.5)], [COLA, COLA]),
    "the same one while the scanner repeats it": (
        [(COLA, 0.0), (COLA, 0.3), (COLA, 0.6), (COLA, 1.1)],
        [COLA, COLA],
    ),
    "one that cannot be read": (
        [(CardTrouble.WRONG_FORM, 0.0), (COLA, 0.1)],
        [CardTrouble.WRONG_FORM, COLA],
    ),
}


@pytest.mark.parametrize(("reads", "counted"), TABLE.values(), ids=TABLE)
def test_what_counts(
    reads: list[tuple[CardId | CardTrouble, float]], counted: list[CardId | CardTrouble]
) -> None:
    scans = Scans("scanner", 400)
    messages = [scans.barcode_read(barcode, at_s) for barcode, at_s in reads]
    words: list[CardId | CardTrouble] = []
    for message in messages:
        match message:
            case Tap():
                words.append(message.card_id)
            case CardProblem():
                words.append(message.trouble)
    assert words == counted
