"""The command `taptill readers learn`, which finds the `card_id` line for a reader."""

import json
import sys
import termios
from collections.abc import Callable, Collection
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import click

from taptill import config as configs
from taptill.cli.options import JSON, STATE
from taptill.cli.readers.printing import FramesRead, ReaderEvent
from taptill.cli.readers.reader_options import SelectedReaders, reader_options
from taptill.cli.readers.watching import follow_readers
from taptill.customer_cache.contents import card_ids
from taptill.domain.errors import UsageError
from taptill.domain.tap import ReaderHealth, ReaderState
from taptill.readers.frames import Frame, RawKind
from taptill.readers.normaliser import build_normaliser
from taptill.readers.registry import find_driver
from taptill.readers.technician.learn import (
    Rule,
    SampleCard,
    config_lines,
    numbers_of,
    rules_that_fit,
    warnings_of,
)

CARDS_MAX = 5
RULES_SHOWN = 10


@click.command()
@reader_options
@STATE
@click.option("--cache", "by_cache", is_flag=True, help="Any card id of the cache will do.")
@click.option("--number", "numbers", multiple=True, help="The first card's, the second card's ...")
@JSON
def learn(
    selection: SelectedReaders,
    state_dir: Path | None,
    numbers: tuple[str, ...],
    *,
    by_cache: bool,
    as_json: bool,
) -> None:
    """Find the card_id rule that spells cards as the office does.

    Hold a card to the reader and say what number the office has for it; or, with --cache, only
    hold a card of any known customer. While several rules fit, another card is asked for.

    \b
    Examples:
      taptill readers learn
      taptill readers learn --port /dev/ttyUSB0 --family rdm6300 --number 0040856634
      taptill readers learn --number "206,30028 0013530444"
      taptill readers learn --cache
    """
    output_kind = find_driver(selection.single.driver).output_kind(selection.single)
    assert output_kind, "its settings were checked"
    cached_ids = card_ids(configs.state_dir(state_dir) / "cache.db") if by_cache else frozenset()
    if by_cache and not cached_ids:
        raise UsageError(problem="the cache knows no card: run the till once, or use --number")

    def numbers_of_card(index: int) -> Collection[str]:
        return cached_ids or numbers_of(_office_number(numbers, index))

    rules, cards = learn_rules(selection, output_kind, numbers_of_card, cards_max=len(numbers))
    if as_json:
        raws = [card.raw for card in cards]
        click.echo(json.dumps({"cards": raws, "gives": output_kind.value, "rules": rules}))
    else:
        _print_rules(rules, cards, output_kind)


def learn_rules(
    selection: SelectedReaders,
    output_kind: RawKind,
    numbers_of_card: Callable[[int], Collection[str]],
    *,
    cards_max: int = 0,
) -> tuple[list[Rule], list[SampleCard]]:
    """Read cards until one rule fits at most, and return the rules that fit, with the cards.

    `numbers_of_card` returns the numbers that a card may have at the office, by its place in the
    order in which they are shown. At most `cards_max` cards are read; 0: as many as help.
    """
    cards: list[SampleCard] = []
    rules: list[Rule] = []
    while len(cards) < (cards_max or CARDS_MAX) and (
        raw := _wait_for_new_card(selection, {card.raw for card in cards})
    ):
        cards.append(SampleCard(raw, numbers_of_card(len(cards))))
        rules = rules_that_fit(cards, output_kind)
        if len(rules) <= 1 or len(cards) == cards_max:
            break
        click.echo(
            f"{len(rules)} rules fit, another card tells them apart (ctrl+c: no other)", err=True
        )
    return rules, cards


def _wait_for_new_card(selection: SelectedReaders, known_raws: AbstractSet[str]) -> str | None:
    """Wait for a card that was not read before; return its number as delivered.

    A card is asked for once the reader is open: before that, one that types would type into the
    shell or into the next question.
    """
    new_raws: list[str] = []

    def take_event(event: ReaderEvent) -> bool:
        if isinstance(event.content, ReaderHealth):
            if event.content.state is ReaderState.OK:
                which = "another" if known_raws else "a"
                click.echo(f"hold {which} card to the reader", err=True)
            elif event.content.state is not ReaderState.OPENING:
                click.echo(selection.hint(event.content), err=True)
        if isinstance(event.content, FramesRead):
            raws = [frame.raw for frame in event.content.frames if isinstance(frame, Frame)]
            new_raws.extend(raw for raw in raws if raw not in known_raws)
        return bool(new_raws)

    follow_readers(selection, take_event)
    discard_typed_ahead(sys.stdin)
    return new_raws[0] if new_raws else None


def discard_typed_ahead(terminal: TextIO) -> None:
    """Discard what stands in a terminal's input: a card that was held too early answers nothing."""
    with suppress(OSError, ValueError, termios.error):  # no terminal
        termios.tcflush(terminal.fileno(), termios.TCIFLUSH)


def _office_number(numbers: tuple[str, ...], index: int) -> str:
    if index < len(numbers):
        return numbers[index].strip()
    return str(click.prompt("what number does the office have for it", type=str, err=True)).strip()


def _print_rules(rules: list[Rule], cards: list[SampleCard], output_kind: RawKind) -> None:
    if not cards:
        click.echo("no card was shown")
    elif not rules:
        click.echo(
            f"no rule makes that number of {', '.join(card.raw for card in cards)}: "
            "compare the number with the office's list, or try another card"
        )
    elif len(rules) > 1:
        click.echo("several rules fit; with the numbers of more cards it would be fewer")
    for rule in rules[:RULES_SHOWN]:
        for warning in warnings_of(rule):
            click.echo(f"careful, {warning}", err=True)
        # A person must choose which of several parts of a number the office has.
        card_id = (
            build_normaliser(rule, output_kind).card_id(cards[0].raw) if len(rules) > 1 else ""
        )
        click.echo(config_lines(rule) + (f"  # {card_id}" if card_id else ""))
