"""How card ids look, in words that name none."""

from taptill.domain.technical.counting import many

LEARN = "taptill readers learn --cache, with a card of any known customer"


def shape(card: str) -> str:
    """Return what a card id looks like, without saying it: `10 digits`."""
    compact = card.translate(str.maketrans("", "", ":- "))
    marks = "" if compact == card else ", with marks between"
    if compact.isascii() and compact.isdecimal():
        return f"{many(len(compact), 'digit')}{marks}"
    if compact and all(letter in "0123456789abcdefABCDEF" for letter in compact):
        size = "capitals" if compact == compact.upper() else "small letters"
        return f"{many(len(compact), 'digit')} of base 16 in {size}{marks}"
    return f"{many(len(card), 'character')}"
