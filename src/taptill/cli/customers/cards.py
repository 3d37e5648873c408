"""A card id that somebody has typed in, one that a tap of this till can give out."""

import re

from taptill.backend.staff.client import StaffClient
from taptill.config import Config
from taptill.domain.card_id import CARD_ID_LENGTH_MAX, CardId
from taptill.domain.errors import UsageError
from taptill.domain.tap import CardTrouble
from taptill.readers.normaliser import Normaliser
from taptill.readers.registry import card_id_rule
from taptill.readers.spelling import (
    Misspelling,
    check_against_others,
    check_spelling,
    check_uid_without_rule,
)
from taptill.wiring import reader_settings

_NAMELESS = {
    CardTrouble.RANDOM_ID: "is new at every tap: a phone or a passport, not a card",
    CardTrouble.CASCADE_TAG: "is the first part of a longer number",
    CardTrouble.BLANK_ID: "is what a reader says when it fails",
}
CARDS_LOOKED_AT = 200
"""The cards of so many customers, the first by id, tell how the office spells cards."""

_SHORTENED = re.compile(r"\d(?:[.,]\d+)?[Ee]\+\d+")
"""What a spreadsheet writes for a long number; it has only the first digits of it."""

_SIMULATED = "simulated"
"""The driver of a demo's reader; the config of an office that names no reader has it, too."""

_AS_IT_IS = "; --as-it-is takes it all the same"


def typed_card(text: str, config: Config, *, as_it_is: bool = False) -> CardId:
    """Trim a card id and check it as the till would; `as_it_is` takes what no tap here gives.

    Errors: UsageError, with the right spelling where there is one.
    """
    trimmed = text.strip()
    if len(trimmed) > CARD_ID_LENGTH_MAX or not trimmed.isprintable():
        raise UsageError(problem=f"a card id has at most {CARD_ID_LENGTH_MAX} printable characters")
    if not as_it_is and _SHORTENED.fullmatch(trimmed):
        problem = f"{trimmed} is what a spreadsheet makes of a long number: type the card's own"
        raise UsageError(problem=f"{problem}{_AS_IT_IS}")
    if trimmed and not as_it_is and (wrong := check_spelling(trimmed, _rules(config))):
        raise UsageError(problem=_sentence(trimmed, wrong))
    return CardId(trimmed)


async def refuse_odd_card(
    work: StaffClient, card: CardId, config: Config, *, as_it_is: bool
) -> None:
    """Check what no reader's rule vouches for by the cards that the office's customers have.

    Octets that name no card are refused, and without any reader a spelling unlike the others.
    Errors: UsageError; BackendError and its kin of the look at the others.
    """
    rules = _rules(config)
    if not card or as_it_is or any(rule.formatter for rule in rules):
        return
    others = await work.some_cards(CARDS_LOOKED_AT)
    if wrong := check_uid_without_rule(card, others):
        raise UsageError(problem=_sentence(card, wrong))
    if not rules and (wrong := check_against_others(card, others)):
        right = " or ".join(wrong.suggestions)
        problem = f"{card} is spelled unlike the office's other cards: write {right}{_AS_IT_IS}"
        raise UsageError(problem=problem)


def _rules(config: Config) -> list[Normaliser]:
    """Give the rules of real readers: a simulated one says whatever it is told to."""
    readers = [reader_settings(one, number) for number, one in enumerate(config.readers, 1)]
    real = [one for one in readers if one.driver != _SIMULATED]
    return [rule for rule in map(card_id_rule, real) if rule]


def _sentence(text: str, wrong: Misspelling) -> str:
    if wrong.trouble in _NAMELESS:
        return f"{text} {_NAMELESS[wrong.trouble]}{_AS_IT_IS}"
    if not wrong.suggestions:
        return f"no tap of this till gives {text} ([[reader]] card_id){_AS_IT_IS}"
    return f"no tap of this till gives {text}: write {' or '.join(wrong.suggestions)}{_AS_IT_IS}"
