"""Checks that a tap at this site can produce a card id that a person has typed in; pure.

A tap spells a card in one way only. A card that is typed in otherwise, with small letters for
capitals, a dash, or without a leading zero, is never found. Whoever types one in is
shown the spelling that a tap would have.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from operator import itemgetter

from taptill.domain.tap import CardTrouble
from taptill.readers.conversion_steps import (
    PARSERS,
    SEPARATORS,
    Formatter,
    UnusableUidError,
    from_hex,
    refuse_blank,
    refuse_non_unique,
    refuse_non_unique_reversed,
    whole_number,
)
from taptill.readers.normaliser import Normaliser

OCTETS_MAX = 10
"""No UID has more octets, ISO/IEC 14443-3."""

EVIDENCE_MIN = 3
"""Fewer cards spelled alike are no evidence, as most ids of four octets have a letter by chance."""

ODD_SHARE_MAX = 0.05
"""This share of a site's cards may be spelled otherwise by mistake."""

_REFUSALS = (refuse_non_unique, refuse_non_unique_reversed, refuse_blank)


@dataclass(frozen=True, slots=True)
class Misspelling:
    """Why no tap produces the typed text, and the spellings that may have been meant."""

    trouble: CardTrouble
    suggestions: tuple[str, ...] = ()


def check_spelling(text: str, rules: Sequence[Normaliser]) -> Misspelling | None:
    """Return why no reader with one of these rules produces this text; None where one may.

    Without rules there is nothing to check. A rule that removes text in a way that cannot be
    reversed may produce any text. A number is read in the fewest octets that it fits: one that is
    a random UID of four octets is refused, though a longer UID that begins with zeros, or of which
    the rule takes the last four octets, may give the same number. Whoever is sure of such a card
    says so (`--as-it-is`).
    """
    misspellings: list[Misspelling] = []
    for rule in rules:
        misspelling = (
            _check_octet_rule(text, rule, rule.formatter)
            if rule.formatter
            else _check_text_rule(text, rule)
        )
        if misspelling is None:
            return None
        misspellings.append(misspelling)
    if not misspellings:
        return None
    for misspelling in misspellings:
        if misspelling.trouble is not CardTrouble.WRONG_FORM:
            return misspelling
    suggestions = dict.fromkeys(
        suggestion for misspelling in misspellings for suggestion in misspelling.suggestions
    )
    return Misspelling(CardTrouble.WRONG_FORM, tuple(suggestions))


def check_uid_without_rule(text: str, other_cards: Collection[str]) -> Misspelling | None:
    """Return why the octets that a text may stand for identify no card, whatever the reader.

    The rules are those of readers of UIDs, `refuse_non_unique`. `other_cards` are cards of the same
    site: digits alone are not octets where hardly any card of this length has a letter.
    """
    same_length = [card for card in other_cards if len(card) == len(text)]
    if text.isdecimal() and _are_mostly_true([card.isdecimal() for card in same_length]):
        return None
    try:
        refuse_non_unique(from_hex(_compact(text)))
    except UnusableUidError as error:
        return Misspelling(error.trouble)
    except ValueError:
        pass
    return None


def check_tapped_uid(
    card_id: str, rules: Sequence[Normaliser], other_cards: Collection[str]
) -> CardTrouble | None:
    """Return why a card that was tapped identifies nobody, where no reader has looked at that.

    A reader of UIDs refuses such a card itself, and one of numbers has no UIDs. One that sends a
    text, of another maker's box for example, looks at nothing: its hex digits are checked as in
    `check_uid_without_rule`, and a rule that writes octets otherwise is believed.
    """
    unchecked = [rule for rule in rules if not {*rule.byte_transforms} & {*_REFUSALS}]
    if rules and not any(_may_write_hex(rule, card_id) for rule in unchecked):
        return None
    are_octets = bool(unchecked) and all(rule.formatter for rule in unchecked)
    misspelling = check_uid_without_rule(card_id, () if are_octets else other_cards)
    return misspelling.trouble if misspelling else None


