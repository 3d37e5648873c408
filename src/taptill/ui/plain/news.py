"""Two views in, what is to be said between them out: a pure function."""

from dataclasses import dataclass, replace
from enum import StrEnum

from taptill.checkout.session import OVER, Notice, Step
from taptill.checkout.view import TillView
from taptill.ui.banner import banner_text
from taptill.ui.modes.alone import panel_settings, shows_status
from taptill.ui.plain import pages
from taptill.ui.plain.lines import asked, listed, plain
from taptill.ui.plain.sale import (
    basket_change,
    customer_facts_key,
    customer_line,
    seconds,
    sent,
    typed,
    verdict,
    verdict_key,
)
from taptill.ui.plain.status import facts, over
from taptill.ui.screen_settings import ScreenSettings, identity

BRIEF_S = 0.3
"""So long nobody is told of a step that mostly passes at once, as nothing on the screen is."""

TYPING_S = 0.8
"""A pause this long ends a number that is being typed."""

SECONDS_SAID = frozenset({1, 2, 3, 5, 10, 20, 30, 40, 50})
"""The seconds of a countdown that are said, beside the first: speech takes time, too."""

_BRIEF_STEPS = frozenset({Step.READY, Step.RINGING, Step.ASKING, Step.SAVING})


_BEGUN = frozenset({Step.READY, Step.RINGING, Step.AGAIN})
"""From these steps no result comes but the one before, where a machine had begun the next sale."""

_RESULTS = OVER | {Step.SLOW_DISK, Step.DECLINED, Step.REFUSED, Step.CLOSED}


class Topic(StrEnum):
    """What a line is about; a later one takes the place of one that waits."""

    GOODS = "goods"
    TYPED = "typed"
    VERDICT = "verdict"
    CUSTOMER = "customer"
    NOTICE = "notice"
    SENT = "sent"
    SECONDS = "seconds"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class News:
    """Lines about a topic; they wait so long, and newer ones take their place meanwhile.

    No lines: what waits is not so any more; `over` says so of a fact that was said. A topic that is
    none of `Topic` is a fact about the till itself, which is said once it has stayed so.
    """

    topic: Topic | str
    lines: tuple[str, ...]
    patience_s: float = 0.0
    over: tuple[str, ...] = ()


def news(before: TillView | None, after: TillView, settings: ScreenSettings) -> tuple[News, ...]:
    """Return what is to be said when a view follows another; None: it is the first."""
    if after.page:
        about = _page_news(before, after, settings)
    else:
        about = _sale_news(before, after, settings)
    return tuple(
        replace(item, lines=_lines(item.lines, settings), over=_lines(item.over, settings))
        for item in (*about, *_fact_news(before, after, settings))
    )


def _lines(lines: tuple[str, ...], settings: ScreenSettings) -> tuple[str, ...]:
    return tuple(plain(line, settings) for line in lines if line.strip())


def _fact_news(before: TillView | None, after: TillView, settings: ScreenSettings) -> list[News]:
    if before is not None and before.status == after.status:
        return []
    old = facts(before.status, settings) if before else {}
    ends = over(after.status, settings)
    return [
        News(topic, (line,), over=(ends.get(topic, ""),))
        for topic, (key, line) in facts(after.status, settings).items()
        if topic not in old or old[topic][0] != key
    ]


def _sale_news(before: TillView | None, after: TillView, settings: ScreenSettings) -> list[News]:
    if before is None:
        return [News(Topic.VERDICT, (verdict(after, settings),))]
    if before.page:
        # What waits about the page is nothing any more.
        about = _news_behind_page(before, after, settings)
        return [News(Topic.PAGE, ()), News(Topic.TYPED, ()), about]
    if _is_said(before, after):
        # What waits about the sale that was begun is nothing any more.
        dropped = [News(Topic.VERDICT, ()), News(Topic.TYPED, ())]
        return [*dropped, _answer_alone(after, settings)] if _is_heard(before, after) else dropped
    return _news_of_sale(before, after, settings)


