"""Asks which reader of the config a set-up is about; all others stay as they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import click

from taptill.cli.setup.session import SetupSession, say
from taptill.config.tables import LINE_OPTIONS
from taptill.domain.tap import reader_name

KEEP, MORE = "keep", "more"
_ASKED = ("driver", "for", "port", "family", "card_id", "baud")


@dataclass(frozen=True, slots=True)
class ReaderPlace:
    """The table of the config that a reader is written to: its number, and what it holds now.

    `number` counts from 1; that of one more reader is one larger than the last one's. `row` is
    empty where nothing of it is the site's.
    """

    number: int
    row: Mapping[str, Any] = field(default_factory=dict)

    def kept(self, driver: str, family: str) -> dict[str, Any]:
        """Return the values that nobody is asked for and that fit a reader of this kind, too."""
        if self.row.get("driver") != driver:
            return {}
        is_alike = self.row.get("family", "") == family
        lost = (*_ASKED, *(() if is_alike else LINE_OPTIONS))
        return {key: value for key, value in self.row.items() if key not in lost}


def choose_place(session: SetupSession, port: str | None) -> ReaderPlace | None:
    """Ask which reader is replaced; None: those that are there stay.

    `port` is where the person says that the reader is.
    """
    if not session.has_config:
        return ReaderPlace(1)
    rows = session.draft.rows("reader")
    numbers = [number for number, row in enumerate(rows, 1) if row.get("for") != "goods"]
    for number, row in enumerate(rows, 1):
        say(f"  {reader_name(number)}: {_words(row)}")
    say(f"  {KEEP}: {'those that are there stay' if len(rows) > 1 else 'the one that is there'}")
    named = [number for number in numbers if port and rows[number - 1].get("port") == port]
    answer = click.prompt(
        f"Which one is replaced ({', '.join(map(str, numbers))}, {KEEP}, {MORE}: one more)",
        type=click.Choice([*map(str, numbers), KEEP, MORE]),
        default=str([*named, *numbers][0]) if port and numbers else KEEP,
        show_choices=False,
    )
    if answer == KEEP:
        return None
    if answer == MORE:
        return ReaderPlace(len(rows) + 1)
    number = int(answer)
    others = [reader_name(other) for other in range(1, len(rows) + 1) if other != number]
    stay = f", {' and '.join(others)} {'stay' if len(others) > 1 else 'stays'}" if others else ""
    say(f"  {reader_name(number)} is replaced{stay}")
    return ReaderPlace(number, rows[number - 1])


def _words(row: Mapping[str, Any]) -> str:
    """Return what a reader of the config is."""
    place = f" at {row['port']}" if row.get("port") else ""
    family = f", {row['family']}" if row.get("family") else ""
    goods = ", for goods" if row.get("for") == "goods" else ""
    return f"{row.get('driver')}{place}{family}{goods}"
