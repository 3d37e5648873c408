"""The commands `taptill service token ...`."""

import json
import os
from pathlib import Path

import click

from taptill.cli.options import JSON
from taptill.cli.service.databases import DATABASE, import_service, open_engine
from taptill.domain.errors import ServiceError, UsageError


@click.group()
def token() -> None:
    """Let a till or the office in, or no more."""


@token.command()
@DATABASE
@click.option(
    "--role",
    type=click.Choice(["till", "cards", "office"]),
    required=True,
    help="till: select, and update totalDebt and debtData; cards: select, and update cardId and "
    "isBlocked (F6 at a till); office: everything.",
)
@click.option("--name", default="", help="Whose token this is; the ledger of money names it.")
@click.option("--out", type=click.Path(path_type=Path), help="A new file for it, mode 0600.")
def add(database: str, role: str, name: str, out: Path | None) -> None:
    """Make a token and show it once; the database keeps its hash only.

    \b
    Example:
      taptill service token add customers.db --role till --name bar --out token
    """
    with open_engine(database) as engine:
        (tokens,) = import_service("tokens")
        target = _new_file(out) if out else None
        new_token = tokens.add_token(engine, tokens.TokenRole(role), name)
    if target is None:
        click.echo(new_token)
    else:
        with os.fdopen(target, "w") as file:
            file.write(f"{new_token}\n")
        click.echo(f"the token is in {out}")


@token.command("list")
@DATABASE
@JSON
def list_all(database: str, *, as_json: bool) -> None:
    """Show number, role and name of each token; the tokens themselves are nowhere.

    \b
    Example:
      taptill service token list customers.db
    """
    with open_engine(database) as engine:
        (tokens,) = import_service("tokens")
        all_tokens = tokens.list_tokens(engine)
    rows = [{"id": item.id, "role": item.role.value, "name": item.name} for item in all_tokens]
    if as_json:
        click.echo(json.dumps(rows))
    for row in [] if as_json else rows:
        click.echo("{id:>4}  {role:<8}{name}".format_map(row).rstrip())


@token.command()
@DATABASE
@click.argument("number", type=click.IntRange(1))
def revoke(database: str, number: int) -> None:
    """Let the token with a number of `token list` in no more; a second later it is refused.

    \b
    Example:
      taptill service token revoke customers.db 3
    """
    with open_engine(database) as engine:
        (tokens,) = import_service("tokens")
        if not tokens.revoke_token(engine, number):
            raise UsageError(problem=f"there is no token {number}: see taptill service token list")
    click.echo(f"token {number} is revoked")


def _new_file(path: Path) -> int:
    try:
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as fault:
        raise ServiceError(detail=f"{path} cannot be made: {fault.strerror}") from fault
