"""The commands `taptill conflicts retry | accept | write-off`: decisions about a case."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from taptill import config as configs
from taptill.cli.conflicts.words import ANSWERS, WORDS
from taptill.cli.options import CONFIG, REASON, STAFF, STATE, journal_at, journal_queries
from taptill.cli.output import confirm, sanitised, shown
from taptill.domain.errors import ConflictOpenError, UsageError
from taptill.domain.money import Money
from taptill.domain.technical.counting import many
from taptill.journal.back_office.conflicts import sums_of
from taptill.journal.identity import currency as currency_of
from taptill.journal.queries import JournalQueries
from taptill.operations.cases import AMOUNT_UNKNOWN, initials_of
from taptill.operations.resolving import (
    case_of,
    customers_with_last_total,
    resolve,
    resolve_as_last_seen,
)
from taptill.settlement.reconcile import ConflictReason
from taptill.settlement.requests import Choice, Later, OnDesk, Outcome, Resolution, Settled, Stopped
from taptill.wiring.readers import check_reader
from taptill.wiring.sending import Sender, sender

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
    customer, booked_text = options["customer"], options["booked"]
    if options["unchanged"] == (customer is not None):
        raise UsageError(problem="name one customer, or say --unchanged")
    resolution = Resolution(Choice.RETRY, options["staff"], options["reason"])
    if booked_text is not None and customer is None:
        raise UsageError(problem="--booked is about one customer")
    if booked_text is not None:
        resolution = _with_booked_amount(options, resolution, customer, booked_text)
    customers = None if customer is None else [customer]
    _decide(options["option"], options["state_dir"], resolution, customers)


def _with_booked_amount(
    options: Mapping[str, Any], resolution: Resolution, customer: int, booked_text: str
) -> Resolution:
    """Return the resolution with the amount that a person says is booked, after a question.

    Raise UsageError for an amount that cannot be in the row.
    """
    with journal_queries(options["state_dir"]) as queries:
        case, currency = case_of(queries, customer), currency_of(queries)
        minimum, maximum = sums_of(queries.connection, case.position)
    try:
        amount = currency.parse(booked_text.replace(",", "."))
    except ValueError:
        example = currency.text(Money(320))
        raise UsageError(
            problem=f"--booked {booked_text!r} is no amount: write {example}"
        ) from None
    if not minimum <= amount.minor <= maximum:
        between = f"{shown(Money(minimum), currency)} and {shown(Money(maximum), currency)}"
        raise UsageError(
            problem=f"--booked {booked_text}: of customer {customer} between {between} can be in"
        )
    last = case.position.last
    rest = shown(Money((last.total if last else 0) - amount.minor), currency)
    question = f"{shown(amount, currency)} of customer {customer} is in totalDebt: send {rest}?"
    if not options["yes"]:
        confirm(question)
    return replace(resolution, amount=case.position.in_question, booked_minor=amount.minor)


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
    _ask_and_decide(
        Choice.ACCEPT, "Take {amount} of customer {customer} as booked already?", options
    )


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
    _ask_and_decide(Choice.WRITE_OFF, "Write off {amount} of customer {customer}?", options)


def _ask_and_decide(choice: Choice, question: str, options: dict[str, Any]) -> None:
    """Ask about the amount in question, then decide about exactly that amount."""
    customer = options["customer"]
    with journal_queries(options["state_dir"]) as queries:
        amount = shown(Money(case_of(queries, customer).position.in_question), currency_of(queries))
        in_question = case_of(queries, customer).position.in_question
        initials = initials_of(queries, customer)
        customer_text = f"{customer} ({sanitised(initials)})" if initials else str(customer)
        prompt = question.format(amount=amount, customer=customer_text)
    if not options["yes"]:
        confirm(prompt)
    resolution = Resolution(choice, options["staff"], options["reason"], in_question)
    _decide(options["option"], options["state_dir"], resolution, [customer])


def _decide(
    option: Path | None,
    state_dir: Path | None,
    resolution: Resolution,
    customers: Sequence[int] | None,
) -> None:
    config = configs.load(configs.find_config(option), check_reader)
    journal_at(state_dir)  # raises where there is no journal: a sender would create one
    state = configs.state_dir(state_dir)

    late_max_s = config.settlement.late_max_s

    async def work() -> None:
        async with sender(config, state, configs.read_token(config)) as connection:
            faults = []
            for customer in (
                await _customers_with_last_total(connection) if customers is None else customers
            ):
                if customers is None:
                    outcome = await resolve_as_last_seen(connection, customer, resolution)
                else:
                    outcome = await resolve(connection, customer, resolution, late_max_s)
                missing = customers is not None and resolution.relies_on_row
                why = _why_open(connection.journal.queries, customer, outcome, lacks_sum=missing)
                if why:
                    faults.append(ConflictOpenError(customer=customer, why=why))
                else:
                    click.echo(f"customer {customer}: done")
            for fault in faults[:-1]:  # a case that stays open does not stop the others
                click.echo(f"taptill: {fault}", err=True)
            if faults:
                raise faults[-1]

    asyncio.run(work())


async def _customers_with_last_total(connection: Sender) -> list[int]:
    customers = await customers_with_last_total(connection)
    click.echo(f"{many(len(customers), 'customer')} whose total is exactly as last seen")
    return customers


def _why_open(queries: JournalQueries, customer: int, outcome: Outcome, *, lacks_sum: bool) -> str:
    """Return why a case stays on the desk, empty where it is over.

    `lacks_sum` is true where nobody has said how much of the money is in the row.
    """
    match outcome:
        case Settled():
            return ""
        case OnDesk(now):
            position = queries.position(customer)
            reason = now or (position.conflict if position else None)
            if reason in AMOUNT_UNKNOWN and lacks_sum:
                return f"say how much of it is in totalDebt: {ANSWERS.format(customer=customer)}"
            return WORDS[ConflictReason(reason)] if reason else "look again: taptill conflicts show"
        case Later(reason):
            return f"not now ({reason}), try again"
        case Stopped(reason):
            return f"settlement is stopped ({reason})"


COMMANDS = (retry, accept, write_off)
