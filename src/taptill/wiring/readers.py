"""A reader's settings, and what is wrong with them, from its table in the config.

A reader for goods is opened as one for cards is; what it says is turned into scans here.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from taptill.config import ReaderConfig
from taptill.domain.tap import (
    CardProblem,
    Misread,
    ReaderHealth,
    ReaderMessage,
    Scan,
    Tap,
    reader_name,
)
from taptill.readers.device import ReaderSettings
from taptill.readers.normaliser import Normaliser
from taptill.readers.registry import card_id_rule, settings_problems

_SIMULATED = "simulated"
"""The driver of the demo's reader, also the default of an office's config that names no reader."""


def check_reader(reader: ReaderConfig) -> list[str]:
    """Return what is wrong with a reader of the config, a sentence each."""
    return settings_problems(reader_settings(reader, 1))


def reader_settings(reader: ReaderConfig, number: int) -> ReaderSettings:
    """Return the settings that a reader's driver needs, from its table in the config."""
    return ReaderSettings(
        name=reader_name(number),
        driver=reader.driver,
        port=reader.port,
        family=reader.family,
        steps=reader.card_id,
        baud=reader.baud,
        dtr=reader.dtr,
        rts=reader.rts,
        hold_ms=reader.hold_ms,
        same_card_delay_ms=reader.same_card_delay_ms,
        equal_frames=reader.equal_frames,
        for_goods=reader.for_ == "goods",
        options=reader.options,
    )


def card_rules(readers: Sequence[ReaderConfig]) -> list[Normaliser]:
    """Return the rules by which the real readers spell cards; a simulated one takes any text."""
    settings = [reader_settings(reader, number) for number, reader in enumerate(readers, 1)]
    real = [one for one in settings if one.driver != _SIMULATED]
    return [rule for rule in map(card_id_rule, real) if rule]


def as_scan(message: ReaderMessage) -> ReaderMessage:
    """Return what a reader for goods means by a message that a reader for cards would send."""
    match message:
        case Tap():
            return Scan(message.card_id, message.reader)
        case CardProblem() | Misread():
            return Scan("", message.reader)
        case ReaderHealth():
            return replace(message, for_goods=True)
        case Scan():
            return message
        case _:
            assert_never(message)
