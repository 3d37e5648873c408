"""What a setup has found out so far, and the words that its questions share."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from taptill.cli.output import sanitised
from taptill.cli.technical.columns import in_columns
from taptill.config.tables import TABLES, keys_of
from taptill.domain.diagnosis import Diagnosis
from taptill.domain.technical.command_line import command_line
from taptill.install.setup.draft import ConfigDraft
from taptill.install.setup.places import SetupPlaces
from taptill.install.setup.reader_rule import ReaderRule

WORDS_MAX = 500
NO_MEANINGS: Mapping[str, str] = {}
_STEPS = 5
_HANGING = 8


@dataclass(slots=True)
class SetupSession:
    """The config as it is being filled in, and what is not part of it.

    `has_config`: there was a config before this, else the example is filled in. `keeps_token_file`:
    `[backend] token_file` is the site's own, and stays where it names a file. `token` is empty
    where the one that is there stays; `card_ids` are those of the backend's customers; `rule` is
    the udev line of a new reader; `may_start`: the till is started at the end. `has_made_token`:
    the service on this machine made one; `has_written`: a file is written, or is being written.
    """

    draft: ConfigDraft
    places: SetupPlaces
    has_config: bool = False
    keeps_token_file: bool = False
    has_made_token: bool = False
    has_written: bool = False
    token: str = ""
    card_ids: frozenset[str] = frozenset()
    rule: ReaderRule | None = None
    may_start: bool = False

    def command(self, name: str) -> str:
        """Return a command of the program about this config, to be copied."""
        return command_line(*self.places.command(name))

    @property
    def named_token(self) -> Path | None:
        """Return the file of the token that the site's config names; None where it names none."""
        named = self.draft.value("backend", "token_file") if self.keeps_token_file else None
        return Path(named) if isinstance(named, str) and named else None

    @property
    def token_path(self) -> Path:
        """Return where a new token is written."""
        return self.places.token_path(self.named_token)

    def name_token_file(self) -> None:
        """Let the config name the file of the token, unless the site's own does already."""
        if self.named_token is None and (self.token or not self.has_config):
            self.draft.set("backend", "token_file", self.places.token_file)

    def ask(
        self,
        table: str,
        key: str,
        question: str,
        *,
        default: str = "",
        meanings: Mapping[str, str] = NO_MEANINGS,
    ) -> None:
        """Ask for the value of a key until the config takes it.

        `default` is offered, else what counts now. `meanings` are words that stand for a value.
        """
        of_config = self.draft.value(table, key) or keys_of(TABLES[table])[key].default
        offered = default or (of_config if isinstance(of_config, str) else "")
        while True:
            answer = click.prompt(question, default=offered).strip()
            self.draft.set(table, key, meanings.get(answer, answer))
            if not (complaint := self.draft.complaint_about(table, key)):
                return
            say(f"  {complaint}")


@contextmanager
def told_at_an_end(session: SetupSession) -> Iterator[None]:
    """Say what is written, and what is not, where ctrl+c or the end of input ends a set-up."""
    try:
        yield
    except (click.Abort, KeyboardInterrupt):
        if session.has_written:
            words = f"What was written stays: `{session.command('doctor')}` looks at it."
        elif session.has_made_token:
            words = (
                "Nothing was written here. The token that the service made is used by nobody: "
                "`taptill service token list` has it, `token revoke` takes it back."
            )
        else:
            words = "Nothing was written: all is as it was."
        click.echo(f"\n{in_columns(words, sys.stderr)}", err=True)
        raise


def headline(number: int, title: str) -> None:
    """Print the head of a step."""
    click.echo(f"\n{click.style(f'{number} of {_STEPS}  {title}', bold=True)}")


def say(words: str, hanging: int | None = None) -> None:
    """Print a line that may hold words from outside; a long one goes on as far in as it begins."""
    indent = len(words) - len(words.lstrip()) if hanging is None else hanging
    click.echo(in_columns(sanitised(words, WORDS_MAX), sys.stdout, indent))


def say_diagnoses(diagnoses: Iterable[Diagnosis]) -> None:
    """Print each diagnosis, with what to do about it."""
    for diagnosis in diagnoses:
        say(f"  {diagnosis.verdict:5} {diagnosis.name}: {diagnosis.words}", _HANGING)
        if diagnosis.advice:
            say(f"{'':{_HANGING}}{diagnosis.advice}")
