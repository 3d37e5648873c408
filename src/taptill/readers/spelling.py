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
from taptill.readers import steps
from taptill.readers.normaliser import Normaliser
from taptill.readers.steps import Write

OCTETS_MAX = 10
"""No UID has more, ISO/IEC 14443-3."""

EVIDENCE_MIN = 3
"""Fewer cards that are spelled alike are chance: most ids of four octets have a letter."""

ODD_SHARE_MAX = 0.05
"""So many of a site's cards may be spelled otherwise by mistake."""

_REFUSALS = (steps.refuse_nameless, steps.refuse_nameless_reversed, steps.refuse_blank)


@dataclass(frozen=True, slots=True)
class Misspelt:
    """Why no tap gives what was written; `right` are the spellings that may be meant."""

    trouble: CardTrouble
    right: tuple[str, ...] = ()


def misspelt(text: str, rules: Sequence[Normaliser]) -> Misspelt | None:
    """Say why no reader with one of these rules gives this text; None where one may.

    Where a rule cuts text in a way that cannot be followed backwards, it may. No rules, no doubt.
    """
    found: list[Misspelt] = []
    for rule in rules:
        wrong = _written(text, rule, rule.write) if rule.write else _edited(text, rule)
        if wrong is None:
            return None
        found.append(wrong)
    if not found:
        return None
    nameless = [one for one in found if one.trouble is not CardTrouble.WRONG_FORM]
    right = dict.fromkeys(spelling for one in found for spelling in one.right)
    return (nameless or [Misspelt(CardTrouble.WRONG_FORM, tuple(right))])[0]


def unnamed(text: str, others: Collection[str]) -> Misspelt | None:
    """Say why octets that a text may stand for name no card, whatever reader there is.

    The rules are those of readers of UIDs, `steps.refuse_nameless`. `others` are cards of the same
    site: digits alone are no octets where hardly any card as long has a letter.
    """
    alike = [one for one in others if len(one) == len(text)]
    if text.isdecimal() and _are_mostly([one.isdecimal() for one in alike]):
        return None
    try:
        steps.refuse_nameless(steps.from_hex(_joined(text)))
    except steps.RefusedError as refused:
        return Misspelt(refused.trouble)
    except ValueError:
        pass
    return None


def unlike(text: str, others: Collection[str]) -> Misspelt | None:
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
    return None if right == text else Misspelt(CardTrouble.WRONG_FORM, (right,))


def _are_mostly(claims: Sequence[bool]) -> bool:
    """Tell whether enough cards are looked at, and hardly any is otherwise."""
    odd = len(claims) - sum(claims)
    return len(claims) - odd >= EVIDENCE_MIN and odd <= ODD_SHARE_MAX * len(claims)


def _joined(text: str) -> str:
    return text.translate(steps.SEPARATORS).removeprefix("0x")


def _is_hex(text: str) -> bool:
    with suppress(ValueError):
        return bool(steps.from_hex(text))
    return False


def _edited(text: str, rule: Normaliser) -> Misspelt | None:
    """Judge by a rule that edits text: what it leaves alone may have come out of it."""
    made = rule.card_id(text)
    if isinstance(made, CardTrouble):
        # It may take away what is not written here any more: a prefix, say.
        return None if rule.cuts else Misspelt(CardTrouble.WRONG_FORM)
    return None if made == text else Misspelt(CardTrouble.WRONG_FORM, (made,))


def _written(text: str, rule: Normaliser, write: Write) -> Misspelt | None:
    """Judge by a rule that writes octets as text: read them back, and write them again."""
    plain = replace(rule, edits=(), parse=None, turns=())
    right: list[str] = []
    for octets in _readings(text):
        with suppress(ValueError, OverflowError):
            made = plain.last_edited(write(octets))
            if made == text:
                return _nameless(text, octets, rule)
            right.append(made)
    return Misspelt(CardTrouble.WRONG_FORM, tuple(dict.fromkeys(right)))


def _nameless(text: str, octets: bytes, rule: Normaliser) -> Misspelt | None:
    """Refuse octets that a reader of UIDs refuses, as they are or turned round."""
    turns = tuple(turn for turn in rule.turns if turn not in _REFUSALS)
    lenient = replace(rule, edits=(), parse=steps.from_hex, turns=turns)
    strict = replace(rule, edits=(), parse=steps.from_hex)
    raws = (octets.hex(), octets[::-1].hex())
    judged = [strict.card_id(raw) for raw in raws if lenient.card_id(raw) == text]
    troubles = [one for one in judged if isinstance(one, CardTrouble)]
    return Misspelt(troubles[0]) if troubles and len(troubles) == len(judged) else None


def _readings(text: str) -> Iterator[bytes]:
    """Give the octets that a text may stand for, the likeliest first; several sizes of a number."""
    joined = text.translate(steps.SEPARATORS)
    with suppress(ValueError):
        yield steps.from_hex(_joined(text))
    for size in (1, 2):
        for separator in ",-/:":
            with suppress(ValueError, OverflowError):
                yield steps.PARSES[f"from-{2 * size}H4H"]([separator])(text)
        with suppress(ValueError, OverflowError):
            yield steps.PARSES["from-3D5D" if size == 1 else "from-5D5D"]([])(joined)
    with suppress(ValueError):
        number = steps.whole_number(joined)
        yield from (
            number.to_bytes(size, "big")
            for size in range(1, OCTETS_MAX + 1)
            if number < 1 << 8 * size
        )
