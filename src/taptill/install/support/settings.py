"""The config as it is in force, without what is secret or says who somebody is."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit, urlunsplit

from taptill.config import Config
from taptill.config.layers import BYTES_MAX
from taptill.config.tables import LISTS, TABLES, Role, field_of, keys_of
from taptill.domain.money import Currency, Money
from taptill.install.support.wording import REMOVED

STAFF = "staff"
KEPT_OF_STAFF = frozenset({"role"})
_SCHEMES = frozenset({"Bearer", "Basic", "Token"})
_SECRET = frozenset(
    name for table in TABLES.values() for name, key in keys_of(table).items() if key.secret
)
_SECRET_TABLES = frozenset({STAFF, "backend.headers"})
_ROLES = frozenset(get_args(Role))
_FILES = frozenset({"token_file", "office_token_file"})
_SECRET_MIN = 8
_HEADING = re.compile(r"\s*\[+\s*([\w.-]+)\s*\]*\s*(?:#.*)?$")
_QUOTED = re.compile(r"""(["'])((?:(?!\1).)+)(?:\1|$)""")
_LOGIN = re.compile(r"//([^/@\s]+)@")
_LIST_FIELDS = {"reader": "readers"}


def config_text(config: Config) -> str:
    """Return the whole config with its defaults, as TOML; comments of the file are left out."""
    lines = [f"# warning: {words}" for words in config.warnings]
    for name, table in TABLES.items():
        lines += [f"[{name}]", *_lines(table, getattr(config, name), config.till.currency), ""]
    for name, table in LISTS.items():
        for row in getattr(config, _LIST_FIELDS.get(name, name)):
            lines += [f"[[{name}]]", *_lines(table, row, config.till.currency), ""]
    return "\n".join(lines)


def secrets_of(config: Config) -> Iterator[str]:
    """Yield the values of secret keys, and the secrets in an address."""
    url = urlsplit(config.backend.base_url)
    yield from (part for part in (url.username, url.password) if part)
    scheme = config.backend.auth_value.replace("{token}", "")
    yield from (word for word in scheme.split() if word not in _SCHEMES)
    yield from (value for _, value in config.backend.headers)
    for person in config.staff:
        yield from (person.name, person.pin_hash, person.card_id)


def values_beside(path: Path) -> Iterator[str]:
    """Yield the values of a config that cannot be read, and of the files beside it.

    They are looked for line by line: what stands behind a key that is secret or says who somebody
    is, whether its quotes are closed or missing, and the tokens in the files that are named.
    """
    for file in sorted(path.parent.glob("*.toml*")):
        with suppress(OSError):
            yield from values_in(file.read_text("utf-8", "replace")[:BYTES_MAX])


def values_in(text: str) -> Iterator[str]:
    """Yield the values in the text of a config that are secret or say who somebody is."""
    table = ""
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            table = heading[1]
            continue
        key, is_pair, value = line.partition("=")
        key = key.strip().strip("\"'")
        table = STAFF if key == STAFF else table
        if key in _FILES:
            with suppress(OSError, ValueError):  # no path, or one that no file can have
                yield Path(next(_strings(value), "")).read_text("utf-8", "replace").strip()
        elif key in _SECRET or (table in _SECRET_TABLES and key not in KEPT_OF_STAFF):
            yield from _strings(value if is_pair else line)
        elif login := _LOGIN.search(value):
            yield from login[1].split(":")


def _strings(value: str) -> Iterator[str]:
    """Yield what stands in quotes, and the parts of that; what has no quotes as a whole."""
    quoted = [found[2] for found in _QUOTED.finditer(value)]
    for found in quoted or [value.partition("#")[0]]:
        if found not in _ROLES and any(map(str.isalnum, found)):
            yield found.strip()
        yield from (word for word in found.split() if _is_secret(word))


def _is_secret(word: str) -> bool:
    """Return whether one word may be a secret by itself: it is long, and no common one."""
    return len(word) >= _SECRET_MIN and word not in _SCHEMES and "{token}" not in word


def _lines(table: type, row: object, currency: Currency) -> Iterator[str]:
    for name, key in keys_of(table).items():
        value = getattr(row, field_of(name))
        if key.secret or (row.__class__ is LISTS[STAFF] and name not in KEPT_OF_STAFF):
            yield f"# {name}: {REMOVED if value else 'empty'}"
        elif value is None:
            yield f"# {name}: not set"
        else:
            yield f"{name} = {_written(value, currency)}"


def _written(value: Any, currency: Currency) -> str:
    match value:
        case bool() | int() | float():
            return json.dumps(value)
        case Money():
            return f'"{Decimal(value.minor).scaleb(-currency.digits)}"'
        case Currency():
            return f'"{value.code}"'
        case time():
            return f'"{value:%H:%M}"'
        case tuple():
            return json.dumps([str(item) for item in value], ensure_ascii=False)
        case _:
            return json.dumps(without_login(str(value)), ensure_ascii=False)


def without_login(text: str) -> str:
    """Return an address without the name and password that may stand before its host."""
    if "://" not in text or "@" not in text:
        return text
    url = urlsplit(text)
    return urlunsplit(url._replace(netloc=f"{REMOVED}@{url.netloc.rpartition('@')[2]}"))
