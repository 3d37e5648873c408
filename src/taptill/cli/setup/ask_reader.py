"""Asks for the reader: finds it, listens to it while a card is held to it, learns the spelling."""

from collections.abc import Collection
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any

import click

from taptill.cli.readers.learning import learn_rules
from taptill.cli.readers.reader_options import SelectedReaders, hint
from taptill.cli.setup.session import SetupSession, headline, say
from taptill.cli.setup.which_reader import KEEP, ReaderPlace, choose_place
from taptill.config.tables import READER_OPTIONS
from taptill.domain.tap import ReaderState, reader_name
from taptill.install.setup.reader_rule import reader_rule
from taptill.readers.device import ReaderSettings
from taptill.readers.frames.families import FAMILIES
from taptill.readers.normaliser import build_normaliser
from taptill.readers.registry import find_driver, settings_problems
from taptill.readers.technician.detect import DetectedPort, find_ports, listen
from taptill.readers.technician.learn import (
    Rule,
    SampleCard,
    config_lines,
    numbers_of,
    warnings_of,
)

LISTEN_S = 8.0
CARD_S_MAX = 60.0
_AGAIN, _LATER = "again", "later"


@dataclass(frozen=True, slots=True)
class ChosenReader:
    """A reader that was found: where it is, how it speaks, and its place in the config."""

    port: DetectedPort
    place: ReaderPlace
    family: str = ""
    _: KW_ONLY
    baud: int | None = None
    options: dict[str, int] = field(default_factory=dict)

    @property
    def kept(self) -> dict[str, Any]:
        """Return what of its table nobody is asked for, and what was found out of its family."""
        return {**self.place.kept(self.port.driver, self.family), **self.options}

    @property
    def settings(self) -> ReaderSettings:
        """Return what opens it, as the till will."""
        kept = self.kept
        options = {key: kept.pop(key) for key in READER_OPTIONS if key in kept}
        return ReaderSettings(
            reader_name(self.place.number),
            self.port.driver,
            self.port.port,
            self.family,
            baud=self.baud,
            options=options,
            **kept,
        )

    def row(self, steps: Rule) -> dict[str, object]:
        """Return its table of the config, where cards are spelled by these steps."""
        row: dict[str, object] = {"driver": self.port.driver, "for": "cards"}
        row |= {"port": self.port.port, "family": self.family, "card_id": list(steps)}
        if self.baud is not None:
            row["baud"] = self.baud
        return row | self.kept


def ask_reader(session: SetupSession, port: str | None, listen_s: float) -> None:
    """Ask until a card was read, or until somebody leaves the reader as the config has it.

    `port` is a serial port that nobody needs to look for.
    """
    headline(4, "The card reader")
    place = choose_place(session, port)
    while place and (choice := _ask_port(port, place)) not in (_LATER, KEEP):
        if not isinstance(choice, DetectedPort):
            continue
        chosen = _with_family(choice, place, listen_s)
        if chosen is None or not _is_wanted(chosen):
            continue
        steps = _learn(chosen, session.card_ids)
        if steps is not None:
            _take(session, chosen, steps)
            return
    if session.has_config:
        say("  the readers stay as the config has them")
    else:
        say("  the reader stays as the config has it: `taptill readers detect` finds it later")


def _take(session: SetupSession, chosen: ChosenReader, steps: Rule) -> None:
    """Write a reader into the draft, and say which values of the one before it are gone."""
    row, before = chosen.row(steps), chosen.place.row
    if lost := [key for key in before if key not in row]:
        say(f"  without the {', '.join(lost)} of the one before it")
    session.draft.set_row("reader", chosen.place.number, row)
    session.rule = reader_rule(chosen.port)


