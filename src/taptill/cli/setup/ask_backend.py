"""Asks for the Customers API and its token, and tries them."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import get_args

import click

from taptill.cli.setup.own_service import OWN_URL, has_own_service, own_token
from taptill.cli.setup.session import SetupSession, headline, say, say_diagnoses
from taptill.config import is_token, read_token, token_in
from taptill.config.tables import Strategy
from taptill.domain.diagnosis import Verdict
from taptill.domain.errors import ConfigError
from taptill.install.setup.backend_trial import BackendTrial, try_backend

OWN = "own"
_EXAMPLE_URL = "https://api.example.org"
_SIGNS = {"positive": "negative", "negative": "positive"}


def ask_backend(session: SetupSession) -> None:
    """Ask until the backend answers, or until somebody keeps one that does not answer yet."""
    headline(2, "The Customers API")
    while True:
        _ask_address(session)
        token = _ask_token(session)
        say("  asking it ...")
        trial = asyncio.run(try_backend(session.draft.config(), token))
        say_diagnoses(trial.diagnoses)
        if not trial.has_failed:
            break
        if click.confirm("Keep it all the same? The till goes on trying", default=False):
            break
    session.card_ids = trial.card_ids
    _ask_form_of_money(session, trial)


def ask_strategy(session: SetupSession) -> None:
    """Ask how charges reach the books."""
    headline(3, "Settlement")
    say("debt: each charge is booked into the customer's totalDebt. export: files for the office.")
    default = session.draft.value("settlement", "strategy") or "debt"
    choice = click.prompt("Strategy", type=click.Choice(get_args(Strategy)), default=default)
    session.draft.set("settlement", "strategy", choice)


def _ask_address(session: SetupSession) -> None:
    draft, has_own = session.draft, has_own_service()
    hint = f" ({OWN}: the Customers service on this machine)" if has_own else ""
    is_free = draft.value("backend", "base_url") in (None, "", _EXAMPLE_URL, OWN_URL)
    session.ask(
        "backend",
        "base_url",
        f"Its address{hint}",
        default=OWN if has_own and is_free else "",
        meanings={OWN: OWN_URL} if has_own else {},
    )
    address = str(draft.value("backend", "base_url")).rstrip("/")
    prefix = str(draft.value("backend", "path_prefix") or "")
    if prefix and address.endswith(prefix):
        address = address.removesuffix(prefix)
        say(f"  {prefix} is what the till adds by itself: taken as {address}")
    draft.set("backend", "base_url", address)


def _ask_token(session: SetupSession) -> str:
    """Return the token to try; `session.token` is set where it is a new one."""
    draft = session.draft
    is_own = draft.value("backend", "base_url") == OWN_URL and has_own_service()
    session.name_token_file()
    present = session.token or _present_token(session)
    if is_own and not present and click.confirm("Make a token for this till there", default=True):
        session.token = own_token(str(draft.value("till", "name")))
        session.has_made_token = True
        session.name_token_file()
        return session.token
    if session.named_token:
        say(f"  a new token is written to {session.token_path}")
    hint = "Enter keeps the one that is there" if present else "or the path of a file with it"
    while True:
        answer = click.prompt(
            f"Its token ({hint})", default="", hide_input=True, show_default=False
        )
        answer = answer.strip()
        if not answer and present:
            return present
        token = _token_of(answer)
        if is_token(token):
            session.token = token
            session.name_token_file()
            return token
        say("  a token is one word of printable ASCII, or the path of a file that holds it alone")


def _present_token(session: SetupSession) -> str:
    """Return the token that the till would take, from where a new one would be written."""
    config = session.draft.config()
    backend = replace(config.backend, token_file=session.token_path)
    try:
        return read_token(replace(config, backend=backend))
    except ConfigError:
        return ""


def _token_of(answer: str) -> str:
    """Return a token, or what stands in the file that was named; say why a file has none."""
    if not answer.startswith("/"):
        return answer
    try:
        return token_in(Path(answer))
    except ConfigError as fault:
        say(f"  {fault}")
        return ""


def _ask_form_of_money(session: SetupSession, trial: BackendTrial) -> None:
    draft = session.draft
    if trial.finds("backend.money", Verdict.WARN):
        form = "major" if draft.value("backend", "money") == "minor" else "minor"
        examples = {"minor": "1230", "major": "12.30"}
        question = f"Does a totalDebt of 12.30 stand there as {examples[form]}"
        if click.confirm(question, default=True):
            draft.set("backend", "money", form)
    elif trial.finds("backend.money", Verdict.PASS) and not click.confirm(
        "Is that the right way round, who owes and who has money in advance", default=True
    ):
        sign = str(draft.value("backend", "owed_is") or "positive")
        draft.set("backend", "owed_is", _SIGNS[sign])
        say(f"  then somebody who owes has a {_SIGNS[sign]} totalDebt")
