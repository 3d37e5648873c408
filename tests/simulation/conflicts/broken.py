"""The real settling in, six broken desks out; each differs in the few lines that make it wrong."""

from dataclasses import replace

from tests.simulation.acts import Verb
from tests.simulation.broken import PAYMENTS, Asking, Trial, rewired
from tests.simulation.till import Protocol

from taptill.domain.customer import Snapshot
from taptill.domain.entry import Draft, Position
from taptill.domain.money import Money
from taptill.domain.pending import EntryAtMark, pending
from taptill.settlement.requests import (
    Answer,
    Append,
    Choice,
    Doubt,
    JournalAnswer,
    Request,
    Update,
)
from taptill.settlement.settle import GONE_MAX, Settling, settle
from taptill.settlement.update_row import Task


def _decided(task: Task, choice: Choice) -> bool:
    return task.resolution is not None and task.resolution.choice is choice


def retry_from_zero(task: Task) -> Settling:
    """A retry sends all that was ever charged."""

    def ask(request: Request) -> Asking:
        if isinstance(request, Update) and request.mark and _decided(task, Choice.RETRY):
            request = replace(request, total=request.read.total + request.mark.total)
        return (yield request)

    return (yield from rewired(task, ask))


def accept_sends(task: Task) -> Settling:
    """What is booked already is sent once more, with its mark."""
    if task.resolution and _decided(task, Choice.ACCEPT):
        task.resolution = replace(task.resolution, choice=Choice.RETRY)
    return (yield from rewired(task, _as_asked))


def write_off_in_the_mark(task: Task) -> Settling:
    """What nobody will pay is never taken out of the books: the mark says that it is in."""
    if task.resolution and _decided(task, Choice.WRITE_OFF):
        task.resolution = replace(task.resolution, choice=Choice.ACCEPT)
    return (yield from rewired(task, _as_asked))


def retry_from_seen(task: Task) -> Settling:
    """A retry sends what the last mark seen does not cover, whatever the person says is in."""

    def ask(request: Request) -> Asking:
        answer = yield request
        amount_given = task.resolution is not None and task.resolution.booked_minor is not None
        if amount_given and task.resolution and isinstance(answer, JournalAnswer):
            row_mark = answer.position.row_mark
            task.resolution = replace(
                task.resolution, booked_minor=row_mark.total if row_mark else 0
            )
        return answer

    return (yield from rewired(task, ask))


def one_look(task: Task) -> Settling:
    """The first answer without the customer is believed."""
    if task.doubt is None:
        task.doubt, task.doubt_count = Doubt.GONE, GONE_MAX
    return (yield from settle(task))


def nothing_in_question(
    snapshot: Snapshot,
    position: Position | None,
    journal_id: str,
    footing_at: EntryAtMark | None = None,
) -> tuple[Money, bool]:
    """Of a lost mark nothing is in question: what was sent had its receipt."""
    missing, in_question = pending(snapshot, position, journal_id, footing_at)
    if in_question and position:
        row_total = position.row_mark.total if position.row_mark else 0
        missing = Money((position.last.total if position.last else 0) - row_total)
    return missing, in_question


def write_off_again(task: Task) -> Settling:
    """What was charged meanwhile is written off as well."""

    def ask(request: Request) -> Asking:
        answer = yield request
        if _decided(task, Choice.WRITE_OFF) and task.resolution:
            task.resolution = replace(task.resolution, amount=None)
        return answer

    return (yield from rewired(task, ask))


def forgotten_origin(task: Task) -> Settling:
    """What a person said of a row is known while its settling runs, and to no entry."""

    def ask(request: Request) -> Asking:
        if isinstance(request, Append):
            request = Append([_unsaid(draft) for draft in request.drafts])
        return (yield request)

    return (yield from rewired(task, ask))


def _unsaid(draft: Draft) -> Draft:
    return replace(draft, body={key: draft.body[key] for key in draft.body if key != "origin"})


def _as_asked(request: Request) -> Asking:
    answer: Answer = yield request
    return answer


OFTEN = replace(
    PAYMENTS,
    office=(Verb.PAY, Verb.EMPTY),
    crash=0.03,
    refused=0.1,
    rare=(Verb.RULE,),
    rare_chance=0.1,
    voids=0.3,
    amounts=(320, 80),
)

COUNTER_TRIALS = {
    "a void that is booked twice": Trial(
        Protocol(takes_any_void=True), found_by="counter", sales=20, staffed=True
    ),
}

DESK_TRIALS = {
    "a retry from zero": Trial(Protocol(retry_from_zero), mix=OFTEN),
    "an accept that sends the money": Trial(Protocol(accept_sends), mix=OFTEN),
    "a write-off that stays in the mark": Trial(
        Protocol(write_off_in_the_mark), mix=OFTEN, found_by="desk"
    ),
    "a write-off of what was charged meanwhile": Trial(
        Protocol(write_off_again), mix=OFTEN, found_by="desk", customers=(1,), sales=40
    ),
    "a write-off that is voided again": Trial(
        Protocol(voids_written_off=True), mix=OFTEN, found_by="desk", customers=(1,), sales=20
    ),
    "a ruling that no entry remembers": Trial(Protocol(forgotten_origin), mix=OFTEN),
    "a retry from the last mark seen": Trial(Protocol(retry_from_seen), mix=OFTEN),
    "the first empty answer believed": Trial(Protocol(one_look), found_by="desk"),
    "nothing in question where the mark is lost": Trial(
        Protocol(pending=nothing_in_question), mix=OFTEN, found_by="screen", screens=True
    ),
}