def _ask_port(port_path: str | None, place: ReaderPlace) -> DetectedPort | str:
    named = [DetectedPort(port_path, "serial", "named by you", rank=0)] if port_path else []
    ports = named or find_ports()
    for number, port in enumerate(ports, 1):
        usb = f", {port.usb}" if port.usb else ""
        say(f"  {number}  {port.port}: {port.likely}, {port.description}{usb}")
    if not ports:
        say("  none is plugged in")
    leave, meaning = (KEEP, "as the config has it") if place.row else (_LATER, "go on without")
    words = [*map(str, range(1, len(ports) + 1)), _AGAIN, leave]
    answer = click.prompt(
        f"Which one ({_AGAIN}: look again, {leave}: {meaning})",
        type=click.Choice(words),
        default="1" if ports else _AGAIN,
        show_choices=False,
    )
    return ports[int(answer) - 1] if answer.isdecimal() else str(answer)


def _with_family(port: DetectedPort, place: ReaderPlace, listen_s: float) -> ChosenReader | None:
    """Listen to a serial port for its wire format; another reader has none."""
    if port.driver != "serial":
        return ChosenReader(port, place)
    say(f"  hold a card to the reader; listening for {listen_s:.0f} s ...")
    state, detail, guesses = listen(port.port, listen_s)
    if state is not ReaderState.OK:
        say(f"  {hint(state, detail)}")
        return None
    if guesses:
        best = guesses[0]
        say(f"  it speaks {best.family} at {best.baud} baud")
        baud = best.baud if best.baud != FAMILIES[best.family].baud else None
        return ChosenReader(port, place, best.family, baud=baud, options=dict(best.options))
    say("  it said nothing that looks like a card. A reader that must be asked stays silent:")
    family = click.prompt(
        "Its wire format (docs/readers.md has all; Enter: choose again)",
        type=click.Choice(["", *FAMILIES]),
        default="",
        show_choices=False,
        show_default=False,
    )
    return ChosenReader(port, place, family) if family else None


def _is_wanted(chosen: ChosenReader) -> bool:
    """Return whether its settings are whole; ask before it is a keyboard like any other."""
    for problem in settings_problems(chosen.settings):
        say(f"  {problem}")
        return False
    if chosen.port.driver == "keyboard" and chosen.port.rank > 0:
        say("  if this is the keyboard on the desk, the till would keep its keys from everybody.")
        return click.confirm("Is it the card reader", default=False)
    return True


def _learn(chosen: ChosenReader, card_ids: Collection[str]) -> Rule | None:
    """Return the steps that spell cards as the office does; None: no card came, choose again."""
    output_kind = find_driver(chosen.port.driver).output_kind(chosen.settings)
    assert output_kind, "its settings were checked"
    selection = SelectedReaders((chosen.settings,), CARD_S_MAX)
    if card_ids:
        say("  Now a card of somebody whom the backend knows (ctrl+c: choose another reader).")
        rules, cards = learn_rules(selection, output_kind, lambda _: card_ids)
        if rules or not cards:
            return _best(rules, cards, chosen) if rules else None
        say("  no customer has this card in any usual spelling. Hold it there once more:")
    rules, cards = learn_rules(
        replace(selection, seconds=CARD_S_MAX), output_kind, lambda _: numbers_of(_ask_number())
    )
    if not cards:
        return None
    return _best(rules, cards, chosen)


def _ask_number() -> str:
    return str(
        click.prompt(
            "What number does the office have for it (Enter: as the reader gives it)",
            default="",
            show_default=False,
        )
    )


def _best(rules: list[Rule], cards: list[SampleCard], chosen: ChosenReader) -> Rule:
    """Return the shortest rule that fits, else that of the driver, and say which."""
    if not rules:
        say("  cards are spelled as the reader gives them: `taptill readers learn` changes that")
        return ("text",) if chosen.family == "line" else ()
    for warning in warnings_of(rules[0]):
        say(f"  careful, {warning}")
    output_kind = find_driver(chosen.port.driver).output_kind(chosen.settings)
    assert output_kind
    spelled = build_normaliser(rules[0], output_kind).card_id(cards[0].raw)
    say(f"  cards are spelled by {config_lines(rules[0])}, this one {spelled}")
    return rules[0]
