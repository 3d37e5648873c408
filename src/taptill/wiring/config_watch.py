"""A changed config file in; its goods and staff taken over, and a warning about what is not.

Only goods and staff are taken over, between two sales. Other tables count after a restart, and
while one of them is changed the screen says so. A file with a mistake changes nothing: the old
goods and staff stay, and the screen names the first complaint as `taptill config check` does.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

from taptill.config import Config, load
from taptill.config.layers import file_prefix
from taptill.domain.errors import ConfigError
from taptill.domain.technical.till_warning import TillWarning, WarningCode, till_warning
from taptill.wiring.readers import check_reader

LOOK_S = 1.0
TAKEN_OVER = frozenset({"goods", "staff", "warnings", "files"})
_LISTS = {"readers": "[[reader]]"}

Stamp = tuple[tuple[int, int, int], ...]
"""What tells that a file was changed: of the config and each file that it includes the time in
nanoseconds, the size and the number on the disk."""

log = logging.getLogger("taptill.wiring")


class ConfigWatch:
    """Looks at the config and the files that it includes once a second; a changed one is read.

    Looking needs no thread, reading has one.

    `take` takes a config over, and returns False while it cannot: it is asked again then. A file
    that was changed is read once it stays as it is from one look to the next: whoever writes it may
    not be done.
    """

    def __init__(self, path: Path, started: Config, take: Callable[[Config], bool]) -> None:
        self._path = path
        self._started = started
        self._take = take
        self._taken = started
        self._files = started.files or (path,)
        self._waiting: Config | None = None
        self._seen: Stamp | None = None
        self._read: Stamp | None = None
        self._mistake: TillWarning | None = None
        self._restart: TillWarning | None = None

    def warnings(self) -> tuple[TillWarning, ...]:
        """Return the warnings of the config in force, and what of the file is not in force."""
        return (*filter(None, (self._mistake, self._restart)), *self._taken.warnings)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()

    async def look(self) -> None:
        """Read the file if it was changed, and take over what waits for the end of a sale."""
        seen_before, self._seen = self._seen, _stamp_of(self._files)
        if self._seen is not None and self._read != self._seen == seen_before:
            self._read = self._seen
            await self._load()
        if self._waiting is not None and self._take(self._waiting):
            self._taken, self._waiting = self._waiting, None

    async def _load(self) -> None:
        try:
            config = await asyncio.to_thread(_load, self._path)
        except ConfigError as fault:
            complaints = fault.fields["list"]
            assert isinstance(complaints, list)
            self._waiting = None
            self._mistake = self._about(complaints)
            log.warning("config.refused", extra={"path": str(self._path), "list": complaints})
            return
        self._mistake = None
        self._files = config.files
        changed = _changed_tables(self._started, config)
        self._restart = (
            till_warning(WarningCode.RESTART, file=self._path.name, tables=", ".join(changed))
            if changed
            else None
        )
        # Prices are read in the currency of the file, which this till does not have.
        is_ours = config.till.currency == self._started.till.currency
        is_new = (config.goods, config.staff) != (self._taken.goods, self._taken.staff)
        self._waiting = config if is_ours and is_new else None
        if self._waiting is None and is_ours:
            self._taken = config
        log.info("config.read", extra={"changed": changed, "taken_over": is_ours and is_new})

    def _about(self, complaints: list[str]) -> TillWarning:
        first = complaints[0].removeprefix(file_prefix(self._path, self._path))
        told = {"file": self._path.name, "complaint": first}
        if len(complaints) == 1:
            return till_warning(WarningCode.CONFIG_REFUSED, **told)
        return till_warning(WarningCode.CONFIG_REFUSED_MORE, **told, count=len(complaints) - 1)


def _load(path: Path) -> Config:
    return load(path, check_reader)


def _stamp_of(paths: Sequence[Path]) -> Stamp | None:
    """Return the stamp of files; None while one is not there, as when it is being replaced."""
    try:
        statuses = [path.stat() for path in paths]
    except OSError:
        return None
    return tuple((status.st_mtime_ns, status.st_size, status.st_ino) for status in statuses)


def _changed_tables(started: Config, config: Config) -> list[str]:
    """Return the tables that count after a restart only and are not as they were at the start."""
    return [
        _LISTS.get(field.name, f"[{field.name}]")
        for field in fields(Config)
        if field.name not in TAKEN_OVER
        if getattr(config, field.name) != getattr(started, field.name)
    ]
