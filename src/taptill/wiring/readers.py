"""A reader's settings, and what is wrong with them, from its table in the config."""

from taptill.config import ReaderConfig
from taptill.readers.device import ReaderSettings
from taptill.readers.registry import settings_problems


def check_reader(reader: ReaderConfig) -> list[str]:
    """Return what is wrong with a reader of the config, a sentence each."""
    return settings_problems(reader_settings(reader, 1))


def reader_settings(reader: ReaderConfig, number: int) -> ReaderSettings:
    """Return the settings that a reader's driver needs, from its table in the config."""
    return ReaderSettings(
        name=f"reader {number}",
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
        options=reader.options,
    )
