"""Checks that a tap at this till could give a card id that somebody typed."""

import re

from taptill.backend.staff.client import StaffClient
from taptill.config import Config
from taptill.domain.card_id import CARD_ID_LENGTH_MAX, CardId
from taptill.domain.errors import UsageError
from taptill.domain.tap import CardTrouble
from taptill.readers.spelling import (
    Misspelling,
    check_against_others,
    check_spelling,
    check_uid_without_rule,
)
from taptill.wiring.readers import card_rules

_REFUSED_UIDS = {
    CardTrouble.RANDOM_ID: "is new at every tap: a phone or a passport, not a card",
    CardTrouble.CASCADE_TAG: "is the first part of a longer number",
    CardTrouble.BLANK_ID: "is what a reader says when it fails",
}
CARDS_COMPARED = 200
"""Number of customers, the first by id, whose cards show how the office spells card ids."""

_SHORTENED = re.compile(r"\d(?:[.,]\d+)?[Ee]\+\d+")
"""What a spreadsheet writes for a long number; it has only the first digits of it."""

_AS_IT_IS = "; --as-it-is takes it all the same"


def typed_card(text: str, config: Config, *, as_it_is: bool = False) -> CardId:
    """Return a typed card id without surrounding spaces, checked against the readers' rules.

    `as_it_is` skips the check of the spelling. Errors: UsageError, which names the right spelling
    where there is one.
    """
    card = text.strip()
    if len(card) > CARD_ID_LENGTH_MAX or not card.isprintable():
        raise UsageError(problem=f"a card id has at most {CARD_ID_LENGTH_MAX} printable characters")
    if not as_it_is and _SHORTENED.fullmatch(card):
        problem = f"{card} is what a spreadsheet makes of a long number: type the card's own"
        raise UsageError(problem=f"{problem}{_AS_IT_IS}")
    if card and not as_it_is and (wrong := check_spelling(card, card_rules(config.readers))):
        raise UsageError(problem=_sentence(card, wrong))
    return CardId(card)


async def refuse_odd_card(
    work: StaffClient, card: CardId, config: Config, *, as_it_is: bool
) -> None:
    """Compare a card id that no reader's rule can check with the cards that customers have.

    A UID that identifies no card is refused; where the config has no reader, so is a spelling that
    differs from the other cards. Errors: UsageError; BackendError and its subclasses.
    """
    rules = card_rules(config.readers)
    if not card or as_it_is or any(rule.formatter for rule in rules):
        return
    other_cards = await work.some_cards(CARDS_COMPARED)
    if wrong := check_uid_without_rule(card, other_cards):
        raise UsageError(problem=_sentence(card, wrong))
    if not rules and (wrong := check_against_others(card, other_cards)):
        right = " or ".join(wrong.suggestions)
        problem = f"{card} is spelled unlike the office's other cards: write {right}{_AS_IT_IS}"
        raise UsageError(problem=problem)


def _sentence(text: str, wrong: Misspelling) -> str:
    if wrong.trouble in _REFUSED_UIDS:
        return f"{text} {_REFUSED_UIDS[wrong.trouble]}{_AS_IT_IS}"
    if not wrong.suggestions:
        return f"no tap of this till gives {text} ([[reader]] card_id){_AS_IT_IS}"
    return f"no tap of this till gives {text}: write {' or '.join(wrong.suggestions)}{_AS_IT_IS}"
