"""Output of commands: texts that cannot steer a terminal, amounts, instants and people."""

import os
import pwd
import re
import sys
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

import click

from taptill import config as configs
from taptill.domain.currencies.writing import amount
from taptill.domain.customer import stamp
from taptill.domain.errors import UsageError
from taptill.domain.money import Currency, Money

SANITISED_MAX = 200
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""What a spreadsheet takes for a formula. Source: OWASP's page on CSV injection."""
_LIKE_A_NUMBER = re.compile(r"0\d+|\d{16,}|\d+[Ee]\d+")
"""An identifier that a spreadsheet would change: leading zeros, many digits, an exponent."""


def sanitised(text: str, longest: int = SANITISED_MAX) -> str:
    """Return one line of printable characters, at most `longest` of them.

    Control and bidirectional characters become `?`, so a text cannot steer the terminal.
    """
    visible = "".join(letter if letter.isprintable() else "?" for letter in text[: longest + 1])
    return f"{visible[:longest]}…" if len(visible) > longest else visible


def spreadsheet_text(text: str) -> str:
    """Return a text that a spreadsheet shows as it is: an apostrophe goes before a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def spreadsheet_identifier(text: str) -> str:
    """Return an identifier that a spreadsheet leaves as it is, though it look like a number."""
    return f'="{text}"' if _LIKE_A_NUMBER.fullmatch(text) else spreadsheet_text(text)


def confirm(question: str, *, err: bool = False) -> None:
    """Ask a person and return if they agree; on standard error where `err` is set.

    Raise click.Abort if they do not, and UsageError where nobody can answer: the command has --yes.
    """
    try:
        agreed = click.confirm(question, err=err)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        problem = "this asks first, and nobody answers here: look, then say --yes"
        raise UsageError(problem=problem) from None
    if not agreed:
        raise click.Abort


def login() -> str:
    """Return the name of the account that runs this program, for records of who did what."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # the account is in no list of users
        name = str(os.getuid())
    return sanitised(name)


def shown(money: Money, currency: Currency) -> str:
    """Return an amount with its currency's sign as the shell's language writes it: `0,30 €`."""
    return amount(money, currency, configs.shell_language())


def when(at: str, zone: tzinfo | None = None) -> str:
    """Return an instant to the minute, in a time zone or in this machine's."""
    moment = stamp(at)
    return sanitised(at) if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def by_whom(staff: str, token_name: str) -> str:
    """Return the person with the token's name in brackets, or whichever of the two is known."""
    names = [sanitised(name) for name in (staff, token_name) if name] or ["somebody unnamed"]
    return f"{names[0]} ({names[1]})" if len(names) > 1 else names[0]


def company_act(act: Mapping[str, Any]) -> str:
    """Return a line that says who did what to a company, from an entry of `CompanyChanges`."""
    company_names = [
        row["name"] for row in (act["before"], act["after"]) if row and row.get("name")
    ]
    names = " -> ".join(dict.fromkeys(sanitised(str(name)) for name in company_names))
    did = f"{sanitised(act['act'])} by {by_whom(act['staff'] or '', act['who'])}"
    return f"{when(act['at'])}  company {act['company']} ({names}): {did}"
