"""An unknown word in, a sentence with the nearest known word out."""

from collections.abc import Iterable
from difflib import get_close_matches


def unknown_word(what: str, word: str, known: Iterable[str]) -> str:
    """Say that a word is not known, and which known one was probably meant."""
    by_folded = {each.casefold(): each for each in known}
    near = get_close_matches(word.casefold(), by_folded, n=1)
    if near:
        return f"unknown {what} '{word}', nearest is '{by_folded[near[0]]}'"
    return f"unknown {what} '{word}', known: {', '.join(sorted(by_folded.values()))}"
