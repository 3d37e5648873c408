"""`taptill report shift`: the running shift as it stands, or one that was closed."""

from contextlib import closing
from pathlib import Path
from typing import Any

import click

from taptill import config as configs
from taptill.cli.output import sanitised, when
from taptill.cli.receipt.printing import print_once, printer_address
from taptill.cli.report.documents import shift_document
from taptill.cli.report.forms import FORMS, Form, with_options
from taptill.cli.report.printout import Printout
from taptill.cli.report.shift_tables import identities_table, overrides_table, shifts_table
from taptill.cli.report.summary import (
    remarks,
    shift_remarks,
    shift_rows,
    since_remarks,
    summary_rows,
)
from taptill.cli.report.tables import ReportKind, tables_of
from taptill.clock import SystemClock, named_zone
from taptill.domain.errors import JournalBrokenError, UsageError
from taptill.domain.money import Currency
from taptill.domain.reports.report import Report
from taptill.domain.reports.shift_report import ShiftReport
from taptill.domain.technical.command_line import command_line
from taptill.domain.technical.counting import many
from taptill.journal.back_office.shift_check import shift_faults
from taptill.journal.back_office.shifts import running_report
from taptill.journal.identity import currency as newest_currency
from taptill.journal.queries import JournalQueries, archive_of
from taptill.operations.shifts import closed_shift, closed_shifts, last_shift
from taptill.wiring.readers import check_reader


@click.command()
@click.argument("number", type=click.IntRange(1), required=False)
@with_options(FORMS)
@click.option("--last", is_flag=True, help="The shift that was closed last.")
@click.option("--list", "as_list", is_flag=True, help="One row for each closed shift.")
@click.option("--print", "on_paper", is_flag=True, help="Print it on the receipt printer.")
@click.option("--check", is_flag=True, help="Count closed shifts anew, and name what differs.")
def shift(
    number: int | None,
    *,
    last: bool,
    as_list: bool,
    on_paper: bool,
    check: bool,
    **options: Any,
) -> None:
    """Show the running shift as of now (X), or the closed shift NUMBER as it was stored (Z).

    The text fits a receipt printer of 42 columns. What has become of a closed shift's sales since
    stands below its figures, which never change.

    \b
    Examples:
      taptill report shift
      taptill report shift --last --html last.html
      taptill report shift --last --print
      taptill report shift 12
      taptill report shift --list --csv > shifts.csv
      taptill report shift --check
    """
    if (number is not None) + last + as_list > 1:
        raise UsageError(problem="say one of NUMBER, --last and --list")
    if on_paper and (as_list or check):
        raise UsageError(problem="--print prints one shift: leave --list and --check away")
    form = Form(**options)
    with closing(JournalQueries(form.journal())) as queries:
        if check:
            _check(queries, number)
        elif as_list:
            form.show(_list(queries))
        else:
            report, now = _shift(queries, form, number, last=last)
            if on_paper:
                _print(report, options["option"])
            else:
                form.show(shift_printout(report, now), slip=True)


def _shift(
    queries: JournalQueries, form: Form, number: int | None, *, last: bool
) -> tuple[ShiftReport, Report | None]:
    """Return the shift with this number, the last one, or that which runs.

    The second is what has become of a closed one since.
    """
    if number is None and not last:
        return running_report(queries, form.days(), SystemClock().now()), None
    found = (
        last_shift(queries, named_zone)
        if number is None
        else closed_shift(queries, number, named_zone)
    )
    return found.report, found.now


def _print(report: ShiftReport, option: Path | None) -> None:
    """Print a report as the page of F10 shows it. Errors: UsageError, PrintingError."""
    from taptill.ui import texts  # noqa: PLC0415 - only who prints needs them
    from taptill.wiring.devices.printing import late_report_printer  # noqa: PLC0415

    config = configs.load(configs.find_config(option), check_reader)
    address = printer_address(config)
    printed = late_report_printer(config, texts.load(config.till.language))(report)
    print_once(config, address, printed)
    click.echo(f"{address}: the report of shift {report.shift.number} was sent.")


