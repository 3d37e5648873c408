"""Words that stay in a bundle for support, and words that go."""

import pytest

from taptill.install.support.wording import PersonalValues, known_words_only

KNOWN = {
    "words of the program": ("the disk is full", "the disk is full"),
    "small numbers": ("HTTP 503, port 8080", "HTTP 503, port 8080"),
    "a device": ("/dev/ttyUSB0 is busy", "/dev/ttyUSB0 is busy"),
    "a name": ("of Zqwxyz at the disk", "of … at the disk"),
    "a card in base 16": ("card 04A1B2C3D4E580", "card …"),
    "a short card in base 16": ("card 04A1B2", "card …"),
    "a card number": ("card 0040856634", "card …"),
    "a card with marks": ("card 04:A1:B2:C3", "card 04:…:…:…"),
    "an address": ("zqwxyz@zqwxyzv.example", "…@….example"),
    "a name of the program": ("p95_ms of boot_id", "p95_ms of boot_id"),
    "such a name beside a number": ("p95_ms04A1B2", "…"),
    "a time": ("at 2026-11-30T14:33:20.123+00:00,", "at 2026-11-30T14:33:20.123+00:00,"),
    "a time of UTC": ("2026-11-30T14:33:20Z", "2026-11-30T14:33:20Z"),
    "a card that begins as a time": ("2026-11-30T14:33:2004A1B2", "2026-11-…:33:…"),
    "letters and numbers": ("zqw123", "…"),
    "other letters": ("Żółć", "…"),
}


@pytest.mark.parametrize(("text", "kept"), KNOWN.values(), ids=KNOWN)
def test_only_words_that_the_program_knows_stay(text: str, kept: str) -> None:
    assert known_words_only(text) == kept


REMOVED = {
    "a whole name": ("by Ada Byron today", "by [removed] today"),
    "in other letters": ("by ADA  BYRON", "by [removed]"),
    "the longest first": ("Ada Byron King", "[removed]"),
    "a card in another spelling": ("04-a1-b2-c3", "[removed]"),
    "not a part of a word": ("Artful start", "Artful start"),
    "a word by itself": ("Art", "[removed]"),
    "not one half of a name": ("Byron", "Byron"),
    "not a small number": ("exit 12, 3.12", "exit 12, 3.12"),
    "a number": ("x=98765", "x=[removed]"),
}


@pytest.mark.parametrize(("text", "kept"), REMOVED.values(), ids=REMOVED)
def test_values_that_are_known_here_are_taken_out(text: str, kept: str) -> None:
    values = ["Ada Byron", "Ada Byron King", "04:A1:B2:C3", "Art", "12", "98765", "", "-"]
    assert PersonalValues(values).removed_from(text) == kept
