"""A card id that somebody has typed in, one that a tap of this till can give out."""

from taptill.config import Config
from taptill.domain.card_id import CARD_ID_LENGTH_MAX, CardId
from taptill.domain.errors import UsageError
from taptill.domain.tap import CardTrouble
from taptill.readers.registry import rule_of
from taptill.readers.spelling import Misspelt, misspelt
from taptill.wiring import reader_settings

_NAMELESS = {
    CardTrouble.RANDOM_ID: "is new at every tap: a phone or a passport, not a card",
    CardTrouble.CASCADE_TAG: "is the first part of a longer number",
    CardTrouble.BLANK_ID: "is what a reader says when it fails",
}
_AS_IT_IS = "; --as-it-is takes it all the same"


def typed_card(text: str, config: Config, *, as_it_is: bool = False) -> CardId:
    """Trim a card id and check it as the till would; `as_it_is` takes what no tap here gives.

    Errors: UsageError, with the right spelling where there is one.
    """
    trimmed = text.strip()
    if len(trimmed) > CARD_ID_LENGTH_MAX or not trimmed.isprintable():
        raise UsageError(problem=f"a card id has at most {CARD_ID_LENGTH_MAX} printable characters")
    readers = [reader_settings(one, number) for number, one in enumerate(config.readers, 1)]
    rules = [rule for rule in map(rule_of, readers) if rule]
    if trimmed and not as_it_is and (wrong := misspelt(trimmed, rules)):
        raise UsageError(problem=_sentence(trimmed, wrong))
    return CardId(trimmed)


def _sentence(text: str, wrong: Misspelt) -> str:
    if wrong.trouble in _NAMELESS:
        return f"{text} {_NAMELESS[wrong.trouble]}{_AS_IT_IS}"
    if not wrong.right:
        return f"no tap of this till gives {text} ([[reader]] card_id){_AS_IT_IS}"
    return f"no tap of this till gives {text}: write {' or '.join(wrong.right)}{_AS_IT_IS}"
