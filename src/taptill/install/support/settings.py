"""The config as it is in force, without what is secret or says who somebody is."""

import json
from collections.abc import Iterator
from datetime import time
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from taptill.config import Config
from taptill.config.tables import LISTS, TABLES, field_of, keys_of
from taptill.domain.money import Currency, Money
from taptill.install.support.wording import REMOVED

STAFF = "staff"
KEPT_OF_STAFF = frozenset({"role"})
_SCHEMES = frozenset({"Bearer", "Basic", "Token"})
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
