"""The command `taptill setup`, which asks what cannot be guessed and writes the config."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from taptill.cli.options import CONFIG, ReadPath
from taptill.cli.setup.ask_backend import ask_backend, ask_strategy
from taptill.cli.setup.ask_reader import LISTEN_S, ask_reader
from taptill.cli.setup.ask_till import ask_till, name_by_machine
from taptill.cli.setup.broken_config import with_ways_on
from taptill.cli.setup.finishing import finish
from taptill.cli.setup.session import SetupSession, say, told_at_an_end
from taptill.cli.setup.unit import readers_free
from taptill.config import token_in
from taptill.config.layers import config_error, decoded, file_prefix, read_layer, unreadable
from taptill.domain.errors import ConfigError, UsageError
from taptill.install.setup.draft import ConfigDraft, example
from taptill.install.setup.places import SetupPlaces, alone, places_of
from taptill.install.setup.reader_rule import USB_NUMBERS, reader_rule
from taptill.readers.technician.detect import DetectedPort

SETUP_TABLE = "setup"
_OF_SETUP = {"token_file", "start", "reader_usb"}


@click.command()
@CONFIG
@click.option(
    "--answers",
    type=ReadPath(exists=True, dir_okay=False),
    help="Ask nothing: lay the tables of this file over the config.",
)
@click.option("--name", help="The till's name, with --answers for several tills.")
@click.option("--port", help="Where the serial reader is, if it is not found.")
@click.option(
    "--seconds", type=float, default=LISTEN_S, help="Listen so long to a port for a card."
)
@click.option("--start/--no-start", default=None, help="Start the till at the end, or do not.")
def setup(
    option: Path | None,
    answers: Path | None,
    name: str | None,
    *,
    port: str | None,
    seconds: float,
    start: bool | None,
) -> None:
    """Set this till up: ask what cannot be guessed, write the config, check it.

    It asks for the till's name, language and currency, the Customers API and its token, and the
    reader, which it listens to while a card is held to it; it finds out how the cards are spelled.
    Enter takes what stands in brackets. Nothing is written before the last question, and the config
    of before is kept beside the new one. Root sets up the installed till.

    ANSWERS has tables of the config, and [setup] with token_file (the file that holds the token),
    reader_usb (the reader's numbers, as lsusb has them: it becomes /dev/rfid-reader) and
    start = true.

    \b
    Examples:
      sudo taptill setup
      sudo taptill setup --answers site.toml --name bar-2
      taptill setup --config ./config.toml
    """
    places = places_of(option)
    if answers is None and name is not None:
        raise UsageError(problem="--name belongs to --answers; without it you are asked")
    with alone(places):
        draft, is_again = _draft_at(places)
        session = SetupSession(draft, places, has_config=is_again, keeps_token_file=is_again)
        with told_at_an_end(session):
            if answers is not None:
                _take_answers(session, answers, name)
                finish(session, start=session.may_start if start is None else start)
            else:
                _ask(session, port, seconds, start=start)


def _ask(session: SetupSession, port: str | None, listen_s: float, *, start: bool | None) -> None:
    """Ask a person, and write what was answered."""
    places = session.places
    say(f"This writes {places.config}. Enter takes what stands in brackets.")
    say("Nothing is written before the last step; ctrl+c leaves all as it is.")
    with readers_free(places) as was_running:
        ask_till(session)
        ask_backend(session)
        ask_strategy(session)
        ask_reader(session, port, listen_s)
        session.may_start = was_running or _wants_start(places, start)
        finish(session, start=session.may_start)


def _draft_at(places: SetupPlaces) -> tuple[ConfigDraft, bool]:
    """Return the config that is there, else the example, and whether one is there.

    Errors: ConfigError, with what leads on.
    """
    try:
        before = _text_at(places.config)
        draft = ConfigDraft(example() if before is None else before, places.config)
    except ConfigError as fault:
        raise with_ways_on(places, fault) from fault
    return draft, before is not None


def _text_at(path: Path) -> str | None:
    """Return the config that is there; None for none. Errors: ConfigError."""
    try:
        return decoded(path.read_bytes(), file_prefix(path, path), path)
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise config_error([unreadable(path, fault)]) from fault


def _take_answers(session: SetupSession, path: Path, name: str | None) -> None:
    tables = _answers(path)
    of_setup = tables.pop(SETUP_TABLE, {})
    name_by_machine(session.draft)
    session.draft.lay(tables, path)
    if name is not None:
        session.draft.set("till", "name", name)
    if token_file := of_setup.get("token_file"):
        session.token = token_in(path.parent / token_file)
    session.keeps_token_file |= "token_file" in tables.get("backend", {})
    session.name_token_file()
    session.may_start = of_setup.get("start", False)
    if reader_usb := of_setup.get("reader_usb"):
        (reader, *_) = (one for one in session.draft.config().readers if one.for_ == "cards")
        session.rule = reader_rule(DetectedPort(reader.port, reader.driver, "", usb=reader_usb))
    session.draft.config()  # a mistake is told before anything is written


def _answers(path: Path) -> dict[str, Any]:
    tables = read_layer(path, f"{path.name}: ")
    of_setup = tables.get(SETUP_TABLE, {})
    if not isinstance(of_setup, Mapping) or of_setup.keys() - _OF_SETUP:
        raise config_error([f"{path.name}: [setup] has the keys {', '.join(sorted(_OF_SETUP))}"])
    if not USB_NUMBERS.fullmatch(str(of_setup.get("reader_usb", "0000:0000"))):
        raise config_error([f'{path.name}: [setup] reader_usb is as lsusb says, "0403:6001"'])
    if not isinstance(of_setup.get("token_file", ""), str):
        raise config_error([f'{path.name}: [setup] token_file is the name of a file, "token"'])
    if not isinstance(of_setup.get("start", False), bool):
        raise config_error([f"{path.name}: [setup] start is true or false"])
    return tables


def _wants_start(places: SetupPlaces, start: bool | None) -> bool:  # noqa: FBT001 - of the option
    if start is not None or not places.account:
        return bool(start)
    return click.confirm("Start the till when all is written", default=True)
