"""A card id that a person has written in, whether a tap of this site can give it out.

Pure. A tap spells a card in one way only, so a card that is written otherwise is never found: small
letters for capitals, a dash, a leading zero less. Who writes one down is told the right way.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from operator import itemgetter

from taptill.domain.tap import CardTrouble
from taptill.readers import conversion_steps
from taptill.readers.conversion_steps import Formatter
from taptill.readers.normaliser import Normaliser

OCTETS_MAX = 10
"""No UID has more, ISO/IEC 14443-3."""

EVIDENCE_MIN = 3
"""Fewer cards that are spelled alike are chance: most ids of four octets have a letter."""

ODD_SHARE_MAX = 0.05
"""So many of a site's cards may be spelled otherwise by mistake."""

_REFUSALS = (
    conversion_steps.refuse_non_unique,
    conversion_steps.refuse_non_unique_reversed,
    conversion_steps.refuse_blank,
)


@dataclass(frozen=True, slots=True)
class Misspelling:
    """Why no tap gives what was written; `right` are the spellings that may be meant."""

    trouble: CardTrouble
    suggestions: tuple[str, ...] = ()


def check_spelling(text: str, rules: Sequence[Normaliser]) -> Misspelling | None:
    """Say why no reader with one of these rules gives this text; None where one may.

    Where a rule cuts text in a way that cannot be followed backwards, it may. No rules, no doubt.
    """
    found: list[Misspelling] = []
    for rule in rules:
        wrong = (
            _check_octet_rule(text, rule, rule.formatter)
            if rule.formatter
            else _check_text_rule(text, rule)
        )
        if wrong is None:
            return None
        found.append(wrong)
    if not found:
        return None
    nameless = [one for one in found if one.trouble is not CardTrouble.WRONG_FORM]
    right = dict.fromkeys(spelling for one in found for spelling in one.suggestions)
    return (nameless or [Misspelling(CardTrouble.WRONG_FORM, tuple(right))])[0]


def unnamed(text: str, others: Collection[str]) -> Misspelling | None:
    """Say why octets that a text may stand for name no card, whatever reader there is.

    The rules are those of readers of UIDs, `refuse_non_unique`. `others` are cards of the same
    site: digits alone are no octets where hardly any card as long has a letter.
    """
    alike = [one for one in others if len(one) == len(text)]
    if text.isdecimal() and _are_mostly([one.isdecimal() for one in alike]):
        return None
    try:
        conversion_steps.refuse_non_unique(conversion_steps.from_hex(_joined(text)))
    except conversion_steps.UnusableUidError as refused:
        return Misspelling(refused.trouble)
    except ValueError:
        pass
    return None


def unlike(text: str, others: Collection[str]) -> Misspelling | None:
    """Say how a site's other cards would be spelled where they have one way and this is another.

    Told apart: capitals, marks between the digits, and leading zeros of numbers. Where the others
    are few or differ among themselves, nothing is said.
    """
    right = text
    if _are_mostly([one == _joined(one) for one in others]) and _is_hex(_joined(text)):
        right = _joined(text)
    lettered = [one for one in others if one != one.swapcase()]
    for spelled in (str.upper, str.lower):
        if _are_mostly([one == spelled(one) for one in lettered]):
            right = spelled(right)
    width = max(Counter(map(len, others)).items(), key=itemgetter(1), default=(0, 0))[0]
    if right.isdecimal() and _are_mostly([one.isdecimal() and len(one) == width for one in others]):
        right = right.zfill(width)
    return None if right == text else Misspelling(CardTrouble.WRONG_FORM, (right,))


def _are_mostly(claims: Sequence[bool]) -> bool:
    """Tell whether enough cards are looked at, and hardly any is otherwise."""
    odd = len(claims) - sum(claims)
    return len(claims) - odd >= EVIDENCE_MIN and odd <= ODD_SHARE_MAX * len(claims)


def _joined(text: str) -> str:
    return text.translate(conversion_steps.SEPARATORS).removeprefix("0x")


def _is_hex(text: str) -> bool:
    with suppress(ValueError):
        return bool(conversion_steps.from_hex(text))
    return False


def _check_text_rule(text: str, rule: Normaliser) -> Misspelling | None:
    """Judge by a rule that edits text: what it leaves alone may have come out of it."""
    made = rule.card_id(text)
    if isinstance(made, CardTrouble):
        # It may take away what is not written here any more: a prefix, say.
        return None if rule.removes_text else Misspelling(CardTrouble.WRONG_FORM)
    return None if made == text else Misspelling(CardTrouble.WRONG_FORM, (made,))


def _check_octet_rule(text: str, rule: Normaliser, write: Formatter) -> Misspelling | None:
    """Judge by a rule that writes octets as text: read them back, and write them again."""
    plain = replace(rule, text_filters=(), parser=None, byte_transforms=())
    right: list[str] = []
    for octets in _possible_octets(text):
        with suppress(ValueError, OverflowError):
            made = plain.apply_final_filters(write(octets))
            if made == text:
                return _check_uid(text, octets, rule)
            right.append(made)
    return Misspelling(CardTrouble.WRONG_FORM, tuple(dict.fromkeys(right)))


def _check_uid(text: str, octets: bytes, rule: Normaliser) -> Misspelling | None:
    """Refuse octets that a reader of UIDs refuses, as they are or turned round."""
    turns = tuple(turn for turn in rule.byte_transforms if turn not in _REFUSALS)
    lenient = replace(
        rule, text_filters=(), parser=conversion_steps.from_hex, byte_transforms=turns
    )
    strict = replace(rule, text_filters=(), parser=conversion_steps.from_hex)
    raws = (octets.hex(), octets[::-1].hex())
    judged = [strict.card_id(raw) for raw in raws if lenient.card_id(raw) == text]
    troubles = [one for one in judged if isinstance(one, CardTrouble)]
    return Misspelling(troubles[0]) if troubles and len(troubles) == len(judged) else None


def _possible_octets(text: str) -> Iterator[bytes]:
    """Give the octets that a text may stand for, the likeliest first; several sizes of a number."""
    joined = text.translate(conversion_steps.SEPARATORS)
    with suppress(ValueError):
        yield conversion_steps.from_hex(_joined(text))
    for size in (1, 2):
        for separator in ",-/:":
            with suppress(ValueError, OverflowError):
                yield conversion_steps.PARSERS[f"from-{2 * size}H4H"]([separator])(text)
        with suppress(ValueError, OverflowError):
            yield conversion_steps.PARSERS["from-3D5D" if size == 1 else "from-5D5D"]([])(joined)
    with suppress(ValueError):
        number = conversion_steps.whole_number(joined)
        yield from (
            number.to_bytes(size, "big")
            for size in range(1, OCTETS_MAX + 1)
            if number < 1 << 8 * size
        )
