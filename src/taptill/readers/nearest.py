"""Makes the sentence about an unknown word, with the nearest known word in it."""

from collections.abc import Iterable
from difflib import get_close_matches


def unknown_word(noun: str, word: str, known_words: Iterable[str]) -> str:
    """Return a sentence that the word is unknown, and which known one was probably meant."""
    by_folded = {candidate.casefold(): candidate for candidate in known_words}
    nearest = get_close_matches(word.casefold(), by_folded, n=1)
    if nearest:
        return f"unknown {noun} '{word}', nearest is '{by_folded[nearest[0]]}'"
    return f"unknown {noun} '{word}', known: {', '.join(sorted(by_folded.values()))}"
