"""The banner: one word in block letters, and sentences for the customer and for the cashier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

from taptill.checkout.pages.page import PageView, Phrase, Tone
from taptill.checkout.session import Notice, Step
from taptill.checkout.view import SaleState, TillView
from taptill.domain.basket import Basket
from taptill.domain.decision import Declined, Reason
from taptill.domain.money import ZERO
from taptill.domain.sales.repaying import Direction
from taptill.domain.tap import CardTrouble, ReaderHealth, ReaderState
from taptill.ui.block_letters import LETTER_ROWS, letter_rows
from taptill.ui.layout import Layout
from taptill.ui.modes.alone import alone_key, alone_words, answer_key
from taptill.ui.modes.keys import may_give_card
from taptill.ui.pages import TONE_ROLES, say
from taptill.ui.rows import NO_BREAK, ColourRole, Row, Rows, Run, clip, pad, wrap
from taptill.ui.screen_settings import ScreenSettings

_ROLES = {
    Step.READY: ColourRole.INFO,
    Step.RINGING: ColourRole.INFO,
    Step.CARD: ColourRole.INFO,
    Step.CONFIRM: ColourRole.INFO,
    Step.DECLINED: ColourRole.REFUSED,
    Step.AGAIN: ColourRole.WARN,
    Step.ASKING: ColourRole.INFO,
    Step.SAVING: ColourRole.INFO,
    Step.SLOW_DISK: ColourRole.WARN,
    Step.PAID: ColourRole.OK,
    Step.REFUSED: ColourRole.REFUSED,
    Step.VOIDING: ColourRole.WARN,
    Step.VOIDED: ColourRole.WARN,
    Step.CLOSED: ColourRole.REFUSED,
}
_SIGNS = {ColourRole.OK: "√ ", ColourRole.REFUSED: "× ", ColourRole.WARN: "! "}
_WAITS_FOR_CARD = frozenset({Step.READY, Step.RINGING})
_UNUSABLE_CARDS = frozenset({CardTrouble.RANDOM_ID, CardTrouble.BLANK_ID, CardTrouble.WRONG_FORM})
_SETTLED = frozenset({SaleState.SENT, SaleState.CONFLICT})  # nothing waits to be sent
_READS = frozenset({ReaderState.OK, ReaderState.OPENING})


@dataclass(frozen=True, slots=True, kw_only=True)
class BannerText:
    """The texts of the banner: one word, and lines for the customer and for the cashier."""

    role: ColourRole
    word: str
    customer: str
    second: str
    cashier: str


def banner_text(view: TillView | None, settings: ScreenSettings) -> BannerText:
    """Return the texts for a view, which is None while the till starts."""
    if view is None:
        return _banner_text("step.starting", ColourRole.INFO, {}, settings)
    if view.page:
        return _page_text(view.page, view.notice, settings)
    values = settings.placeholder_values(view)
    reader = unusable_reader(view.status.readers) if view.step in _WAITS_FOR_CARD else None
    if reader:
        role = ColourRole.INFO if reader.state is ReaderState.OPENING else ColourRole.WARN
        values = {**values, **reader_values(reader, settings)}
        text_key = f"reader.{reader.state}"
    else:
        text_key, role = alone_key(view, settings) or _text_key(view)
    text = _banner_text(text_key, role, values, settings)
    can_read = reader is None or reader.state is ReaderState.OPENING
    text = replace(text, **alone_words(view, text, settings, can_read=can_read))
    if view.without_card:
        text = _without_card(text, text_key, settings)
    elif may_give_card(view):
        text = replace(text, cashier=settings.texts.say("reason.unknown-card.cashier-cards"))
    return _with_notice(text, view, settings)


def _without_card(text: BannerText, text_key: str, settings: ScreenSettings) -> BannerText:
    """Return the texts for a customer who was found by name, where others speak of a card."""
    words = settings.texts.words
    second = words.get(f"{text_key}.second-without-card", text.second)
    cashier = words.get(f"{text_key}.cashier-without-card", text.cashier)
    return replace(text, second=second, cashier=cashier)


def _page_text(page: PageView, notice: Notice, settings: ScreenSettings) -> BannerText:
    """Return the texts for a page: the answer to the last key, or what to do on it."""
    answer = page.notice or Phrase(f"page.{page.name}.cashier", page.values)
    if notice is not Notice.NONE:
        answer = Phrase(f"notice.{notice}")
    role = ColourRole.INFO if page.tone is Tone.PLAIN else TONE_ROLES[page.tone]
    return BannerText(
        role=role,
        word=settings.texts.say(f"page.{page.name}.word"),
        customer=say(Phrase(f"page.{page.name}.customer", page.values), settings),
        second="",
        cashier=say(answer, settings),
    )


def unusable_reader(readers: Sequence[ReaderHealth]) -> ReaderHealth | None:
    """Return the reader that the banner names if no reader can take a tap now."""
    for_cards = [reader for reader in readers if not reader.for_goods]
    if not for_cards or any(reader.state is ReaderState.OK for reader in for_cards):
        return None
    opening = (reader for reader in for_cards if reader.state is ReaderState.OPENING)
    return next(opening, for_cards[0])


def broken_readers(readers: Sequence[ReaderHealth]) -> tuple[ReaderHealth, ...]:
    """Return the readers that do not work until somebody does something."""
    return tuple(reader for reader in readers if reader.state not in _READS)


def reader_values(reader: ReaderHealth, settings: ScreenSettings) -> Mapping[str, str]:
    """Return the values for the placeholders of a reader's texts."""
    values = {"reader": settings.clean(reader.reader)}
    return {**values, "detail": settings.detail(reader.detail)} if reader.detail else values


