"""`taptill conflicts retry | accept | write-off`: what a person decides about a case."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from taptill import config as configs
from taptill.cli.conflicts.words import UNTOLD, WAYS, WORDS
from taptill.cli.options import CONFIG, REASON, STAFF, STATE, journal_at, journal_reads
from taptill.cli.output import many, plain, shown
from taptill.domain.errors import ConflictOpenError, UsageError
from taptill.domain.money import Money
from taptill.journal.back_office.conflicts import sums_of
from taptill.journal.identity import currency as currency_of
from taptill.journal.queries import JournalQueries
from taptill.operations.cases import initials_of
from taptill.operations.resolving import (
    case_of,
    customers_with_last_total,
    resolve,
    resolve_as_last_seen,
)
from taptill.settlement.reconcile import ConflictReason
from taptill.settlement.requests import Choice, Later, OnDesk, Outcome, Resolution, Settled, Stopped
from taptill.wiring import Sender, check_reader, sender

YES = click.option("--yes", is_flag=True, help="Do not ask.")


@click.command()
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
        case, currency = case_of(reads, customer), currency_of(reads)
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
    return replace(resolution, amount=case.position.in_question, booked_minor=said.minor)


@click.command()
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


@click.command(name="write-off")
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
        amount = shown(Money(case_of(reads, customer).position.in_question), currency_of(reads))
        in_question = case_of(reads, customer).position.in_question
        who = initials_of(reads, customer)
        named = f"{customer} ({plain(who)})" if who else str(customer)
        asked = question.format(amount=amount, customer=named)
    if not options["yes"]:
        click.confirm(asked, abort=True)
    resolution = Resolution(choice, options["staff"], options["reason"], in_question)
    _decide(options["option"], options["state_dir"], resolution, [customer])


def _decide(
    option: Path | None,
    state_dir: Path | None,
    resolution: Resolution,
    chosen: Sequence[int] | None,
) -> None:
    config = configs.load(configs.find_config(option), check_reader)
    journal_at(state_dir)  # or say that there is none: a sender would begin one
    state = configs.state_dir(state_dir)

    late_max_s = config.settlement.late_max_s

    async def work() -> None:
        async with sender(config, state, configs.read_token(config)) as connected:
            faults = []
            for customer in await _unchanged(connected) if chosen is None else chosen:
                if chosen is None:
                    outcome = await resolve_as_last_seen(connected, customer, resolution)
                else:
                    outcome = await resolve(connected, customer, resolution, late_max_s)
                missing = chosen is not None and _lacks_sum(resolution)
                why = _why_open(connected.journal.queries, customer, outcome, lacks_sum=missing)
                if why:
                    faults.append(ConflictOpenError(customer=customer, why=why))
                else:
                    click.echo(f"customer {customer}: done")
            for fault in faults[:-1]:  # one case does not keep the others waiting
                click.echo(f"taptill: {fault}", err=True)
            if faults:
                raise faults[-1]

    asyncio.run(work())


async def _unchanged(connected: Sender) -> list[int]:
    customers = await customers_with_last_total(connected)
    click.echo(f"{many(len(customers), 'customer')} whose total is exactly as last seen")
    return customers


def _lacks_sum(resolution: Resolution) -> bool:
    return resolution.choice is Choice.RETRY and resolution.booked_minor is None


def _why_open(reads: JournalQueries, customer: int, outcome: Outcome, *, lacks_sum: bool) -> str:
    """Return why a case stays on the desk, empty where it is over.

    `lacks_sum`: nobody has said how much of the money is in the row.
    """
    match outcome:
        case Settled():
            return ""
        case OnDesk(now):
            position = reads.position(customer)
            reason = now or (position.conflict if position else None)
            if reason in UNTOLD and lacks_sum:
                return f"say how much of it is in totalDebt: {WAYS.format(customer=customer)}"
            return WORDS[ConflictReason(reason)] if reason else "look again: taptill conflicts show"
        case Later(reason):
            return f"not now ({reason}), try again"
        case Stopped(reason):
            return f"settlement is stopped ({reason})"


COMMANDS = (retry, accept, write_off)
