"""The places of the config file, the state directory and the token, by options and environment."""

import os
import stat
from contextlib import suppress
from dataclasses import replace
from datetime import time
from errno import ENOENT
from pathlib import Path

from platformdirs import user_config_path, user_state_path

from taptill.config.layers import config_error, read_files, unreadable
from taptill.config.reading import ReaderCheck, parse_files
from taptill.config.tables import Config
from taptill.domain.technical.command_line import command_line
from taptill.domain.technical.till_warning import TillWarning, WarningCode, till_warning

SYSTEM_CONFIG = Path("/etc/taptill/config.toml")
SYSTEM_STATE = Path("/var/lib/taptill")
SYSTEM_RUNTIME = Path("/run/taptill")
JOURNAL = "journal.db"
LOCAL_TIME = "/etc/localtime"
"""A link into the zones' folder. Source: localtime(5)."""
CREDENTIAL_NAME = "api-token"
CREDENTIAL_STORE = Path("/etc/credstore")
"""Where systemd looks credentials up that a unit names without a path. Source: systemd.exec(5)."""


def find_config(option: Path | None, system: Path = SYSTEM_CONFIG) -> Path:
    """Return the path of the config file; raises ConfigError that names every place looked at."""
    paths_by_source = {
        "--config": option,
        "$TAPTILL_CONFIG": _path_from_environment("TAPTILL_CONFIG"),
    }
    for source, path in paths_by_source.items():
        if path is not None:
            if _exists(path):
                return path
            raise config_error([f"no config at {path}, which {source} names"])
    places = _usual_configs(system)
    for path in places:
        if _exists(path):
            return path
    place_words = ", ".join(
        ["--config (not given)", "$TAPTILL_CONFIG (not set)", *map(str, places)]
    )
    problem = f"this till is not set up yet: no config found; looked at {place_words}"
    how = "log in (on another console: Alt+F2), then `sudo taptill setup`"
    raise config_error([problem, how])


def load(
    path: Path, check_reader: ReaderCheck = lambda _: (), *, for_office: bool = False
) -> Config:
    """Return the config of a till or of an office; raises ConfigError with all complaints."""
    config = parse_files(read_files(path), check_reader, for_office=for_office)
    return replace(config, warnings=(*config.warnings, *_open_secrets(config)))


def find_state_dir(option: Path | None, system: Path = SYSTEM_STATE) -> Path:
    """Return the path of the directory of journal and cache, which may not be there yet.

    Root, and the account of the installed till, mean that till's directory.
    """
    if place := option or _path_from_environment("STATE_DIRECTORY"):
        return place
    own = user_state_path("taptill")
    # The till's account has its home there, which systemd makes at the till's first start.
    return system if system in own.parents or _is_of_this_account(system) else own


def state_dir(option: Path | None, system: Path = SYSTEM_STATE) -> Path:
    """Return the directory of journal and cache, made and closed to others; raises ConfigError."""
    path = find_state_dir(option, system)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        problem = f"the state directory {path} cannot be made: {fault.strerror}; use --state-dir"
        raise config_error([problem]) from fault
    try:
        next(path.iterdir(), None)
    except PermissionError as fault:
        raise config_error([unreadable(f"the state directory {path}", fault)]) from fault
    except OSError:
        pass  # a disk that fails is told by the journal
    if path != _path_from_environment("STATE_DIRECTORY") and _open_to_others(path):
        _close_to_others(path)
    return path


def day_ends_at(option: Path | None, system: Path = SYSTEM_CONFIG) -> time:
    """Return when the business days of this machine's till end; midnight where it has no config.

    Errors: ConfigError for a config that is named and not there, or that holds mistakes.
    """
    named = option or _path_from_environment("TAPTILL_CONFIG")
    if not named and not any(_exists(path) for path in _usual_configs(system)):
        return time()
    return load(find_config(option, system), for_office=True).till.day_ends_at


def _usual_configs(system: Path) -> list[Path]:
    return [system, user_config_path("taptill") / "config.toml"]


def time_zone() -> str:
    """Return the name of this machine's time zone, `Europe/Berlin`; empty where nothing says it."""
    name = os.environ.get("TZ", "").lstrip(":") or os.path.realpath(LOCAL_TIME)
    return name.rpartition("/zoneinfo/")[2] if not name.startswith(LOCAL_TIME) else ""


def journal_path(state: Path) -> Path:
    """Return the journal's path with links resolved, as its lock and archives lie beside the file.

    Raises ConfigError for a link to a file of another name: commands search the folder for the
    journal's usual name.
    """
    link = state / JOURNAL
    path = Path(os.path.realpath(link))
    if path.name != JOURNAL:
        raise config_error([f"{link} is a link to {path}: that file must be called {JOURNAL}, too"])
    return path


def other_state_dirs(state: Path) -> list[Path]:
    """Return other directories on this machine in which a till may have kept its state."""
    places = [_path_from_environment("STATE_DIRECTORY"), user_state_path("taptill"), SYSTEM_STATE]
    return [place for place in places if place and place.resolve() != state.resolve()]


def runtime_dir(state: Path) -> Path:
    """Return where to write what a restart may forget: systemd's directory in memory, if any."""
    return _path_from_environment("RUNTIME_DIRECTORY") or state


