"""Where the config and the token are written: for the installed till, or for one run by hand."""

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from errno import ELOOP
from pathlib import Path

from platformdirs import user_config_path

from taptill.config.paths import CREDENTIAL_NAME, CREDENTIAL_STORE, SYSTEM_CONFIG, SYSTEM_STATE
from taptill.domain.errors import OutputError, UsageError
from taptill.durable_files import atomic_write
from taptill.install.setup.reader_rule import SITE_RULES

ACCOUNT = "taptill"
SETUP_LOCK = Path("/run/taptill-setup.lock")
"""Held by a set-up of the installed till, and by the installer: both write the same files."""

_LINKS_MAX = 40
"""As the kernel follows, path_resolution(7)."""


@dataclass(frozen=True, slots=True)
class SetupPlaces:
    """The files that a setup writes.

    `account` owns the state directory of the installed till and may read its config; empty for a
    till that is run by hand. `rules` are the site's udev rules, which only the installed till has.
    """

    config: Path
    token: Path
    state: Path | None = None
    account: str = ""
    rules: Path = SITE_RULES

    def command(self, name: str) -> Sequence[str]:
        """Return the words of a command of the program about this config."""
        return ("taptill", name, *(() if self.account else ("--config", str(self.config))))

    @property
    def token_file(self) -> str:
        """Return what `[backend] token_file` says: nothing where systemd passes the token."""
        return "" if self.account else str(self.token)

    def token_path(self, named: Path | None) -> Path:
        """Return where a new token is written, so that the till takes it from there.

        `named` is the file of `[backend] token_file`. The service takes systemd's credential first.
        """
        if named is None or (self.account and (self.token.exists() or not named.exists())):
            return self.token
        return named


def places_of(option: Path | None) -> SetupPlaces:
    """Return the places: of a named config, for root of the installed till, or of this account."""
    if option is not None:
        config = option.absolute()
        return SetupPlaces(config, config.with_name(CREDENTIAL_NAME))
    if os.geteuid() == 0:
        token = CREDENTIAL_STORE / CREDENTIAL_NAME
        return SetupPlaces(SYSTEM_CONFIG, token, SYSTEM_STATE, ACCOUNT)
    config = user_config_path("taptill") / SYSTEM_CONFIG.name
    return SetupPlaces(config, config.with_name(CREDENTIAL_NAME))


@contextmanager
def alone(places: SetupPlaces, lock: Path = SETUP_LOCK) -> Iterator[None]:
    """Hold the lock of the installed till's files; a till that is run by hand has none.

    Errors: UsageError where another set-up, or an installation, is at work.
    """
    if not places.account:
        yield
        return
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            problem = "another set-up or installation is at work here: let it end, then begin again"
            raise UsageError(problem=problem) from None
        yield


def kept_config(places: SetupPlaces) -> Path:
    """Return where the config is kept that was there before the last set-up."""
    return places.config.with_name(f"{places.config.name}.before")


def write_config(places: SetupPlaces, text: str) -> Path | None:
    """Write the config; return where the one before it is kept, None if there was none.

    Errors: OutputError.
    """
    kept = kept_config(places)
    try:
        places.config.parent.mkdir(parents=True, exist_ok=True)
        is_first = not places.config.exists()
        if not is_first:
            shutil.copy2(places.config, kept)
        with atomic_write(places.config) as file:
            file.write(text)
            if places.account:  # before it is in its place: never one that the till cannot read
                shutil.chown(file.fileno(), "root", places.account)
                os.fchmod(file.fileno(), 0o640)
    except (OSError, LookupError) as fault:
        detail = getattr(fault, "strerror", None) or str(fault)
        raise OutputError(path=places.config, detail=detail) from fault
    return None if is_first else kept


def write_token(path: Path, token: str) -> None:
    """Write a token, for its owner alone; the owner and group of one before it stay.

    It is written behind links, unless another account made them, which would choose the file that
    root writes. Errors: OutputError.
    """
    try:
        path = _behind_links(path)
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, parents=True)
        before = path.stat() if path.exists() else None
    except OSError as fault:
        raise OutputError(path=path, detail=fault.strerror) from fault
    with atomic_write(path) as file:
        file.write(f"{token}\n")
        if before:
            os.fchown(file.fileno(), before.st_uid, before.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(before.st_mode) & ~stat.S_IRWXO)


def _behind_links(path: Path) -> Path:
    """Return the path without links. Errors: OSError, OutputError for a link of somebody else."""
    for _ in range(_LINKS_MAX):
        link = next(filter(Path.is_symlink, (*reversed(path.parents), path)), None)
        if link is None:
            return path
        if link.lstat().st_uid not in (0, os.geteuid()):
            raise OutputError(path=link, detail="it is a link of another account")
        path = Path(os.path.normpath(link.parent / link.readlink() / path.relative_to(link)))
    raise OSError(ELOOP, os.strerror(ELOOP))