def check_against_others(text: str, other_cards: Collection[str]) -> Misspelling | None:
    """Return how a site's other cards would be spelled, where they agree and this one differs.

    Capital letters, separators between the digits and leading zeros of numbers are compared. Where
    the other cards are few or differ among themselves, nothing is reported.
    """
    suggestion = text
    if _are_mostly_true([card == _compact(card) for card in other_cards]) and _is_hex(
        _compact(text)
    ):
        suggestion = _compact(text)
    with_letters = [card for card in other_cards if card != card.swapcase()]
    for change_case in (str.upper, str.lower):
        if _are_mostly_true([card == change_case(card) for card in with_letters]):
            suggestion = change_case(suggestion)
    lengths = Counter(map(len, other_cards))
    width = max(lengths.items(), key=itemgetter(1), default=(0, 0))[0]
    if suggestion.isdecimal() and _are_mostly_true(
        [card.isdecimal() and len(card) == width for card in other_cards]
    ):
        suggestion = suggestion.zfill(width)
    return None if suggestion == text else Misspelling(CardTrouble.WRONG_FORM, (suggestion,))


def _are_mostly_true(claims: Sequence[bool]) -> bool:
    """Return whether enough claims are true, and hardly any is false."""
    false_count = len(claims) - sum(claims)
    return len(claims) - false_count >= EVIDENCE_MIN and false_count <= ODD_SHARE_MAX * len(claims)


def _compact(text: str) -> str:
    return text.translate(SEPARATORS).removeprefix("0x")


def _is_hex(text: str) -> bool:
    with suppress(ValueError):
        return bool(from_hex(text))
    return False


def _may_write_hex(rule: Normaliser, card_id: str) -> bool:
    """Return whether a rule passes a text on, or writes octets by the hex digits that stand there.

    Any text that is no hex digits is written by no such rule.
    """
    if rule.formatter is None:
        return True
    with suppress(ValueError, OverflowError):
        digits = _compact(card_id)
        return _compact(rule.formatter(from_hex(digits))).lower() == digits.lower()
    return False


def _check_text_rule(text: str, rule: Normaliser) -> Misspelling | None:
    """Check by a rule of text filters: a text that it does not change may be its result."""
    result = rule.card_id(text)
    if isinstance(result, CardTrouble):
        # The rule may remove a part that the typed text lacks, such as a prefix.
        return None if rule.removes_text else Misspelling(CardTrouble.WRONG_FORM)
    return None if result == text else Misspelling(CardTrouble.WRONG_FORM, (result,))


def _check_octet_rule(text: str, rule: Normaliser, formatter: Formatter) -> Misspelling | None:
    """Check by a rule that formats octets: parse the text in each way, and format it again."""
    formatting_rule = replace(rule, text_filters=(), parser=None, byte_transforms=())
    suggestions: list[str] = []
    for octets in _possible_octets(text):
        with suppress(ValueError, OverflowError):
            card_id = formatting_rule.apply_final_filters(formatter(octets))
            if card_id == text:
                return _check_uid(text, octets, rule)
            suggestions.append(card_id)
    return Misspelling(CardTrouble.WRONG_FORM, tuple(dict.fromkeys(suggestions)))


def _check_uid(text: str, octets: bytes, rule: Normaliser) -> Misspelling | None:
    """Refuse octets that the rule refuses as a UID, in the order given and reversed."""
    other_transforms = tuple(step for step in rule.byte_transforms if step not in _REFUSALS)
    lenient_rule = replace(rule, text_filters=(), parser=from_hex, byte_transforms=other_transforms)
    strict_rule = replace(rule, text_filters=(), parser=from_hex)
    raws = (octets.hex(), octets[::-1].hex())
    results = [strict_rule.card_id(raw) for raw in raws if lenient_rule.card_id(raw) == text]
    troubles = [result for result in results if isinstance(result, CardTrouble)]
    return Misspelling(troubles[0]) if troubles and len(troubles) == len(results) else None


def _possible_octets(text: str) -> Iterator[bytes]:
    """Yield the octets that a text may stand for, the likeliest first; a number in each size."""
    compact = text.translate(SEPARATORS)
    with suppress(ValueError):
        yield from_hex(_compact(text))
    for size in (1, 2):
        for separator in ",-/:":
            with suppress(ValueError, OverflowError):
                yield PARSERS[f"from-{2 * size}H4H"]([separator])(text)
        with suppress(ValueError, OverflowError):
            yield PARSERS["from-3D5D" if size == 1 else "from-5D5D"]([])(compact)
    with suppress(ValueError):
        number = whole_number(compact)
        yield from (
            number.to_bytes(size, "big")
            for size in range(1, OCTETS_MAX + 1)
            if number < 1 << 8 * size
        )
