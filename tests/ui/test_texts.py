"""The four catalogues say the same things, completely, in words that fit."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.ui.states import SETTINGS

from taptill.checkout.session import Notice, Step
from taptill.checkout.view import Link, SaleState, TillAlarm
from taptill.domain.decision import Reason
from taptill.domain.errors import ConfigError
from taptill.domain.tap import CardTrouble, ReaderState
from taptill.domain.technical.till_warning import SAYS, WarningCode, till_warning
from taptill.ui.block_letters import DRAWN
from taptill.ui.glyphs import CONSOLE_GLYPHS
from taptill.ui.modes.help import HELP
from taptill.ui.screen_settings import warning_words
from taptill.ui.texts import LANGUAGES, WORD_LETTERS_MAX, load, placeholders

BAND = ("word", "customer", "second", "cashier")
ENTRIES = [
    *(f"step.{step}" for step in Step),
    *(f"reason.{reason}" for reason in Reason),
    *(f"trouble.{trouble}" for trouble in CardTrouble),
    *(f"reader.{state}" for state in ReaderState if state is not ReaderState.OK),
]
LINES = [
    *(f"reason.{reason}.short" for reason in Reason),
    *(f"reader.{state}.status" for state in ReaderState),
    *(f"link.{link}" for link in Link),
    *(f"alarm.{alarm}" for alarm in TillAlarm),
    *(f"warning.{code}" for code in SAYS),
    *(f"notice.{notice}" for notice in Notice if notice),
    *(f"sale.{state}" for state in SaleState),
    *(f"sale.void-{state}" for state in SaleState if state is not SaleState.REFUSED),
    *(f"help.{key}" for key in HELP),
]
SOMETIMES_UNKNOWN = {"missing", "headroom", "age", "detail", "ms", "since"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_has_its_words(language: str) -> None:
    words = load(language).words
    expected_keys = [*(f"{entry}.{field}" for entry in ENTRIES for field in BAND), *LINES]
    assert [key for key in expected_keys if key not in words] == []
    assert [key for key in expected_keys if not words[key] and not key.endswith(".second")] == []


def test_a_warning_is_said_in_english_as_the_log_says_it() -> None:
    words = load("en").words
    said = {key: text for key, text in words.items() if key.startswith("warning.")}
    assert said == {f"warning.{code}": text for code, text in SAYS.items()}
    assert {*SAYS} >= {*WarningCode}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_warning_is_shown_with_each_value_that_it_has(language: str) -> None:
    settings = replace(SETTINGS, texts=load(language))
    for code in WarningCode:
        values = {name: f"<{name}>" for name in placeholders(SAYS[code])}
        words = warning_words(till_warning(code, **values), settings)
        assert [value for value in values.values() if value not in words] == [], code


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_a_warning_is_worded_in_the_language_of_the_till(language: str) -> None:
    english, words = load("en").words, load(language).words
    same = [code for code in SAYS if words[f"warning.{code}"] == english[f"warning.{code}"]]
    assert same == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_keys_and_figures_of_english(language: str) -> None:
    english, words = load("en").words, load(language).words
    assert words.keys() == english.keys()
    differing = [key for key in words if placeholders(words[key]) != placeholders(english[key])]
    assert differing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_decision_words_have_at_most_eight_letters_and_every_glyph(language: str) -> None:
    words = load(language).words
    verdicts = {key: text for key, text in words.items() if key.endswith(".word")}
    assert {key: text for key, text in verdicts.items() if len(text) > WORD_LETTERS_MAX} == {}
    assert {text for text in verdicts.values() if not set(text) <= set(DRAWN)} == set()
    assert {key for key, text in words.items() if set(text) - CONSOLE_GLYPHS - {"\n"}} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_with_a_figure_that_may_be_unknown_has_a_bare_sister(language: str) -> None:
    words = load(language).words
    needy = [
        key
        for key, text in words.items()
        if key.startswith(("step.", "reason.", "trouble.", "reader.", "link."))
        and placeholders(text) & SOMETIMES_UNKNOWN
    ]
    assert [key for key in needy if f"{key}-bare" not in words] == []
    bare = [text for key, text in words.items() if key.endswith("-bare")]
    assert [text for text in bare if placeholders(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_accepted_refused_and_once_more_differ_in_word(language: str) -> None:
    words = load(language).words
    steps = (Step.PAID, Step.REFUSED, Step.AGAIN, Step.SLOW_DISK, Step.CLOSED)
    assert len({words[f"step.{step}.word"] for step in steps}) == len(steps)


@pytest.mark.parametrize("language", LANGUAGES)
def test_taken_back_and_paid_in_differ_in_word(language: str) -> None:
    words = load(language).words
    results = ("step.paid", "step.voided", "step.voided-in", "step.voided-out")
    booked = {words["page.paid-in.word"], words["page.paid-out.word"]}
    assert booked.isdisjoint(words[f"{result}.word"] for result in results)


COUNTED_BUT_ALIKE = {"fois", "más"}
"""Words behind a count that are the same for one and for many."""

NEVER_ONE = {"page.found-more", "warning.mirror-full-of-others", "warning.large-amounts"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_counted_noun_has_its_singular(language: str) -> None:
    texts = load(language)
    plurals = {
        key: text
        for key, text in texts.words.items()
        for word in re.findall(r"\{count\} (\w+s)\b", text)
        if word not in COUNTED_BUT_ALIKE and not key.endswith("-one") and key not in NEVER_ONE
    }
    assert {key: text for key, text in plurals.items() if f"{key}-one" not in texts.words} == {}
    sisters = [key.removesuffix("-one") for key in texts.words if key.endswith("-one")]
    assert [key for key in sisters if "count" not in placeholders(texts.words[key])] == []


@pytest.mark.parametrize(
    ("language", "none", "one", "two"),
    [
        ("en", "0 sales, net", "1 sale, net", "2 sales, net"),
        ("de", "0 Verkäufe, netto", "1 Verkauf, netto", "2 Verkäufe, netto"),
        ("fr", "0 vente, net", "1 vente, net", "2 ventes, net"),
        ("es", "0 ventas, neto", "1 venta, neto", "2 ventas, neto"),
    ],
)
def test_a_count_of_one_is_worded_in_the_singular(
    language: str, none: str, one: str, two: str
) -> None:
    texts = load(language)
    assert [texts.say("row.sales", count=count) for count in "012"] == [none, one, two]


def test_a_site_lays_its_own_words_over_the_language(tmp_path: Path) -> None:
    site_file = tmp_path / "ours.toml"
    site_file.write_text('[step.paid]\nsecond = "Enjoy your lunch"\n', "utf-8")
    texts = load("en", site_file)
    assert texts.say("step.paid.second") == "Enjoy your lunch"
    assert texts.say("step.paid.word") == "PAID"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('[step.payed]\nword = "PAID"', "step.payed.word: no such text"),
        ('[step.paid]\ncustomer = "{price}"', "unknown figures: price"),
        ('[step.paid]\ncustomer = "{amount.__class__}"', "unknown figures"),
        ('[step.paid]\ncustomer = "{amount"', "step.paid.customer"),
        ('[step.paid]\nword = "THANK YOU"', "at most 8 letters"),
        ("[step.paid", "ours.toml"),
    ],
)
def test_a_site_file_that_does_not_fit_is_named(
    tmp_path: Path, content: str, complaint: str
) -> None:
    site_file = tmp_path / "ours.toml"
    site_file.write_text(content, "utf-8")
    with pytest.raises(ConfigError, match=complaint):
        load("en", site_file)
