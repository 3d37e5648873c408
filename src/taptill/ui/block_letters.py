"""A word in, five rows of letters out, drawn with `#` where a coloured cell goes."""

import unicodedata

LETTER_ROWS = 5

_DRAWN = {
    "A": " ### |#   #|#####|#   #|#   #",
    "B": "#### |#   #|#### |#   #|#### ",
    "C": " ####|#    |#    |#    | ####",
    "D": "#### |#   #|#   #|#   #|#### ",
    "E": "#####|#    |#### |#    |#####",
    "F": "#####|#    |#### |#    |#    ",
    "G": " ####|#    |#  ##|#   #| ####",
    "H": "#   #|#   #|#####|#   #|#   #",
    "I": " ### |  #  |  #  |  #  | ### ",
    "J": "  ###|   # |   # |#  # | ##  ",
    "K": "#   #|#  # |###  |#  # |#   #",
    "L": "#    |#    |#    |#    |#####",
    "M": "#   #|## ##|# # #|#   #|#   #",
    "N": "#   #|##  #|# # #|#  ##|#   #",
    "O": " ### |#   #|#   #|#   #| ### ",
    "P": "#### |#   #|#### |#    |#    ",
    "Q": " ### |#   #|# # #|#  # | ## #",
    "R": "#### |#   #|#### |#  # |#   #",
    "S": " ####|#    | ### |    #|#### ",
    "T": "#####|  #  |  #  |  #  |  #  ",
    "U": "#   #|#   #|#   #|#   #| ### ",
    "V": "#   #|#   #|#   #| # # |  #  ",
    "W": "#   #|#   #|# # #|## ##|#   #",
    "X": "#   #| # # |  #  | # # |#   #",
    "Y": "#   #| # # |  #  |  #  |  #  ",
    "Z": "#####|   # |  #  | #   |#####",
    "Ä": "#   #|  #  | # # |#####|#   #",
    "Ö": "#   #| ### |#   #|#   #| ### ",
    "Ü": "#   #|     |#   #|#   #| ### ",
    "É": "   # |#####|#### |#    |#####",
    "Ê": "  #  |#####|#### |#    |#####",
    "Í": "   # | ### |  #  |  #  | ### ",
    "Ñ": " ### |#   #|##  #|# # #|#  ##",
    "?": "#### |    #|  ## |     |  #  ",
    "!": "  #  |  #  |  #  |     |  #  ",
    " ": "     |     |     |     |     ",
}


def letter_rows(word: str) -> tuple[str, ...]:
    """Draw a word in rows of equal length, six cells a letter less the last gap.

    A letter that is not drawn here loses its accent, or is a question mark.
    """
    drawn = [_drawing(letter).split("|") for letter in word.upper()]
    return tuple(" ".join(letter[row] for letter in drawn) for row in range(LETTER_ROWS))


def _drawing(letter: str) -> str:
    plain = unicodedata.normalize("NFD", letter)[0]
    return _DRAWN.get(letter) or _DRAWN.get(plain) or _DRAWN["?"]