def shift_printout(report: ShiftReport, now: Report | None) -> Printout:
    """Return the report of a shift as it is printed; `now`: a closed one's figures as of now."""
    currency, number = Currency.named(report.currency), report.shift.number
    figures, made_at = report.figures, SystemClock().now()
    document = {
        "report": ReportKind.SHIFT.value,
        "till": report.till,
        "journal_id": report.journal_id,
        "as_of": made_at,
        **shift_document(report, currency),
    }
    told = [*remarks(figures, currency), *shift_remarks(report, currency)]
    if now:
        told += since_remarks(now, currency)
    return Printout(
        title=f"Shift {number}",
        heading=_heading(report),
        made_at=made_at,
        currency=currency,
        summary=(*summary_rows(figures, currency), *shift_rows(report, currency)),
        tables=(
            *tables_of(ReportKind.SHIFT, figures, currency),
            *([overrides_table(report)] if figures.overrides else ()),
            identities_table(report, currency),
        ),
        remarks=tuple(told),
        footer=_footer(report),
        document=document,
    )


def _heading(report: ShiftReport) -> str:
    """Return one line that says which shift this is, from when to when, and by whom."""
    shift, zone = report.shift, report.shift.days.zone
    words = f"till {sanitised(report.till) or '?'}, {'Z' if report.is_closed else 'X'} of shift "
    words += f"{shift.number}, business day {report.business_day}, "
    began = f"opened {when(report.opened_at, zone)}{_by(report.opened_by)}"
    words += began if report.opened_at else f"not opened, since {when(report.began_at, zone)}"
    if report.is_closed:
        return f"{words}, closed {when(report.closed_at, zone)}{_by(report.closed_by)}"
    return f"{words}, still running"


def _by(staff: str) -> str:
    return f" by {sanitised(staff)}" if staff else ""


def _footer(report: ShiftReport) -> str:
    shift, zone = report.shift, report.zone or "local time"
    entries = f"Entries {shift.from_seq} to {shift.to_seq} of the journal "
    entries += (
        f"{sanitised(report.journal_id)}, {report.first_hash[:16]} to {report.last_hash[:16]}"
    )
    ends = shift.days.ends_at.isoformat("minutes")
    return f"{entries}. Days end at {ends}, {sanitised(zone)}. Not a tax receipt."


def _list(queries: JournalQueries) -> Printout:
    reports = closed_shifts(queries, named_zone)
    identity, currency = queries.last_opened() or {}, newest_currency(queries)
    table = shifts_table(reports, currency)
    archive, told = archive_of(queries), []
    if archive and (not reports or reports[0].shift.number > 1):
        told = [f"Earlier shifts may be in the archive: {command_line('--file', archive)}"]
    till, made_at = identity.get("till", ""), SystemClock().now()
    return Printout(
        title="Closed shifts",
        heading=f"till {sanitised(till) or '?'}, closed shifts",
        made_at=made_at,
        currency=currency,
        summary=(),
        tables=(table,),
        remarks=tuple(told),
        footer=f"Of the journal {sanitised(identity.get('journal_id', ''))}. Not a tax receipt.",
        document={
            "report": "shifts",
            "till": till,
            "journal_id": identity.get("journal_id", ""),
            "as_of": made_at,
            "currency": currency.code,
        },
    )


def _check(queries: JournalQueries, number: int | None) -> None:
    """Say that all Zs agree with the journal; raise JournalBrokenError for the first that does not.

    Each difference has a line before.
    """
    faults = [
        fault for fault in shift_faults(queries, named_zone) if number in (None, fault.number)
    ]
    for fault in faults:
        click.echo(f"shift {fault.number}, entry {fault.seq}: {sanitised(fault.detail)}", err=True)
    if faults:
        detail = f"the Z of shift {faults[0].number} does not agree with the entries"
        raise JournalBrokenError(path=Path(queries.path), seq=faults[0].seq, detail=detail)
    count = len(closed_shifts(queries, named_zone))
    click.echo(f"{many(count, 'closed shift')}, each counted anew and the same: {queries.path}")