def _news_of_sale(was: TillView, after: TillView, settings: ScreenSettings) -> list[News]:
    said = [News(Topic.GOODS, (change,))] if (change := basket_change(was, after, settings)) else []
    is_same_customer = identity(was) == identity(after) and was.customer is not None
    if verdict_key(was) != verdict_key(after):
        line = verdict(
            after, settings, with_customer=not is_same_customer or after.step is Step.PAID
        )
        said.append(News(Topic.VERDICT, (line,), _patience(was, after)))
    elif after.notice is not was.notice and after.notice is not Notice.NONE:
        said.append(News(Topic.NOTICE, (notice_line(after, settings),)))
    elif customer_facts_key(was, settings) != customer_facts_key(after, settings):
        said += _customer_news(after, settings)
    if was.keystrokes != after.keystrokes or after.step is Step.CONFIRM is not was.step:
        said.append(News(Topic.TYPED, (typed(was, after, settings),), TYPING_S))
    if line := sent(was, after, settings):
        said.append(News(Topic.SENT, (line,)))
    return [*said, *_seconds_news(was, after, settings)]


def _news_behind_page(before: TillView, after: TillView, settings: ScreenSettings) -> News:
    """Return what stands when a page is closed."""
    if _is_said(before, after):
        return _answer_alone(after, settings)
    return News(Topic.VERDICT, (verdict(after, settings),), _patience(before, after))


def _answer_alone(after: TillView, settings: ScreenSettings) -> News:
    return News(Topic.NOTICE, (asked(banner_text(after, settings).cashier),))


def _is_said(before: TillView, after: TillView) -> bool:
    """Return whether a result that was said stands again: a page is closed, keys were undone.

    What was paid is said once: whoever hears it again might think that it was paid twice.
    """
    if after.step not in OVER:
        return False
    if before.step is after.step:
        return before.page is not None
    return before.step in _BEGUN or (before.step, after.step) == (Step.VOIDING, Step.PAID)


def _is_heard(before: TillView, after: TillView) -> bool:
    """Return whether there is anything to say of keys that were undone behind a result.

    A reader that types its cards has begun a sale by their first digit, of which nobody was told.
    """
    was_told = before.step is Step.VOIDING or bool(before.basket.lines)
    return was_told or after.notice is not Notice.NONE


def _patience(was: TillView | None, after: TillView) -> float:
    """Return how long a verdict waits: what somebody waits for is said at once."""
    if after.notice is not Notice.NONE:
        return 0.0
    if was and was.keystrokes != after.keystrokes and after.keystrokes:
        return TYPING_S
    return BRIEF_S if was and after.step in _BRIEF_STEPS else 0.0


def _customer_news(after: TillView, settings: ScreenSettings) -> list[News]:
    if after.customer is None:
        return []
    with_status = shows_status(after, settings)
    facts_line = customer_line(
        after.customer, panel_settings(after, settings), with_status=with_status
    )
    line = listed([settings.name(after.customer), facts_line])
    return [News(Topic.CUSTOMER, (line,), BRIEF_S)]


def _seconds_news(was: TillView, after: TillView, settings: ScreenSettings) -> list[News]:
    if not (was.countdown and after.countdown) or was.countdown == after.countdown:
        return []
    left = after.countdown.seconds
    return [News(Topic.SECONDS, (seconds(left, settings),))] if left in SECONDS_SAID else []


def notice_line(view: TillView, settings: ScreenSettings) -> str:
    """Return the answer to the last key or tap; empty where there is none."""
    if view.page:
        return pages.answer(view, view.page, settings)
    if view.notice is Notice.NONE:
        return ""
    return asked(banner_text(replace(view, countdown=None), settings).cashier)


def _page_news(before: TillView | None, after: TillView, settings: ScreenSettings) -> list[News]:
    page, was = after.page, before.page if before else None
    assert page is not None
    if before is None or was is None or was.name != page.name:
        below = _news_below_page(before, after, settings) if before else []
        opened = News(Topic.PAGE, pages.opened(after, page, settings))
        return [*below, News(Topic.TYPED, ()), opened]
    said = _news_below_page(before, after, settings)
    is_typing = was.typed != page.typed
    answer = pages.answer(after, page, settings)
    if answer and answer != pages.answer(before, was, settings):
        said.append(News(Topic.NOTICE, (answer,)))
    if before.prompt_number != after.prompt_number:  # figures that go on by themselves are not said
        lines = pages.moved(was, page, settings)
        said += [News(Topic.PAGE, lines, TYPING_S if is_typing else 0.0)] if lines else []
    if is_typing:
        said.append(News(Topic.TYPED, (pages.typed_line(page, settings),), TYPING_S))
    return said


def _news_below_page(before: TillView, after: TillView, settings: ScreenSettings) -> list[News]:
    """Return what has become of the sale below a page."""
    if before.step is after.step or after.step not in _RESULTS:
        return []
    return [News(Topic.VERDICT, (verdict(replace(after, page=None), settings),))]
