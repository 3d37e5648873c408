"""The texts of the screen: one TOML file for each language, and a site's own over it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Any

from taptill.domain.errors import ConfigError

LANGUAGES = ("en", "de", "fr", "es")
WORD_LETTERS_MAX = 8

_ONE = {"fr": frozenset({"0", "1"})}
"""Counts that take the singular, by language (Unicode CLDR, plural category *one*); else 1 does."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The message catalogue of one language: dotted key -> text with `{placeholders}`."""

    language: str
    words: Mapping[str, str]

    def say(self, key: str, /, **values: str) -> str:
        """Return the text of a key with its placeholders filled in; values are never parsed.

        Where `count` is one, that is the text of `key-one`, if there is one.
        """
        is_one = values.get("count") in _ONE.get(self.language, frozenset({"1"}))
        singular = self.words.get(f"{key}-one") if is_one else None
        return (singular or self.words[key]).format_map(values)

    def labelled(self, label: str, text: str) -> str:
        """Return a text behind a label and its colon, as the language spaces it."""
        return self.say("label.before", label=label, text=text)

    def say_if_known(self, key: str, values: Mapping[str, str]) -> str:
        """Return the text of a key, or of `key-bare` where a value is missing."""
        try:
            return self.words[key].format_map(values)
        except KeyError:
            return self.words[f"{key}-bare"]


def load(language: str, site: Path | None = None) -> Texts:
    """Return the texts of a language; raise ConfigError with every fault of the site's file."""
    file = files(__name__).joinpath(f"{language}.toml")
    default_texts = _flat(tomllib.loads(file.read_text("utf-8")))
    site_texts = _read(site) if site else {}
    complaints = [
        f"{site}: {key}: {wrong}"
        for key, text in site_texts.items()
        if (wrong := _wrong(default_texts, key, text))
    ]
    if complaints:
        raise ConfigError(complaints="\n".join(complaints))
    return Texts(language, MappingProxyType({**default_texts, **site_texts}))


def placeholders(text: str) -> frozenset[str]:
    """Return the names of a text's placeholders; raise ValueError for one that is malformed."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def _read(site: Path) -> dict[str, str]:
    try:
        return _flat(tomllib.loads(site.read_text("utf-8")))
    except (OSError, ValueError) as fault:
        raise ConfigError(complaints=f"{site}: {fault}") from fault


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = str(value)
    return flat


def _wrong(default_texts: Mapping[str, str], key: str, text: str) -> str:
    if key not in default_texts:
        return "no such text"
    try:
        unknown = placeholders(text) - placeholders(default_texts[key])
    except ValueError as fault:
        return str(fault)
    if unknown:
        return f"unknown figures: {', '.join(sorted(unknown))}"
    if key.endswith(".word") and len(text) > WORD_LETTERS_MAX:
        return f"a verdict word has at most {WORD_LETTERS_MAX} letters"
    return ""
