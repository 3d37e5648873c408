"""The commands `taptill customers pay | pay-out | history | log`."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from taptill.backend.rows import StaffCustomer
from taptill.backend.staff.client import StaffClient
from taptill.backend.staff.ledger import AuditRecord, LedgerClient, LedgerEntry
from taptill.cli.customers import record
from taptill.cli.customers.desk import (
    CUSTOMER,
    config_of,
    line,
    money_of,
    print_one,
    run,
    standing,
)
from taptill.cli.customers.record import BOOKINGS, StaffAction
from taptill.cli.options import CONFIG, JSON, STAFF_NAMED, Words
from taptill.cli.output import by_whom, company_act, sanitised, when
from taptill.config import Config
from taptill.domain.errors import UsageError
from taptill.domain.money import ZERO, Currency, Money

OPENING = frozenset({"import", "sample", "upgrade"})
"""Names under which a balance is booked that a customer had before the ledger began."""
ACTS_SHOWN = 50
ACTS_MAX = 1000
REASON = click.option(
    "--reason", required=True, type=Words(), help="Why, in a few words for the ledger."
)
REQUEST = click.option(
    "--request",
    type=Words(),
    help="Repeats a booking that was not heard of, under the name that its error gave: it is "
    "booked once.",
)
_FIGURE = re.compile(r"[0-9]+(?:[.,][0-9]+)?")


@click.command()
@CONFIG
@JSON
@REASON
@STAFF_NAMED
@REQUEST
@CUSTOMER
@click.argument("amount")
def pay(option: Path | None, customer: int, amount: str, **options: Any) -> None:
    """Book what a customer brings: the debt goes down by AMOUNT, or the money in advance up.

    An increment, never a balance: what tills charge at the same moment is not lost.

    \b
    Examples:
      taptill customers pay 7 20.00 --reason "cash at the desk"
      taptill customers pay 7 12,50 --reason "transfer of 2 November" --staff Jo
    """
    _book(option, customer, amount, options, sign=-1)


@click.command(name="pay-out")
@CONFIG
@JSON
@REASON
@STAFF_NAMED
@REQUEST
@CUSTOMER
@click.argument("amount")
def pay_out(option: Path | None, customer: int, amount: str, **options: Any) -> None:
    """Book what a customer gets: the debt goes up by AMOUNT, or the money in advance down.

    \b
    Example:
      taptill customers pay-out 7 12.30 --reason "leaves, paid back in cash"
    """
    _book(option, customer, amount, options, sign=1)


def _book(
    option: Path | None, customer: int, amount: str, options: Mapping[str, Any], *, sign: int
) -> None:
    config = config_of(option)
    by = read_amount(amount, config.till.currency) * sign

    async def book(work: StaffClient) -> StaffCustomer | None:
        return await LedgerClient(work).book(
            customer, by, options["reason"], options["request"] or ""
        )

    action = StaffAction("pay" if sign < 0 else "pay-out", [customer], ["totalDebt"])
    details = run(config, book, action, options["staff"])
    booking = f"{money_of(config, abs(by))} {'paid in' if sign < 0 else 'paid out'}"
    if details is None:
        look = f"taptill customers history {customer}"
        sentence = f"{booking}: it is booked, and the customer could not be read since: {look}"
        click.echo(sentence, err=True)
        if options["as_json"]:
            click.echo(json.dumps({"id": customer, "total_debt": None}))
        return
    if not options["as_json"]:
        click.echo(f"{booking}, now {standing(config, details.snapshot.debt)}")
        click.echo(line(details, config))
        return
    print_one(details, config, as_json=True)


def read_amount(text: str, currency: Currency) -> Money:
    """Return an amount that somebody typed; raise UsageError where it is ambiguous or not positive.

    A comma or point before at most as many digits as the currency has is the decimal mark;
    thousands marks are not accepted.
    """
    figure = text.strip().replace(",", ".")
    fits = _FIGURE.fullmatch(text.strip()) is not None
    if fits and len(figure.partition(".")[2]) <= currency.digits:
        try:
            read = currency.parse(figure)
        except ValueError:  # larger than any balance may be
            read = ZERO
        if read > ZERO:
            return read
    example = currency.text(Money(1250 * 10**currency.digits // 100))
    problem = f"an amount is more than nothing and written like {example}, without thousands marks"
    raise UsageError(problem=problem)


@click.command()
@CONFIG
@JSON
@CUSTOMER
def history(option: Path | None, customer: int, *, as_json: bool) -> None:
    """Tell a customer's ledger in words, the oldest entry first, each with who booked it.

    That is the person and, in brackets, the token; a till has its token's name alone.

    \b
    Examples:
      taptill customers history 7
      taptill customers history 7 --json
    """
    config = config_of(option)
    movements = run(config, lambda work: LedgerClient(work).history(customer))
    for movement in movements:
        if as_json:
            text = config.till.currency.text
            columns = {
                name: getattr(movement, name) for name in ("id", "at", "who", "staff", "reason")
            }
            click.echo(
                json.dumps({**columns, "by": text(movement.by), "total_debt": text(movement.debt)})
            )
        else:
            click.echo(_movement_line(movement, config))
    if not movements and not as_json:
        click.echo("nothing was ever booked")


def _movement_line(movement: LedgerEntry, config: Config) -> str:
    amount = money_of(config, abs(movement.by))
    now = standing(config, movement.debt)
    return f"{when(movement.at)}  {amount} {_what_happened(movement)}, then {now}"


def _what_happened(movement: LedgerEntry) -> str:
    """Return a phrase that says what was done with the amount, and by whom."""
    if movement.who in OPENING and not movement.reason:
        did = "brought along" if movement.by < ZERO else "owed at the beginning"
    elif movement.by < ZERO:
        did = "paid in" if movement.reason else "given back"
    else:
        did = "paid out" if movement.reason else "charged"
    why = f": {sanitised(movement.reason)}" if movement.reason else ""
    return f"{did} by {by_whom(movement.staff, movement.who)}{why}"


@click.command()
@CONFIG
@JSON
@click.option("--customer", type=click.IntRange(min=1), help="Of this customer alone.")
@click.option(
    "--last",
    type=click.IntRange(1, ACTS_MAX),
    default=ACTS_SHOWN,
    show_default=True,
    help="So many of the newest.",
)
@click.option("--companies", is_flag=True, help="What was done to companies instead.")
def log(
    option: Path | None, customer: int | None, last: int, *, as_json: bool, companies: bool
) -> None:
    """Tell who did what, the newest first: changes of customers, and what people booked.

    The service keeps it. Of a backend that does not, this machine keeps what was done from here.
    What tills charged stands in `history`.

    \b
    Examples:
      taptill customers log
      taptill customers log --customer 7
      taptill customers log --companies
    """
    if companies and customer is not None:
        raise UsageError(problem="say one of --customer and --companies")
    config = config_of(option)
    if companies:
        for act in run(config, lambda work: LedgerClient(work).company_audit_records(last)):
            click.echo(json.dumps(asdict(act)) if as_json else company_act(asdict(act)))
        return

    async def look(work: StaffClient) -> list[AuditRecord | LedgerEntry]:
        offers, accounts = await work.capabilities(), LedgerClient(work)
        local_records = record.read(customer, last)
        if not offers.leaving:
            return [*local_records]
        records: list[AuditRecord | LedgerEntry] = [*await accounts.audit_records(customer, last)]
        if offers.request:
            records += await accounts.entries_by_staff(customer, last)
        else:
            records += [entry for entry in local_records if entry.act in BOOKINGS]
        return sorted(records, key=lambda entry: entry.at, reverse=True)[:last]

    for entry in run(config, look):
        click.echo(_json_line(entry, config) if as_json else _log_line(entry, config))


def _json_line(entry: AuditRecord | LedgerEntry, config: Config) -> str:
    if isinstance(entry, AuditRecord):
        return json.dumps(asdict(entry))
    act = "pay" if entry.by < ZERO else "pay-out"
    booking = AuditRecord(
        entry.at, entry.customer, act=act, who=entry.who, staff=entry.staff, fields=["totalDebt"]
    )
    by = config.till.currency.text(entry.by)
    return json.dumps({**asdict(booking), "by": by, "reason": entry.reason})


def _log_line(entry: AuditRecord | LedgerEntry, config: Config) -> str:
    head = f"{when(entry.at)}  customer {entry.customer}: "
    if isinstance(entry, LedgerEntry):
        return f"{head}{money_of(config, abs(entry.by))} {_what_happened(entry)}"
    fields = f" of {', '.join(map(sanitised, entry.fields))}" if entry.fields else ""
    return f"{head}{entry.act}{fields} by {by_whom(entry.staff, entry.who)}"


COMMANDS = (pay, pay_out, history, log)
