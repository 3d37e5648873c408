"""The marks of practising: the first and the last line of every screen say it, on a colour."""

from taptill.ui.rows import ColourRole, Rows, Run
from taptill.ui.screen_settings import ScreenSettings


def practice_mark(settings: ScreenSettings) -> str:
    """Return the word that stands in both lines; empty where the books are the site's."""
    return f" {settings.texts.say('practice.mark')} " if settings.is_practice else ""


def marked(rows: Rows, mark: str) -> Rows:
    """Return the first row behind the mark, all of it on the colour of a warning."""
    first, *others = rows
    runs = tuple(run._replace(role=ColourRole.WARN) for run in first)
    return ((Run(mark, ColourRole.WARN), *runs), *others)
