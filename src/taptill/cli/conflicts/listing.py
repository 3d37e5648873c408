"""The commands `taptill conflicts list | show | export`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from taptill.cli.conflicts.words import WORDS, figure_lines, figure_texts
from taptill.cli.options import JSON, STATE, journal_queries
from taptill.cli.output import sanitised, shown
from taptill.domain.entry import Entry
from taptill.domain.money import Currency, Money
from taptill.domain.technical.counting import many
from taptill.durable_files import atomic_write
from taptill.journal.back_office.conflicts import (
    ConflictCase,
    case_figures,
    charge_before,
    entries_of,
    open_cases,
)
from taptill.journal.back_office.export_files import FORMS, write_rows
from taptill.journal.identity import currency as currency_of
from taptill.journal.queries import JournalQueries
from taptill.operations.cases import SEQ_MAX, card_of, goods_of, initials_of
from taptill.operations.resolving import case_of
from taptill.settlement.reconcile import ConflictReason

COLUMNS = (
    *("customer", "external_id", "initials", "card", "goods", "reason", "in_question", "currency"),
    *("since", "seq", "detail", "words"),
)


@click.command(name="list")
@STATE
@JSON
def list_(state_dir: Path | None, *, as_json: bool) -> None:
    """List the open cases, oldest first; the till may go on meanwhile.

    \b
    Example:
      taptill conflicts list --json
    """
    with journal_queries(state_dir) as queries:
        rows = _rows(queries)
        currency = currency_of(queries)
    for row in rows:
        click.echo(json.dumps(row) if as_json else _line(row, currency))
    if not rows and not as_json:
        click.echo("nothing waits on the conflict desk")


@click.command()
@STATE
@JSON
@click.argument("customer", type=int)
def show(state_dir: Path | None, customer: int, *, as_json: bool) -> None:
    """Show a case with all entries of its customer.

    \b
    Example:
      taptill conflicts show 7
    """
    with journal_queries(state_dir) as queries:
        currency = currency_of(queries)
        case = case_of(queries, customer)
        row, figures = _row(queries, case, currency), case_figures(queries.connection, case)
        history = list(entries_of(queries.connection, customer))
    if as_json:
        entries = [_columns(entry) for entry in history]
        click.echo(
            json.dumps({**row, "figures": figure_texts(figures, currency.text), "entries": entries})
        )
        return
    click.echo(_line(row, currency))
    for entry in history:
        money = "" if entry.amount_minor is None else shown(Money(entry.amount_minor), currency)
        click.echo(f"{entry.seq:8} {entry.at} {entry.kind:12} {money:>10}".rstrip())
    for line in figure_lines(figures, case, currency):
        click.echo(line)
    click.echo("ways out: taptill conflicts retry | accept | write-off, each after a new look")


@click.command()
@STATE
@click.option("--format", "form", type=click.Choice(FORMS), default="csv")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def export(state_dir: Path | None, form: str, file: Path) -> None:
    """Write the open cases to a file for the office; they stay on the desk.

    \b
    Example:
      taptill conflicts export cases.csv
    """
    with journal_queries(state_dir) as queries:
        rows = _rows(queries)
    with atomic_write(file) as target:
        write_rows(target, form, COLUMNS, rows)
    click.echo(f"{many(len(rows), 'case is', 'cases are')} in {file}")


def _rows(queries: JournalQueries) -> list[dict[str, Any]]:
    currency = currency_of(queries)
    return [_row(queries, case, currency) for case in open_cases(queries.connection)]


def _row(queries: JournalQueries, case: ConflictCase, currency: Currency) -> dict[str, Any]:
    customer = case.position.customer_id
    return {
        "customer": customer,
        "external_id": charge_before(queries.connection, customer, SEQ_MAX).get("external_id", ""),
        "initials": initials_of(queries, customer),
        "card": card_of(Path(queries.path).parent, customer),
        "goods": goods_of(queries, case.position),
        "reason": case.reason,
        "in_question": currency.text(Money(case.position.in_question)),
        "currency": currency.code,
        "since": case.since.at if case.since else "",
        "seq": case.since.seq if case.since else None,
        "detail": case.detail,
        "words": WORDS[ConflictReason(case.reason)],
    }


def _line(row: Mapping[str, Any], currency: Currency) -> str:
    detail = f" ({row['detail']})" if row["detail"] else ""
    card = f"card {sanitised(row['card'])}" if row["card"] else ""
    person = ", ".join(part for part in (sanitised(row["initials"]), card) if part)
    description = [part for part in (person, sanitised(row["goods"])) if part]
    below = f"\n    {': '.join(description)}" if description else ""
    money = shown(currency.parse(row["in_question"]), currency)
    return (
        f"customer {row['customer']}: {money} in question since {row['since']}, "
        f"{row['reason']}: {row['words']}{detail}{below}"
    )


def _columns(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in Entry.__slots__}


COMMANDS = (list_, show, export)
