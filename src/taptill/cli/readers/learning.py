"""`taptill readers learn`: a card and its number in, the config line that spells it out."""

import json
from collections.abc import Set as AbstractSet
from pathlib import Path

import click

from taptill import config as configs
from taptill.cli.options import JSON, STATE
from taptill.cli.readers.printing import FramesRead, ReaderEvent
from taptill.cli.readers.reader_options import SelectedReaders, reader_options
from taptill.cli.readers.watching import follow_readers
from taptill.customer_cache.card_ids import card_ids
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
_WORKS = frozenset({ReaderState.OPENING, ReaderState.OK})


@click.command()
@reader_options
@STATE
@click.option("--cache", "by_cache", is_flag=True, help="Any card id of the cache will do.")
@click.option("--number", "numbers", multiple=True, help="The first card's, the second card's ...")
@JSON
def learn(
    picked: SelectedReaders,
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
    output_kind = find_driver(picked.single.driver).output_kind(picked.single)
    assert output_kind, "its settings were checked"
    known = card_ids(configs.state_dir(state_dir) / "cache.db") if by_cache else frozenset()
    if by_cache and not known:
        raise UsageError(problem="the cache knows no card: run the till once, or use --number")
    cards: list[SampleCard] = []
    rules: list[Rule] = []
    while len(cards) < CARDS_MAX and (raw := _shown(picked, {card.raw for card in cards})):
        cards.append(SampleCard(raw, known or numbers_of(_number(numbers, len(cards)))))
        rules = rules_that_fit(cards, output_kind)
        if len(rules) <= 1 or 0 < len(numbers) <= len(cards):
            break
        click.echo(f"{len(rules)} rules fit, another card tells them apart", err=True)
    if as_json:
        raws = [card.raw for card in cards]
        click.echo(json.dumps({"cards": raws, "gives": output_kind.value, "rules": rules}))
    else:
        _tell(rules, cards, output_kind)


def _shown(picked: SelectedReaders, before: AbstractSet[str]) -> str | None:
    """Wait for a card that was not shown before."""
    click.echo(f"hold {'another' if before else 'a'} card to the reader", err=True)
    found: list[str] = []

    def take(said: ReaderEvent) -> bool:
        if isinstance(said.content, ReaderHealth) and said.content.state not in _WORKS:
            click.echo(picked.hint(said.content), err=True)
        if isinstance(said.content, FramesRead):
            raws = [frame.raw for frame in said.content.frames if isinstance(frame, Frame)]
            found.extend(raw for raw in raws if raw not in before)
        return bool(found)

    follow_readers(picked, take)
    return found[0] if found else None


def _number(numbers: tuple[str, ...], index: int) -> str:
    if index < len(numbers):
        return numbers[index].strip()
    return str(click.prompt("what number does the office have for it", type=str, err=True)).strip()


def _tell(rules: list[Rule], cards: list[SampleCard], output_kind: RawKind) -> None:
    if not cards:
        click.echo("no card was shown")
    elif not rules:
        click.echo(f"no rule makes that number of {', '.join(card.raw for card in cards)}")
    elif len(rules) > 1:
        click.echo("several rules fit; with the numbers of more cards it would be fewer")
    for rule in rules[:RULES_SHOWN]:
        for words in warnings_of(rule):
            click.echo(f"careful, {words}", err=True)
        # Of several parts of a number, which one the office has is for a person to say.
        made = build_normaliser(rule, output_kind).card_id(cards[0].raw) if len(rules) > 1 else ""
        click.echo(config_lines(rule) + (f"  # {made}" if made else ""))
