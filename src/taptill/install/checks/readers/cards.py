"""Whether the readers spell cards as the cache has them; on request, by a real tap at each."""

from collections import Counter
from collections.abc import Collection

from taptill.customer_cache.contents import card_ids
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.technical.counting import many
from taptill.install.checks.readers.spelling import LEARN, shape
from taptill.install.checks.readers.taps import check_tap
from taptill.install.checks.site import CheckedSite
from taptill.readers.device import ReaderSettings
from taptill.readers.normaliser import Normaliser
from taptill.readers.registry import card_id_rule
from taptill.readers.spelling import check_spelling
from taptill.wiring.readers import reader_settings

CACHE = "cache.db"
SAMPLE_MAX = 500
FITTING_SHARE_MIN = 0.95
EVIDENCE_MIN = 20
"""So many cards without a letter are not octets in base 16 by chance."""

_PROBES = ("ABCDEF12", "ABCDEF1234", "04ABCDEF123456")
"""UIDs of four, five and seven octets, as a reader delivers them."""


async def check_cards(site: CheckedSite) -> list[Diagnosis]:
    """Return how each reader's cards compare with the cache; no diagnosis holds a card id."""
    readers = [
        settings
        for number, reader in enumerate(site.config.readers, start=1)
        if not (settings := reader_settings(reader, number)).for_goods
    ]
    known = card_ids(site.state / CACHE)
    found = [_format(settings, known) for settings in readers]
    if site.tap_s:
        found += [await check_tap(site, settings, known) for settings in readers]
    return found


def _format(settings: ReaderSettings, known: Collection[str]) -> Diagnosis:
    rule, name = card_id_rule(settings), f"cards.{settings.name.replace(' ', '-')}"
    if rule is None:
        words = "not compared: how it spells cards depends on a setting that is wrong"
        return Diagnosis(name, Verdict.SKIP, words)
    if not known:
        return Diagnosis(name, Verdict.SKIP, "not compared: the cache has no card yet")
    return format_diagnosis(name, rule, sorted(known)[:: len(known) // SAMPLE_MAX + 1])


def format_diagnosis(name: str, rule: Normaliser, cards: Collection[str]) -> Diagnosis:
    """Return whether cards of the cache can come from a reader with this rule."""
    fitting = sum(check_spelling(card, [rule]) is None for card in cards)
    usual = Counter(map(shape, cards)).most_common(1)[0][0]
    cached = many(len(cards), "card")
    words = f"{cached} in the cache, most of {usual}, and it can spell {fitting} of them"
    if not fitting:
        return Diagnosis(name, Verdict.FAIL, words, LEARN)
    if fitting < FITTING_SHARE_MIN * len(cards):
        return Diagnosis(name, Verdict.WARN, words, LEARN)
    if len(cards) >= EVIDENCE_MIN and all(map(str.isdecimal, cards)) and _writes_letters(rule):
        words = f"the cache has {usual} and never a letter, and this reader writes base 16"
        return Diagnosis(name, Verdict.WARN, words, LEARN)
    return Diagnosis(name, Verdict.PASS, words)


def _writes_letters(rule: Normaliser) -> bool:
    written = [str(rule.card_id(raw)) for raw in _PROBES]
    return bool(rule.formatter) and any("ABCDEF12" in text.upper() for text in written)
