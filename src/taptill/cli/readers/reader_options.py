"""The options that select readers, and the hints about a reader's state."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from taptill import config as configs
from taptill.cli.options import ReadPath
from taptill.domain.errors import ConfigError, UsageError
from taptill.domain.tap import ReaderHealth, ReaderState
from taptill.readers.device import ReaderSettings
from taptill.readers.drivers.device_nodes import group_of
from taptill.readers.registry import find_driver, settings_problems
from taptill.wiring.readers import check_reader, reader_settings

_HINTS = {
    ReaderState.OPENING: "being opened",
    ReaderState.OK: "works",
    ReaderState.MISSING: "{detail} is not plugged in, or nobody answers there",
    ReaderState.DENIED: "no permission for {detail}: add the account to group {group}, log in anew",
    ReaderState.BUSY: "in use by {detail}: stop it (systemctl stop taptill), blacklist a module",
    ReaderState.LOST: "{detail} was unplugged",
    ReaderState.GARBLED: "garbled, or no answer: wrong baud rate or family?",
    ReaderState.FAULTY: "{detail} reports a fault: unplug it for five seconds",
}
_NO_GROUP = "no permission for {detail}: copy the udev rules (docs/readers.md), plug it in anew"

_OPTIONS = (
    click.option("--config", "option", type=ReadPath(), help="The config file."),
    click.option("--reader", "number", type=click.IntRange(1), help="One of the config's, from 1."),
    click.option("--port", help="This port instead of the config's readers."),
    click.option("--driver", default="serial", show_default=True, help="What reads at --port."),
    click.option("--family", help="What the reader at --port speaks."),
    click.option("--baud", type=click.IntRange(300, 4_000_000), help="At --port, if unusual."),
    click.option("--seconds", type=float, help="End after so long; else ctrl+c."),
)


def hint(state: ReaderState, detail: str, driver: str = "serial") -> str:
    """Return in words what a reader's state is and what to do."""
    driver_hints = find_driver(driver).hints
    words = driver_hints.get(detail) or driver_hints.get(state) or _HINTS[state]
    group = group_of(detail)
    if "{group}" in words and not group:
        words = _NO_GROUP
    return words.format(detail=detail or "it", group=group)


@dataclass(frozen=True, slots=True)
class SelectedReaders:
    """The readers that the options select, and for how many seconds to run."""

    readers: tuple[ReaderSettings, ...]
    seconds: float | None

    def hint(self, health: ReaderHealth) -> str:
        """Return in words what the state of one of the readers is and what to do."""
        drivers = {reader.name: reader.driver for reader in self.readers}
        return hint(health.state, health.detail, drivers.get(health.reader, "serial"))

    @property
    def single(self) -> ReaderSettings:
        """Return the only reader. Errors: UsageError where there are several or none."""
        if len(self.readers) != 1:
            raise UsageError(problem="this takes one reader: name it with --reader or --port")
        return self.readers[0]


def reader_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that select readers; the command is given `SelectedReaders`."""

    @wraps(command)
    def with_readers(
        option: Path | None,
        number: int | None,
        port: str | None,
        family: str | None,
        baud: int | None,
        seconds: float | None,
        **arguments: Any,
    ) -> None:
        driver = arguments.pop("driver")
        readers = (
            _reader_at_port(port, driver, family, baud)
            if port
            else _selected_from_config(option, number, family)
        )
        command(SelectedReaders(readers, seconds), **arguments)

    for option in reversed(_OPTIONS):
        with_readers = option(with_readers)
    return with_readers


def configured_readers(option: Path | None, *, is_required: bool = True) -> list[ReaderSettings]:
    """Return the readers of the config; none where there is no config and none is required."""
    try:
        config = configs.load(configs.find_config(option), check_reader)
    except ConfigError:
        if is_required or option:
            raise
        return []
    return [reader_settings(table, number) for number, table in enumerate(config.readers, 1)]


def _reader_at_port(
    port: str, driver: str, family: str | None, baud: int | None
) -> tuple[ReaderSettings, ...]:
    if driver == "serial" and not family:
        raise UsageError(problem="--port needs --family; `taptill readers detect` finds it")
    settings = ReaderSettings("reader", driver, port, family or "", baud=baud)
    for problem in settings_problems(settings):
        raise UsageError(problem=problem)
    return (settings,)


def _selected_from_config(
    option: Path | None, number: int | None, family: str | None
) -> tuple[ReaderSettings, ...]:
    if family:
        raise UsageError(problem="--family belongs to --port")
    config_readers = configured_readers(option)
    if number and number > len(config_readers):
        raise UsageError(problem=f"--reader {number}: the config has {len(config_readers)}")
    return tuple(config_readers[number - 1 : number] if number else config_readers)
