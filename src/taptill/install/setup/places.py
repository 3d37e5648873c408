"""Where the config and the token are written: for the installed till, or for one run by hand."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_config_path

from taptill.config.paths import CREDENTIAL_NAME, CREDENTIAL_STORE, SYSTEM_CONFIG, SYSTEM_STATE
from taptill.domain.errors import OutputError
from taptill.durable_files import atomic_write

ACCOUNT = "taptill"


@dataclass(frozen=True, slots=True)
class SetupPlaces:
    """The files that a setup writes.

    `account` owns the state directory of the installed till and may read its config; empty for a
    till that is run by hand.
    """

    config: Path
    token: Path
    state: Path | None = None
    account: str = ""

    @property
    def token_file(self) -> str:
        """Return what `[backend] token_file` says: nothing where systemd passes the token."""
        return "" if self.account else str(self.token)


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


def write_config(places: SetupPlaces, text: str) -> Path | None:
    """Write the config; return where the one before it is kept, None if there was none.

    Errors: OutputError.
    """
    kept = places.config.with_name(f"{places.config.name}.before")
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


def write_token(places: SetupPlaces, token: str) -> None:
    """Write the token, for its owner alone. Errors: OutputError."""
    try:
        if not places.token.parent.is_dir():
            places.token.parent.mkdir(mode=0o700, parents=True)
    except OSError as fault:
        raise OutputError(path=places.token, detail=fault.strerror) from fault
    with atomic_write(places.token) as file:
        file.write(f"{token}\n")
