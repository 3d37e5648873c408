"""`taptill service import --undo` in: what would be taken back shown and asked, then done."""

import json
import sys
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import click

from taptill.cli.output import many, plain, shown
from taptill.cli.service.progress import bar
from taptill.domain.errors import UsageError
from taptill.domain.money import Currency


def undo(work: Any, currency: Currency, *, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Show what an undo does, ask, and do it; UsageError where nobody can be asked."""
    count = work.acts()
    if not (dry_run or yes) and (as_json or not sys.stdin.isatty()):
        problem = "an undo asks first: say --yes where nobody answers, or --dry-run to look"
        raise UsageError(problem=problem)
    with bar("looking", count) as advance:
        told = work.preview(advance)
    if not as_json:
        _tell(told, currency)
    # Where the rest can no longer be undone, only the import is marked as undone.
    done = not dry_run and (told.complete or not told.nothing)
    if done:
        if not (yes or told.nothing):
            click.confirm("Take this back?", abort=True)
        with bar("undoing", count) as advance:
            told = work.apply(advance)
    if as_json:
        click.echo(json.dumps({**asdict(told), "done": done}, default=str))
    else:
        _tell_end(told, done=not dry_run)
    return 0


def value_shown(value: Any, currency: Currency) -> str:
    """Write a field's value for a person."""
    match value:
        case Decimal():
            return shown(currency.parse(str(value)), currency)
        case None:
            return "(nothing)"
        case bool():
            return str(value).lower()
        case _:
            return plain(str(value))


def _tell(told: Any, currency: Currency) -> None:
    for one in told.gone:
        click.echo(f"to be removed: customer {one.id} {plain(one.name)}")
    for one in told.put_back:
        edits = ", ".join(
            f"{name} {value_shown(old, currency)} -> {value_shown(new, currency)}"
            for name, (old, new) in one.fields.items()
        )
        click.echo(f"to be put back: customer {one.id} {plain(one.name)}: {edits}")
    for name in told.companies:
        click.echo(f"to be removed: company {plain(name)}")
    for words, left in (("left as it is", told.kept), ("could not be put back", told.failed)):
        for one in left:
            click.echo(f"customer {one.id} {plain(one.name)} {words}: {one.why}")
    for one in told.companies_kept:
        click.echo(f"company {plain(one.name)} left as it is: {one.why}")
    named = sum(map(len, (told.gone, told.kept, told.failed)))
    others = told.removed + told.kept_count + told.failed_count - named
    if others > 0:
        click.echo(f"... and {many(others, 'customer')} more")


def _tell_end(told: Any, *, done: bool) -> None:
    would = "" if done else "would be "
    removed = f"{many(told.removed, 'customer')} {would}removed"
    counts = [removed, f"{told.changed_back} {would}put back"]
    if told.companies:
        companies = many(len(told.companies), "company", "companies")
        counts.append(f"{companies} {would}removed")
    if told.kept_count:
        counts.append(f"{told.kept_count} left")
    click.echo(f"import {told.import_id}: {', '.join(counts)}")
    if not told.complete:
        click.echo("what is left can be tried again with the same command")
