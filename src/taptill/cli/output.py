"""Hostile text in, harmless text out; and amounts, instants and people as commands show them."""

import os
import pwd
from collections.abc import Mapping
from typing import Any

from taptill import config as configs
from taptill.domain.currencies.writing import amount
from taptill.domain.customer import stamp
from taptill.domain.money import Currency, Money

PLAIN_MAX = 200


def plain(text: str, longest: int = PLAIN_MAX) -> str:
    """Give one line of visible characters: no terminal obeys it, and it turns no text around."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[: longest + 1])
    return f"{shown[:longest]}…" if len(shown) > longest else shown


def login() -> str:
    """Name who sits at this machine, for records of who did what."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # an account that no list has
        name = str(os.getuid())
    return plain(name)


def many(count: int, one: str, several: str = "") -> str:
    """Write a number with its noun: `1 customer`, `2 customers`."""
    return f"{count} {one if count == 1 else several or f'{one}s'}"


def shown(money: Money, currency: Currency) -> str:
    """Write an amount with its currency's sign, in the way of the shell's language: `0,30 €`."""
    return amount(money, currency, configs.shell_language())


def when(at: str) -> str:
    """Write an instant by the clock of this machine, to the minute."""
    moment = stamp(at)
    return plain(at) if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M}"


def by_whom(staff: str, who: str) -> str:
    """Name a person with the token in brackets, or the one of them that is known."""
    names = [plain(name) for name in (staff, who) if name] or ["somebody unnamed"]
    return f"{names[0]} ({names[1]})" if len(names) > 1 else names[0]


def company_act(one: Mapping[str, Any]) -> str:
    """Give a line of who did what to a company, from an entry of `CompanyChanges`."""
    kept = [row["name"] for row in (one["before"], one["after"]) if row and row.get("name")]
    names = " -> ".join(dict.fromkeys(plain(str(name)) for name in kept))
    did = f"{plain(one['act'])} by {by_whom(one['staff'] or '', one['who'])}"
    return f"{when(one['at'])}  company {one['company']} ({names}): {did}"