def draw_banner(text: BannerText, layout: Layout) -> Rows:
    """Return the rows of the banner: the word in block letters, sentences beside or below it.

    A banner that has no room for the letters beside a sentence has sentences alone.
    """
    if layout.banner.height <= LETTER_ROWS:
        return _sentences_alone(text, layout.banner.width, layout.banner.height)
    area, left = layout.banner, layout.word_width
    letters = _letters(text.word, text.role, left if layout.is_beside else area.width)
    room = area.height if layout.is_beside else area.height - LETTER_ROWS
    lines = sentences(text, area.width - left - 1, room)
    if not layout.is_beside:
        return (
            *letters,
            *(_line("  " + line, text.role, area.width) for line in _filled(lines, room)),
        )
    top = 1 if len(lines) < room else 0
    blank = (Run(" " * left, text.role),)
    words = (blank, *letters, *[blank] * (room - LETTER_ROWS - 1))
    beside = _filled([""] * top + lines, room)
    return tuple(
        (*word, *_line(line, text.role, area.width - left))
        for word, line in zip(words, beside, strict=True)
    )


def _sentences_alone(text: BannerText, width: int, rows: int) -> Rows:
    lines = _filled(sentences(text, width - 3, rows), rows)
    return tuple(_line("  " + line, text.role, width) for line in lines)


def sentences(text: BannerText, width: int, rows: int) -> list[str]:
    """Return the sentences as lines, spaced as the rows allow; only a long detail is clipped."""
    customer = [_SIGNS.get(text.role, "") + text.customer] if text.customer else []
    second = [text.second] if text.second else []
    cashier = text.cashier.split("\n")
    joined = _on_one_line(cashier)
    loose = [*customer, *second, "", *cashier]
    arrangements = (
        loose,
        [*customer, *second, *cashier],
        [" – ".join([*customer, *second]), *cashier],
        [" – ".join([*customer, *second]), joined],
        [" – ".join([*customer, *second, joined])],
    )
    for lines in arrangements:
        wrapped_lines = [piece for line in lines for piece in wrap(line, width)]
        if len(wrapped_lines) <= rows:
            return wrapped_lines
    return [*wrapped_lines[: rows - 1], clip(" ".join(wrapped_lines[rows - 1 :]), width)]


def _on_one_line(lines: Sequence[str]) -> str:
    """Return lines side by side; a choice with its number stays whole where they are wrapped."""
    whole = [line.replace(" ", NO_BREAK) if line[:1].isdigit() else line for line in lines]
    return " · ".join(whole).replace(": · ", ": ").replace("? · ", "? ")


@lru_cache(len(Step))  # a sale has the same few words each time
def _letters(word: str, role: ColourRole, width: int) -> Rows:
    return tuple(_inked(f"  {row}", role, width) for row in letter_rows(word))


def _inked(drawing: str, role: ColourRole, width: int) -> Row:
    stretches = groupby(pad(drawing, width), "#".__eq__)
    return tuple(Run(" " * len(list(cells)), role, ink) for ink, cells in stretches)


def _line(text: str, role: ColourRole, width: int) -> Row:
    return (Run(pad(text, width), role),)


def _filled(lines: list[str], rows: int) -> list[str]:
    return [*lines, *[""] * (rows - len(lines))]


def _text_key(view: TillView) -> tuple[str, ColourRole]:
    role = _ROLES[view.step]
    match view:
        case TillView(step=Step.RINGING, basket=Basket(lines=[_, *_])) if view.total <= ZERO:
            return "step.too-low", ColourRole.WARN
        case TillView(step=Step.AGAIN, trouble=CardTrouble() as trouble):
            return f"trouble.{trouble}", ColourRole.REFUSED if trouble in _UNUSABLE_CARDS else role
        case TillView(step=Step.DECLINED | Step.REFUSED, decision=Declined(reason=reason)):
            again = reason is Reason.UNREADABLE_CARD
            return f"reason.{reason}", ColourRole.WARN if again else role
        case TillView(step=Step.VOIDED, cash=Direction() as way):
            return f"step.voided-{way}", role
        case _:
            return f"step.{view.step}", role


def _banner_text(
    text_key: str, role: ColourRole, values: Mapping[str, str], settings: ScreenSettings
) -> BannerText:
    say = settings.texts.say_if_known
    return BannerText(
        role=role,
        word=say(f"{text_key}.word", values),
        customer=say(f"{text_key}.customer", values),
        second=say(f"{text_key}.second", values),
        cashier=say(f"{text_key}.cashier", values),
    )


def _with_notice(text: BannerText, view: TillView, settings: ScreenSettings) -> BannerText:
    """Return the texts with the answer to the last key or tap in place of the cashier's line.

    The choices of a void stay, and so does the reason why a customer may no longer pay. Where a
    countdown runs, its bar stays and the answer stands above it.
    """
    if answer := _notice_text(view, settings):
        _, *choices = text.cashier.split("\n") if view.step is Step.VOIDING else [""]
        if view.notice is Notice.NOW_REFUSED:
            answer = f"{answer} {text.cashier}"
        if view.countdown:
            return replace(text, second=answer)
        return replace(text, cashier="\n".join([answer, *choices]))
    return text


def _notice_text(view: TillView, settings: ScreenSettings) -> str:
    newest = view.recent_sales[0] if view.recent_sales else None
    if key := answer_key(view, settings):
        return settings.texts.say(key)
    if view.step is Step.PAID and newest and newest.state in _SETTLED:
        return settings.texts.say(f"step.paid.cashier-{newest.state}")
    if view.step is Step.READY and view.is_restored and newest:
        return settings.texts.say(
            "restored.note",
            amount=settings.sum(newest.amount),
            initials=settings.clean(newest.initials),
            time=newest.time,
        )
    return ""
