"""What a setup has found out so far, and the words that its questions share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import click

from taptill.cli.output import sanitised
from taptill.domain.diagnosis import Diagnosis
from taptill.install.setup.draft import ConfigDraft
from taptill.install.setup.places import SetupPlaces

WORDS_MAX = 500
NO_MEANINGS: Mapping[str, str] = {}
_STEPS = 5


@dataclass(slots=True)
class SetupSession:
    """The config as it is being filled in, and what is not part of it.

    `token` is empty where the one that is there stays; `card_ids` are those of the backend's
    customers; `rule` is a udev line for the reader; `may_start`: the till is started at the end.
    """

    draft: ConfigDraft
    places: SetupPlaces
    token: str = ""
    card_ids: frozenset[str] = frozenset()
    rule: str = ""
    may_start: bool = False

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
        offered = default or str(self.draft.value(table, key) or "")
        while True:
            answer = click.prompt(question, default=offered).strip()
            self.draft.set(table, key, meanings.get(answer, answer))
            if not (complaint := self.draft.complaint_about(table, key)):
                return
            say(f"  {complaint}")


def headline(number: int, title: str) -> None:
    """Print the head of a step."""
    click.echo(f"\n{click.style(f'{number} of {_STEPS}  {title}', bold=True)}")


def say(words: str) -> None:
    """Print a line that may hold words from outside."""
    click.echo(sanitised(words, WORDS_MAX))


def say_diagnoses(diagnoses: Iterable[Diagnosis]) -> None:
    """Print each diagnosis, with what to do about it."""
    for diagnosis in diagnoses:
        say(f"  {diagnosis.verdict:5} {diagnosis.name}: {diagnosis.words}")
        if diagnosis.advice:
            say(f"{'':8}{diagnosis.advice}")
