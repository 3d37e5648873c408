"""A word in, five rows of letters out, drawn with `#` where a coloured cell goes."""

import unicodedata

LETTER_ROWS = 5

DRAWN = {
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
    "?": "#### |    #|  ## |     |  #  ",
    "!": "  #  |  #  |  #  |     |  #  ",
    " ": "     |     |     |     |     ",
}


def letter_rows(word: str) -> tuple[str, ...]:
    """Draw a word in rows of equal length, six cells a letter less the last gap.

    Five rows have no place for accents: a letter loses its own; one unknown is a question mark.
    """
    plain = (unicodedata.normalize("NFD", letter)[0] for letter in word.upper())
    letters = [DRAWN.get(letter, DRAWN["?"]).split("|") for letter in plain]
    return tuple(" ".join(letter[row] for letter in letters) for row in range(LETTER_ROWS))