def running_dirs(
    option: Path | None, system: tuple[Path, Path] = (SYSTEM_STATE, SYSTEM_RUNTIME)
) -> list[tuple[Path, Path]]:
    """Return where a till may be running, by state and runtime directory; none of them is made.

    Root, and the account of the installed till, mean that till first.
    """
    if option is not None:
        return [(option, option), (option, runtime_dir(option))]
    own = _path_from_environment("STATE_DIRECTORY") or user_state_path("taptill")
    places = [(own, runtime_dir(own)), (own, own), system]
    if find_state_dir(None, system[0]) == system[0]:
        places.insert(0, system)
    return list(dict.fromkeys(places))


def read_token(config: Config, store: Path = CREDENTIAL_STORE) -> str:
    """Return the API token of the systemd credential, else of token_file; raises ConfigError.

    For the config of the installed till root takes what systemd would pass, as that till does.
    """
    return find_token(config, store)[1]


def find_token(
    config: Config, store: Path = CREDENTIAL_STORE, system: Path = SYSTEM_CONFIG
) -> tuple[Path, str]:
    """Return the API token and the file that it was read from; raises ConfigError.

    Root reads the file that the service's credential is made from: first with the config of the
    installed till, after `token_file` with any other.
    """
    credentials = _path_from_environment("CREDENTIALS_DIRECTORY")
    of_systemd = credentials and credentials / CREDENTIAL_NAME
    credential = store / CREDENTIAL_NAME
    # The credential first: the service's account may not read the file that it was made from.
    named = [of_systemd, config.backend.token_file]
    if os.geteuid() == 0:
        named.insert(1 if system in config.files else 2, credential)
    for path in named:
        if path and (token := _token_in(path)) is not None:
            return path, token
    file = config.backend.token_file or 'a file named by [backend] token_file (now "")'
    raise config_error([f"no API token: write it to {file}, or to {credential} for the service"])


def read_office_token(config: Config) -> str:
    """Return the token for staff's functions: the office's, else the till's; raises ConfigError."""
    path = config.backend.office_token_file
    if path is None:
        return read_token(config)
    token = _token_in(path)
    if token is None:
        raise config_error([f"no office token: write it to {path}, which [backend] names"])
    return token


def token_in(path: Path) -> str:
    """Return the token of a file that must be there. Errors: ConfigError, without the token."""
    token = _token_in(path)
    if token is None:
        raise config_error([f"the token file {path} cannot be read: {os.strerror(ENOENT)}"])
    return token


def is_token(text: str) -> bool:
    """Return whether a text can be a token: one word of printable ASCII."""
    return bool(text) and all("\x20" < letter < "\x7f" for letter in text)


def terminal() -> str:
    """Return the kind of terminal, `linux` on a bare console."""
    return os.environ.get("TERM", "")


def shell_language() -> str:
    """Return the two letters of the language in which this shell writes amounts, else empty.

    Source: POSIX.1-2017, 8.2: LC_ALL goes before LC_MONETARY, and that before LANG.
    """
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MONETARY", "LANG"))
    return next((name[:2].lower() for name in names if name), "")


def notify_socket() -> str:
    """Return the address for sd_notify; empty without systemd."""
    return os.environ.get("NOTIFY_SOCKET", "")


def watchdog_s() -> float:
    """Return the seconds after which systemd misses a sign of life; 0 without a watchdog."""
    return int(os.environ.get("WATCHDOG_USEC", "0") or 0) / 1_000_000


def _is_of_this_account(folder: Path) -> bool:
    try:
        return folder.is_dir() and os.geteuid() in (0, folder.stat().st_uid)
    except OSError:
        return False


def _open_to_others(path: Path) -> bool:
    status = path.stat()
    return status.st_uid == os.geteuid() and bool(status.st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _close_to_others(path: Path) -> None:
    # Files with names and card ids are protected by the mode of this directory alone. A directory
    # that is not the till's own, /tmp for example, must stay open for those who use it.
    with suppress(OSError):
        if (path / JOURNAL).exists() or not any(path.iterdir()):
            path.chmod(0o700)
    if _open_to_others(path):
        problem = f"others can look into the state directory {path}"
        raise config_error(
            [f"{problem}: {command_line('chmod', 700, path)}, or name another by --state-dir"]
        )


def _token_in(path: Path) -> str | None:
    try:
        token = path.read_bytes().strip()
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise config_error([unreadable(f"the token file {path}", fault)]) from fault
    if not token:
        raise config_error([f"the token file {path} is empty"])
    if not is_token(token.decode("latin-1")):
        raise config_error([f"the token file {path} holds more than one word of printable ASCII"])
    return token.decode("ascii")


def _path_from_environment(variable: str) -> Path | None:
    # systemd joins several directories with colons; the first is ours.
    value = os.environ.get(variable, "")
    first = value.split(":")[0] if variable.endswith("_DIRECTORY") else value
    return Path(first) if first else None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return True  # load says what is wrong with it


def _open_secrets(config: Config) -> list[TillWarning]:
    backend = config.backend
    secret_files = {
        "token_file": backend.token_file,
        "office_token_file": backend.office_token_file,
        "client_key": backend.client_key,
    }
    return [
        till_warning(WarningCode.OPEN_SECRET, key=key)
        for key, path in secret_files.items()
        if path and _world_readable(path)
    ]


def _world_readable(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False  # a missing or closed one is for read_token to say
