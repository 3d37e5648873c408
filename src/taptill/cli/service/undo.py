"""The option `--undo` of `taptill service import`: preview, question, undo."""

import json
import sys
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import click

from taptill.cli.output import confirm, sanitised, shown
from taptill.cli.service.progress import progress_bar
from taptill.domain.errors import UsageError
from taptill.domain.money import Currency
from taptill.domain.technical.counting import many


def undo(work: Any, currency: Currency, *, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Preview an undo, ask, and run it; raises UsageError where nobody can be asked."""
    count = work.count_changes()
    if not (dry_run or yes) and (as_json or not sys.stdin.isatty()):
        problem = "an undo asks first: say --yes where nobody answers, or --dry-run to look"
        raise UsageError(problem=problem)
    with progress_bar("looking", count) as advance:
        report = work.preview(advance)
    if not as_json:
        _print_report(report, currency)
    # Where the rest can no longer be undone, only the import is marked as undone.
    is_done = not dry_run and (report.complete or not report.is_empty)
    if is_done:
        if not (yes or report.is_empty):
            confirm("Take this back?")
        with progress_bar("undoing", count) as advance:
            report = work.apply(advance)
    if as_json:
        click.echo(json.dumps({**asdict(report), "done": is_done}, default=str))
    else:
        _print_summary(report, is_done=not dry_run)
    return 0


def format_value(value: Any, currency: Currency) -> str:
    """Return a field's value as text for people."""
    match value:
        case Decimal():
            return shown(currency.parse(str(value)), currency)
        case None:
            return "(nothing)"
        case bool():
            return str(value).lower()
        case _:
            return sanitised(str(value))


def _print_report(report: Any, currency: Currency) -> None:
    for item in report.gone:
        click.echo(f"to be removed: customer {item.id} {sanitised(item.name)}")
    for item in report.put_back:
        edits = ", ".join(
            f"{name} {format_value(old, currency)} -> {format_value(new, currency)}"
            for name, (old, new) in item.fields.items()
        )
        click.echo(f"to be put back: customer {item.id} {sanitised(item.name)}: {edits}")
    for name in report.companies:
        click.echo(f"to be removed: company {sanitised(name)}")
    for outcome, skipped_customers in (
        ("left as it is", report.kept),
        ("could not be put back", report.failed),
    ):
        for item in skipped_customers:
            click.echo(f"customer {item.id} {sanitised(item.name)} {outcome}: {item.why}")
    for item in report.companies_kept:
        click.echo(f"company {sanitised(item.name)} left as it is: {item.why}")
    listed_count = sum(map(len, (report.gone, report.kept, report.failed)))
    unlisted_count = report.removed + report.kept_count + report.failed_count - listed_count
    if unlisted_count > 0:
        click.echo(f"... and {many(unlisted_count, 'customer')} more")


def _print_summary(report: Any, *, is_done: bool) -> None:
    auxiliary = "" if is_done else "would be "
    removals = f"{many(report.removed, 'customer')} {auxiliary}removed"
    counts = [removals, f"{report.changed_back} {auxiliary}put back"]
    if report.companies:
        companies = many(len(report.companies), "company", "companies")
        counts.append(f"{companies} {auxiliary}removed")
    if report.kept_count:
        counts.append(f"{report.kept_count} left")
    click.echo(f"import {report.import_id}: {', '.join(counts)}")
    if not report.complete:
        click.echo("what is left can be tried again with the same command")
