"""A line has no signs that are drawn: arrows are words, bars are not said."""

from tests.ui.states import SETTINGS

from taptill.checkout.pages.page import Bar, PageRow
from taptill.ui.plain import pages
from taptill.ui.plain.lines import plain


def test_a_line_is_made_of_any_text() -> None:
    line = plain("a\nb\x1b[2J\u202e√ ↑ ↓ Enter", SETTINGS)
    assert line == "a, b?[2J up arrow, down arrow Enter"


def test_arrows_are_words_among_the_others() -> None:
    line = plain("↑↓: a line; PgDn↓ ← x", SETTINGS)
    assert line == "up arrow, down arrow: a line; PgDn down arrow, left arrow x"


def test_a_bar_is_not_said_as_it_only_draws_the_figure_beside_it() -> None:
    assert pages.row_text(PageRow(("≤ 5 ms", "3", Bar(100))), SETTINGS) == "≤ 5 ms, 3"
