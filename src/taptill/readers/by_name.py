"""Finds drivers and families by name, and the nearest known name for a misspelt one."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

_T = TypeVar("_T")


def find_by_name(name: str, built_in: Mapping[str, _T], group: str, kind: type[_T]) -> _T:
    """Return what has this name in a table, or else in the entry points of other packages.

    Raise ValueError, which names the nearest known name, or says that the entry point's object is
    not of this kind.
    """
    if name in built_in:
        return built_in[name]
    from importlib.metadata import entry_points  # noqa: PLC0415 - a built-in name needs none

    plugins = {entry.name: entry for entry in entry_points(group=group)}
    if name not in plugins:
        raise ValueError(unknown_word(kind.__name__.lower(), name, [*built_in, *plugins]))
    plugin = plugins[name].load()
    if not isinstance(plugin, kind):
        problem = f"the entry point of '{name}' is not a {kind.__name__}"
        raise ValueError(problem)  # noqa: TRY004 - a wrong setting
    return plugin


def unknown_word(noun: str, word: str, known_words: Iterable[str]) -> str:
    """Return a sentence that the word is unknown, and which known one was probably meant."""
    known = sorted(known_words)
    by_folded = {candidate.casefold(): candidate for candidate in known}
    nearest = get_close_matches(word.casefold(), by_folded, n=1)
    if nearest:
        return f"unknown {noun} '{word}', nearest is '{by_folded[nearest[0]]}'"
    return f"unknown {noun} '{word}', known: {', '.join(known)}"
