"""Block letters: a word as five rows of text, with `#` for each coloured cell."""

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
    "0": " ### |#  ##|# # #|##  #| ### ",
    "1": "  #  | ##  |  #  |  #  | ### ",
    "2": "#### |    #| ### |#    |#####",
    "3": "#### |    #| ### |    #|#### ",
    "4": "#   #|#   #|#####|    #|    #",
    "5": "#####|#    |#### |    #|#### ",
    "6": " ### |#    |#### |#   #| ### ",
    "7": "#####|    #|   # |  #  |  #  ",
    "8": " ### |#   #| ### |#   #| ### ",
    "9": " ### |#   #| ####|    #| ### ",
    "?": "#### |    #|  ## |     |  #  ",
    "!": "  #  |  #  |  #  |     |  #  ",
    " ": "     |     |     |     |     ",
}


def letter_rows(word: str) -> tuple[str, ...]:
    """Return the five rows of a word, all of one length: six cells a letter, less the last gap.

    Letters lose their accents, as five rows have no place for them. A letter that is not in the
    table becomes a question mark.
    """
    plain = (unicodedata.normalize("NFD", letter)[0] for letter in word.upper())
    letters = [DRAWN.get(letter, DRAWN["?"]).split("|") for letter in plain]
    return tuple(" ".join(letter[row] for letter in letters) for row in range(LETTER_ROWS))
