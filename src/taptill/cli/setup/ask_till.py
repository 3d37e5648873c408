"""Asks who the till is: its name, its language, its currency and its mode."""

import socket
from typing import get_args

import click

from taptill import config as configs
from taptill.cli.setup.session import SetupSession, headline
from taptill.config.tables import Language, Mode
from taptill.install.setup.draft import ConfigDraft, example


def name_by_machine(draft: ConfigDraft) -> None:
    """Let this machine say name and language where nothing is known yet."""
    if draft.text != example():
        return
    draft.set("till", "name", socket.gethostname()[:40] or "till")
    if configs.shell_language() in get_args(Language):
        draft.set("till", "language", configs.shell_language())


def ask_till(session: SetupSession) -> None:
    """Ask for name, language of the screen, currency and mode."""
    headline(1, "The till")
    draft = session.draft
    name_by_machine(draft)
    session.ask("till", "name", "Its name, which the screen shows")
    languages = click.Choice(get_args(Language))
    language = draft.value("till", "language") or "en"
    draft.set("till", "language", click.prompt("Language", type=languages, default=language))
    session.ask("till", "currency", "Currency (ISO 4217)")
    modes = click.Choice(get_args(Mode))
    mode = draft.value("till", "mode") or "attended"
    draft.set("till", "mode", click.prompt("Who acts at it", type=modes, default=mode))
