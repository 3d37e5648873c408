"""Options of the reader commands in, reader settings out; a reader's state in, a hint out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from taptill import config as configs
from taptill.domain.errors import ConfigError, UsageError
from taptill.domain.tap import ReaderHealth, ReaderState
from taptill.readers.device import ReaderSettings
from taptill.readers.drivers.device_nodes import group_of
from taptill.readers.registry import find_driver, settings_problems
from taptill.wiring import check_reader, reader_settings

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
    click.option("--config", "option", type=click.Path(path_type=Path), help="The config file."),
    click.option("--reader", "number", type=click.IntRange(1), help="One of the config's, from 1."),
    click.option("--port", help="This port instead of the config's readers."),
    click.option("--driver", default="serial", show_default=True, help="What reads at --port."),
    click.option("--family", help="What the reader at --port speaks."),
    click.option("--baud", type=click.IntRange(300, 4_000_000), help="At --port, if unusual."),
    click.option("--seconds", type=float, help="End after so long; else ctrl+c."),
)


def hint(state: ReaderState, detail: str, driver: str = "serial") -> str:
    """Say in words how a reader is and what to do."""
    known = find_driver(driver).hints
    words = known.get(detail) or known.get(state) or _HINTS[state]
    group = group_of(detail)
    if "{group}" in words and not group:
        words = _NO_GROUP
    return words.format(detail=detail or "it", group=group)


@dataclass(frozen=True, slots=True)
class SelectedReaders:
    """The readers that the options name, and how long to look at them."""

    readers: tuple[ReaderSettings, ...]
    seconds: float | None

    def hint(self, health: ReaderHealth) -> str:
        """Say in words how one of the readers is and what to do."""
        drivers = {one.name: one.driver for one in self.readers}
        return hint(health.state, health.detail, drivers.get(health.reader, "serial"))

    @property
    def single(self) -> ReaderSettings:
        """Give the one reader. Errors: UsageError."""
        if len(self.readers) != 1:
            raise UsageError(problem="this takes one reader: name it with --reader or --port")
        return self.readers[0]


def reader_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that name readers; the command is given a `Picked`."""

    @wraps(command)
    def with_readers(
        option: Path | None,
        number: int | None,
        port: str | None,
        family: str | None,
        baud: int | None,
        seconds: float | None,
        **others: Any,
    ) -> None:
        driver = others.pop("driver")
        found = _at_port(port, driver, family, baud) if port else _of_config(option, number, family)
        command(SelectedReaders(found, seconds), **others)

    for one in reversed(_OPTIONS):
        with_readers = one(with_readers)
    return with_readers


def configured_readers(option: Path | None, *, required: bool = True) -> list[ReaderSettings]:
    """Give the readers of the config; none where there is no config and none is required."""
    try:
        config = configs.load(configs.find_config(option), check_reader)
    except ConfigError:
        if required or option:
            raise
        return []
    return [reader_settings(one, number) for number, one in enumerate(config.readers, 1)]


def _at_port(
    port: str, driver: str, family: str | None, baud: int | None
) -> tuple[ReaderSettings, ...]:
    if driver == "serial" and not family:
        raise UsageError(problem="--port needs --family; `taptill readers detect` finds it")
    found = ReaderSettings("reader", driver, port, family or "", baud=baud)
    for problem in settings_problems(found):
        raise UsageError(problem=problem)
    return (found,)


def _of_config(
    option: Path | None, number: int | None, family: str | None
) -> tuple[ReaderSettings, ...]:
    if family:
        raise UsageError(problem="--family belongs to --port")
    found = configured_readers(option)
    if number and number > len(found):
        raise UsageError(problem=f"--reader {number}: the config has {len(found)}")
    return tuple(found[number - 1 : number] if number else found)
