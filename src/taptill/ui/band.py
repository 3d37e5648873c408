"""A TillView in, the coloured band out: one word in block letters, and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from taptill.checkout.session import Step
from taptill.checkout.view import Notice, SaleState, TillView
from taptill.domain.decision import Declined, Reason
from taptill.domain.tap import CardTrouble, ReaderHealth, ReaderState
from taptill.ui.block_letters import LETTER_ROWS, letter_rows
from taptill.ui.dress import Dress
from taptill.ui.layout import Plan
from taptill.ui.rows import Role, Row, Rows, Run, clip, pad, wrap

_ROLES = {
    Step.READY: Role.INFO,
    Step.RINGING: Role.INFO,
    Step.CARD: Role.INFO,
    Step.CONFIRM: Role.INFO,
    Step.DECLINED: Role.REFUSED,
    Step.AGAIN: Role.WARN,
    Step.ASKING: Role.INFO,
    Step.SAVING: Role.INFO,
    Step.SLOW_DISK: Role.WARN,
    Step.PAID: Role.OK,
    Step.REFUSED: Role.REFUSED,
    Step.VOIDING: Role.WARN,
    Step.VOIDED: Role.WARN,
    Step.CLOSED: Role.REFUSED,
}
_SIGNS = {Role.OK: "√ ", Role.REFUSED: "× ", Role.WARN: "! "}
_WAITS_FOR_CARD = frozenset({Step.READY, Step.RINGING})
_HOPELESS = frozenset({CardTrouble.RANDOM_ID, CardTrouble.BLANK_ID, CardTrouble.WRONG_FORM})
_SETTLED = frozenset({SaleState.SENT, SaleState.CONFLICT})  # nothing waits to be sent
_READS = frozenset({ReaderState.OK, ReaderState.OPENING})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the band says: role, one word, and lines for the customer and for the cashier."""

    role: Role
    word: str
    customer: str
    second: str
    cashier: str


def verdict(view: TillView | None, dress: Dress) -> Verdict:
    """Choose the words for a view; None: the till has not spoken yet."""
    if view is None:
        return _worded("step.starting", Role.INFO, {}, dress)
    figures = dress.figures(view)
    if view.step in _WAITS_FOR_CARD and (reader := unusable_reader(view)):
        role = Role.INFO if reader.state is ReaderState.OPENING else Role.WARN
        known = {**figures, **reader_figures(reader, dress)}
        return _answered(_worded(f"reader.{reader.state}", role, known, dress), view, dress)
    entry, role = _entry(view)
    return _answered(_worded(entry, role, figures, dress), view, dress)


def unusable_reader(view: TillView) -> ReaderHealth | None:
    """Give the reader to complain about if no reader can take a tap now."""
    readers = view.status.readers
    if not readers or any(reader.state is ReaderState.OK for reader in readers):
        return None
    return next((one for one in readers if one.state is ReaderState.OPENING), readers[0])


def broken_readers(view: TillView) -> tuple[ReaderHealth, ...]:
    """Give the readers that need somebody's hand."""
    return tuple(one for one in view.status.readers if one.state not in _READS)


def reader_figures(reader: ReaderHealth, dress: Dress) -> Mapping[str, str]:
    """Give what a reader's sentences may name."""
    named = {"reader": dress.clean(reader.reader)}
    return {**named, "detail": dress.detail(reader.detail)} if reader.detail else named


def band(said: Verdict, plan: Plan) -> Rows:
    """Draw a verdict: the word in block letters, the sentences beside or below it."""
    box, left = plan.band, plan.word_width
    letters = _letters(said, left if plan.beside else box.width)
    room = box.height if plan.beside else box.height - LETTER_ROWS
    lines = sentences(said, box.width - left - 1, room)
    if not plan.beside:
        return (
            *letters,
            *(_line("  " + line, said.role, box.width) for line in _filled(lines, room)),
        )
    top = 1 if len(lines) < room else 0
    blank = (Run(" " * left, said.role),)
    words = (blank, *letters, *[blank] * (room - LETTER_ROWS - 1))
    beside = _filled([""] * top + lines, room)
    return tuple(
        (*word, *_line(line, said.role, box.width - left))
        for word, line in zip(words, beside, strict=True)
    )


def sentences(said: Verdict, width: int, rows: int) -> list[str]:
    """Set the lines as loosely as the rows allow; only a foreign detail can be too long."""
    customer = [_SIGNS.get(said.role, "") + said.customer] if said.customer else []
    second = [said.second] if said.second else []
    cashier = said.cashier.split("\n")
    loose = [*customer, *second, "", *cashier]
    settings = (
        loose,
        [*customer, *second, *cashier],
        [" – ".join([*customer, *second]), *cashier],
        [" – ".join([*customer, *second]), " · ".join(cashier)],
        [" – ".join([*customer, *second, " · ".join(cashier)])],
    )
    for lines in settings:
        wrapped = [piece for line in lines for piece in wrap(line, width)]
        if len(wrapped) <= rows:
            return wrapped
    return [*wrapped[: rows - 1], clip(" ".join(wrapped[rows - 1 :]), width)]


def _letters(said: Verdict, width: int) -> list[Row]:
    return [_inked(f"  {row}", said.role, width) for row in letter_rows(said.word)]


def _inked(drawn: str, role: Role, width: int) -> Row:
    stretches = groupby(pad(drawn, width), "#".__eq__)
    return tuple(Run(" " * len(list(cells)), role, ink) for ink, cells in stretches)


def _line(text: str, role: Role, width: int) -> Row:
    return (Run(pad(text, width), role),)


def _filled(lines: list[str], rows: int) -> list[str]:
    return [*lines, *[""] * (rows - len(lines))]


def _entry(view: TillView) -> tuple[str, Role]:
    role = _ROLES[view.step]
    match view:
        case TillView(step=Step.AGAIN, trouble=CardTrouble() as trouble):
            return f"trouble.{trouble}", Role.REFUSED if trouble in _HOPELESS else role
        case TillView(step=Step.DECLINED | Step.REFUSED, verdict=Declined(reason=reason)):
            again = reason is Reason.UNREADABLE_CARD
            return f"reason.{reason}", Role.WARN if again else role
        case _:
            return f"step.{view.step}", role


def _worded(entry: str, role: Role, figures: Mapping[str, str], dress: Dress) -> Verdict:
    say = dress.texts.say_if_known
    return Verdict(
        role,
        say(f"{entry}.word", figures),
        say(f"{entry}.customer", figures),
        say(f"{entry}.second", figures),
        say(f"{entry}.cashier", figures),
    )


def _answered(said: Verdict, view: TillView, dress: Dress) -> Verdict:
    """Put the answer to the last key or tap in the cashier's place.

    A void's choices stay, and why a verdict has turned.
    """
    if answer := _answer(view, dress):
        _, *choices = said.cashier.split("\n") if view.step is Step.VOIDING else [""]
        if view.notice is Notice.NOW_REFUSED:
            answer = f"{answer} {said.cashier}"
        return replace(said, cashier="\n".join([answer, *choices]))
    return said


def _answer(view: TillView, dress: Dress) -> str:
    newest = view.strip[0] if view.strip else None
    if view.notice is not Notice.NONE:
        return dress.texts.say(f"notice.{view.notice}")
    if view.step is Step.PAID and newest and newest.state in _SETTLED:
        return dress.texts.say(f"step.paid.cashier-{newest.state}")
    if view.step is Step.READY and view.restored and newest:
        return dress.texts.say(
            "restored.note",
            amount=dress.sum(newest.amount),
            initials=dress.clean(newest.initials),
            time=newest.time,
        )
    return ""
