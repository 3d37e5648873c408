"""`taptill conflicts ...` in, what waits for a person out, and what the person decides done."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from taptill import config as configs
from taptill.cli.office.compared import UNTOLD, WAYS, compared, named
from taptill.cli.office.persons import SEQ_MAX, card_of, goods_of, initials_of
from taptill.cli.options import CONFIG, JSON, REASON, STAFF, STATE, journal_at, journal_reads
from taptill.cli.output import many, plain, shown, written
from taptill.clock import SystemClock
from taptill.domain.customer import Snapshot
from taptill.domain.entry import Entry
from taptill.domain.errors import BackendError, ConflictOpenError, UsageError
from taptill.domain.money import Currency, Money
from taptill.journal.back_office.conflicts import (
    ConflictCase,
    case_figures,
    charge_before,
    entries_of,
    last_attempt,
    open_cases,
    sums_of,
)
from taptill.journal.back_office.export_files import FORMS, write_rows
from taptill.journal.identity import age_s
from taptill.journal.identity import currency as currency_of
from taptill.journal.queries import JournalQueries
from taptill.settlement.ports import Capabilities
from taptill.settlement.reconcile import ConflictReason as Reason
from taptill.settlement.reconcile import same_amount
from taptill.settlement.requests import (
    Choice,
    Later,
    NoAnswer,
    OnDesk,
    Outcome,
    Resolution,
    Settled,
    Stopped,
)
from taptill.wiring import Sender, check_reader, sender

WORDS = {
    Reason.MARK_LOST: "debtData was emptied or replaced: the money may or may not be in totalDebt",
    Reason.COPIED_ROW: "the row bears the mark of another customer: somebody copied it",
    Reason.NO_PLACE: "debtData is no object, there is no place for a mark: empty it, then retry",
    Reason.UNKNOWN_MARK: "the row bears a mark of this till that it never wrote",
    Reason.SHARED_DEBT_DATA: "debtData holds somebody else's keys: [settlement] share_debt_data",
    Reason.REFUSED: "the backend refused the update for good",
    Reason.GONE: "the backend does not show this customer any more, asked five times in a row",
    Reason.MARK_BACK: "an older debtData was put back, not the total: the money is most likely in",
    Reason.FORKED: "it was open when this journal parted from its twin, which may have sent it",
}
YES = click.option("--yes", is_flag=True, help="Do not ask.")
COLUMNS = (
    *("customer", "external_id", "initials", "card", "goods", "reason", "in_question", "currency"),
    *("since", "seq", "detail", "words"),
)


@click.group()
def conflicts() -> None:
    """Decide about money that settlement cannot place by itself: the conflict desk.

    \b
    Examples:
      taptill conflicts list
      taptill conflicts show 7
      taptill conflicts retry 7 --staff Jo --reason "the office restored the row"
      taptill conflicts write-off 7 --staff Jo --reason "has left" --yes
    """


@conflicts.command(name="list")
@STATE
@JSON
def list_(state_dir: Path | None, *, as_json: bool) -> None:
    """List the open cases, oldest first; the till may go on meanwhile.

    \b
    Example:
      taptill conflicts list --json
    """
    with journal_reads(state_dir) as reads:
        found = _rows(reads)
        currency = currency_of(reads)
    for row in found:
        click.echo(json.dumps(row) if as_json else _line(row, currency))
    if not found and not as_json:
        click.echo("nothing waits on the conflict desk")


@conflicts.command()
@STATE
@JSON
@click.argument("customer", type=int)
def show(state_dir: Path | None, customer: int, *, as_json: bool) -> None:
    """Show a case with all entries of its customer.

    \b
    Example:
      taptill conflicts show 7
    """
    with journal_reads(state_dir) as reads:
        currency = currency_of(reads)
        case = _case(reads, customer)
        row, figures = _row(reads, case, currency), case_figures(reads.connection, case)
        history = list(entries_of(reads.connection, customer))
    if as_json:
        told = {"figures": named(figures, currency.text), "entries": [_columns(e) for e in history]}
        click.echo(json.dumps({**row, **told}))
        return
    click.echo(_line(row, currency))
    for entry in history:
        money = "" if entry.amount_minor is None else shown(Money(entry.amount_minor), currency)
        click.echo(f"{entry.seq:8} {entry.at} {entry.kind:12} {money:>10}".rstrip())
    for line in compared(figures, case, currency):
        click.echo(line)
    click.echo("ways out: taptill conflicts retry | accept | write-off, each after a new look")


@conflicts.command()
@CONFIG
@STATE
@STAFF
@REASON
@click.option("--unchanged", is_flag=True, help="All whose totalDebt is exactly as last seen.")
@click.option(
    "--booked",
    metavar="AMOUNT",
    help="So much of all that this till has charged this customer is in totalDebt; 0: none of it.",
)
@YES
@click.argument("customer", type=int, required=False)
def retry(**options: Any) -> None:
    """Send what is not in the row yet.

    The mark in the row says how much is in. Where the mark was lost, say it with --booked, after a
    look at the figures of taptill conflicts show: 0 sends all again, an amount the rest. With
    --unchanged all customers are taken whose debtData was lost while totalDebt is exactly as last
    seen: there all that was sent is still in.

    \b
    Examples:
      taptill conflicts retry 7 --staff Jo --reason "the limit was raised"
      taptill conflicts retry 7 --booked 0 --staff Jo --reason "a copy of Monday was restored"
      taptill conflicts retry 7 --booked 3.20 --staff Jo --reason "the first sale is in" --yes
      taptill conflicts retry --unchanged --staff Jo --reason "an import emptied debtData"
    """
    customer, booked = options["customer"], options["booked"]
    if options["unchanged"] == (customer is not None):
        raise UsageError(problem="name one customer, or say --unchanged")
    resolution = Resolution(Choice.RETRY, options["staff"], options["reason"])
    if booked is not None and customer is None:
        raise UsageError(problem="--booked is about one customer")
    if booked is not None:
        resolution = _saying(options, resolution, customer, booked)
    chosen = None if customer is None else [customer]
    _decide(options["option"], options["state_dir"], resolution, chosen)


def _saying(
    options: Mapping[str, Any], resolution: Resolution, customer: int, booked: str
) -> Resolution:
    """Add what a person says to be booked, after asking; it must be a sum that can be in."""
    with journal_reads(options["state_dir"]) as reads:
        case, currency = _case(reads, customer), currency_of(reads)
        least, most = sums_of(reads.connection, case.position)
    try:
        said = currency.parse(booked.replace(",", "."))
    except ValueError:
        example = currency.text(Money(320))
        raise UsageError(problem=f"--booked {booked!r} is no amount: write {example}") from None
    if not least <= said.minor <= most:
        between = f"{shown(Money(least), currency)} and {shown(Money(most), currency)}"
        raise UsageError(
            problem=f"--booked {booked}: of customer {customer} between {between} can be in"
        )
    last = case.position.last
    rest = shown(Money((last.total if last else 0) - said.minor), currency)
    asked = f"{shown(said, currency)} of customer {customer} is in totalDebt: send {rest}?"
    if not options["yes"]:
        click.confirm(asked, abort=True)
    return replace(resolution, amount=_in_question(case).minor, booked_minor=said.minor)


@conflicts.command()
@CONFIG
@STATE
@STAFF
@REASON
@YES
@click.argument("customer", type=int)
def accept(**options: Any) -> None:
    """Take all of it as booked already: the mark is written, totalDebt stays as it is.

    \b
    Example:
      taptill conflicts accept 7 --staff Jo --reason "booked by hand on Monday"
    """
    _end(Choice.ACCEPT, "Take {amount} of customer {customer} as booked already?", options)


@conflicts.command(name="write-off")
@CONFIG
@STATE
@STAFF
@REASON
@YES
@click.argument("customer", type=int)
def write_off(**options: Any) -> None:
    """Take the amount in question out of these books: nobody will be charged for it.

    \b
    Example:
      taptill conflicts write-off 7 --staff Jo --reason "has left" --yes
    """
    _end(Choice.WRITE_OFF, "Write off {amount} of customer {customer}?", options)


def _end(choice: Choice, question: str, options: dict[str, Any]) -> None:
    """Ask about the amount in question; what is in question then is what is decided about."""
    customer = options["customer"]
    with journal_reads(options["state_dir"]) as reads:
        amount = shown(_in_question(_case(reads, customer)), currency_of(reads))
        in_question = _in_question(_case(reads, customer)).minor
        who = initials_of(reads, customer)
        named = f"{customer} ({plain(who)})" if who else str(customer)
        asked = question.format(amount=amount, customer=named)
    if not options["yes"]:
        click.confirm(asked, abort=True)
    resolution = Resolution(choice, options["staff"], options["reason"], in_question)
    _decide(options["option"], options["state_dir"], resolution, [customer])


@conflicts.command()
@STATE
@click.option("--format", "form", type=click.Choice(FORMS), default="csv")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def export(state_dir: Path | None, form: str, file: Path) -> None:
    """Write the open cases to a file for the office; they stay on the desk.

    \b
    Example:
      taptill conflicts export cases.csv
    """
    with journal_reads(state_dir) as reads:
        rows = _rows(reads)
    with written(file) as target:
        write_rows(target, form, COLUMNS, rows)
    click.echo(f"{many(len(rows), 'case is', 'cases are')} in {file}")


def _decide(
    option: Path | None,
    state_dir: Path | None,
    resolution: Resolution,
    chosen: Sequence[int] | None,
) -> None:
    config = configs.load(configs.find_config(option), check_reader)
    journal_at(state_dir)  # or say that there is none: a sender would begin one
    state = configs.state_dir(state_dir)

    async def work() -> None:
        async with sender(config, state, configs.read_token(config)) as connected:
            faults = []
            for customer in await _unchanged(connected) if chosen is None else chosen:
                case = _case(connected.journal.queries, customer)
                await _refuse_hasty(connected, customer, resolution, config.settlement.late_max_s)
                said = resolution if chosen is not None else _as_seen(resolution, case)
                outcome = await connected.settlement.resolve(customer, said)
                why = _why_open(connected.journal.queries, customer, outcome, said)
                if why:
                    faults.append(ConflictOpenError(customer=customer, why=why))
                else:
                    click.echo(f"customer {customer}: done")
            for fault in faults[:-1]:  # one case does not keep the others waiting
                click.echo(f"taptill: {fault}", err=True)
            if faults:
                raise faults[-1]

    asyncio.run(work())


async def _refuse_hasty(
    connected: Sender, customer: int, resolution: Resolution, late_max_s: float
) -> None:
    """Raise while an update may still land that says the same mark and another total.

    Not where conditions are obeyed: there it would be refused.
    """
    attempt = last_attempt(connected.journal.queries.connection, customer)
    if attempt is None or (resolution.choice is Choice.RETRY and resolution.booked_minor is None):
        return
    offers = await connected.api.capabilities()
    left_s = late_max_s - age_s(attempt, SystemClock())
    if left_s > 0 and not (isinstance(offers, Capabilities) and offers.conditional_update):
        why = f"a request may still be under way: decide again in {round(left_s + 1)} s"
        raise ConflictOpenError(customer=customer, why=why)


async def _unchanged(connected: Sender) -> list[int]:
    """Find the cases of lost marks whose total is exactly as last seen, with a new look each."""
    found = []
    for case in open_cases(connected.journal.queries.connection):
        total = case.position.row_total
        if case.reason == Reason.MARK_LOST and total is not None:
            row = await connected.api.read_row(case.position.customer_id)
            if isinstance(row, NoAnswer):
                raise BackendError(detail=f"{row.reason}; nothing was decided, try again")
            if isinstance(row, Snapshot) and same_amount(row.total, total):
                found.append(case.position.customer_id)
    click.echo(f"{many(len(found), 'customer')} whose total is exactly as last seen")
    return found


def _as_seen(resolution: Resolution, case: ConflictCase) -> Resolution:
    """Say that the row holds what it did when its mark was last seen."""
    seen = case.position.row_mark
    return replace(resolution, booked_minor=seen.total if seen else 0)


def _why_open(
    reads: JournalQueries, customer: int, outcome: Outcome, resolution: Resolution
) -> str:
    """Say why a case stays on the desk; empty where it is over."""
    match outcome:
        case Settled():
            return ""
        case OnDesk(now):
            position = reads.position(customer)
            reason = now or (position.conflict if position else None)
            unsaid = resolution.choice is Choice.RETRY and resolution.booked_minor is None
            if unsaid and reason in UNTOLD:
                return f"say how much of it is in totalDebt: {WAYS.format(customer=customer)}"
            return WORDS[Reason(reason)] if reason else "look again: taptill conflicts show"
        case Later(reason):
            return f"not now ({reason}), try again"
        case Stopped(reason):
            return f"settlement is stopped ({reason})"


def _case(reads: JournalQueries, customer: int) -> ConflictCase:
    found = [one for one in open_cases(reads.connection) if one.position.customer_id == customer]
    if not found:
        raise UsageError(problem=f"customer {customer} has no case on the conflict desk")
    return found[0]


def _in_question(case: ConflictCase) -> Money:
    return Money(case.position.in_question)


def _rows(reads: JournalQueries) -> list[dict[str, Any]]:
    currency = currency_of(reads)
    return [_row(reads, case, currency) for case in open_cases(reads.connection)]


def _row(reads: JournalQueries, case: ConflictCase, currency: Currency) -> dict[str, Any]:
    customer = case.position.customer_id
    return {
        "customer": customer,
        "external_id": charge_before(reads.connection, customer, SEQ_MAX).get("external_id", ""),
        "initials": initials_of(reads, customer),
        "card": card_of(Path(reads.path).parent, customer),
        "goods": goods_of(reads, case.position),
        "reason": case.reason,
        "in_question": currency.text(_in_question(case)),
        "currency": currency.code,
        "since": case.since.at if case.since else "",
        "seq": case.since.seq if case.since else None,
        "detail": case.detail,
        "words": WORDS[Reason(case.reason)],
    }


def _line(row: Mapping[str, Any], currency: Currency) -> str:
    detail = f" ({row['detail']})" if row["detail"] else ""
    card = f"card {plain(row['card'])}" if row["card"] else ""
    person = ", ".join(one for one in (plain(row["initials"]), card) if one)
    what = [one for one in (person, plain(row["goods"])) if one]
    below = f"\n    {': '.join(what)}" if what else ""
    money = shown(currency.parse(row["in_question"]), currency)
    return (
        f"customer {row['customer']}: {money} in question since {row['since']}, "
        f"{row['reason']}: {row['words']}{detail}{below}"
    )


def _columns(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in Entry.__slots__}
