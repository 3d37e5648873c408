"""Reads the config's text into a `Config`, or reports every complaint about it at once."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from ipaddress import ip_address
from itertools import combinations
from typing import Any
from urllib.parse import urlsplit

from taptill.config.layers import MergedFile, config_error, read_text
from taptill.config.tables import (
    LISTS,
    TABLES,
    BackendConfig,
    Config,
    GoodsConfig,
    ReaderConfig,
    StaffConfig,
    TillConfig,
    field_of,
    keys_of,
)
from taptill.config.validators import REQUIRED, ConfigKey, InvalidValueError
from taptill.domain.basket import barcode_form, wrong_check_digit
from taptill.domain.card_id import is_spelled_alike
from taptill.domain.money import Currency
from taptill.domain.staff.pins import check_hash
from taptill.domain.technical.till_warning import TillWarning, WarningCode, till_warning

ReaderCheck = Callable[[ReaderConfig], Iterable[str]]
"""Returns what is wrong with a reader's driver, family and steps, each as `key: sentence`."""

Row = Mapping[str, Any]
"""The values of one table by key; keys with a mistake are left out."""

GOODS_MAX = 2000

SHOWN_MAX = 60
"""A wrong value is shown up to so many characters."""

_SECRET_NAME = re.compile(r"token|secret|pass|pin|key|auth|cred|hash|card|cookie", re.IGNORECASE)


# An office sells nothing: these values are used where it names no reader and no strategy.
_OFFICE: Mapping[str, Any] = {
    "reader": [{"driver": "simulated"}],
    "settlement": {"strategy": "export"},
}


_MODE_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "self-service": {"show_debt": "never", "show_name": "short", "clear_after_s": 30}
}
"""Other defaults of [privacy] by [till] mode: a customer alone is private, and takes time."""


def parse(
    text: str, check_reader: ReaderCheck = lambda _: (), *, for_office: bool = False
) -> Config:
    """Return the config of a text that includes nothing; raises ConfigError with all complaints.

    For the commands of an office the file needs [backend] alone.
    """
    return parse_files(MergedFile(read_text(text)), check_reader, for_office=for_office)


def parse_files(
    files: MergedFile, check_reader: ReaderCheck = lambda _: (), *, for_office: bool = False
) -> Config:
    """Return the config of files that were read; raises ConfigError with all complaints."""
    file = _with_mode({**(_OFFICE if for_office else {}), **files.values})
    reading = _TableReader(file, files.prefix)
    tables = {name: reading.table(name, table) for name, table in TABLES.items()}
    rows = {name: reading.rows(name, table) for name, table in LISTS.items()}
    complaints = [
        *reading.complaints,
        *(
            f"{files.prefix(name)}{complaint}"
            for name, table_complaints in (
                ("reader", _reader_complaints(rows["reader"], file, check_reader)),
                ("goods", _goods_complaints(rows["goods"])),
                ("staff", _all_staff_complaints(rows["staff"])),
                ("backend", _backend_complaints(tables["backend"])),
                ("till", _mode_complaints(tables["till"], rows["goods"])),
            )
            for complaint in table_complaints
        ),
    ]
    if complaints:
        raise config_error(complaints)
    sections: dict[str, Any] = {name: table(**tables[name]) for name, table in TABLES.items()}
    return Config(
        **sections,
        readers=tuple(_reader(row) for row in rows["reader"]),
        goods=tuple(GoodsConfig(**row) for row in rows["goods"]),
        staff=tuple(StaffConfig(**row) for row in rows["staff"]),
        warnings=(*_warnings(sections["backend"]), *_goods_warnings(rows["goods"])),
        files=files.paths,
    )


def mode_defaults(file: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the defaults of [privacy] that the mode of a file has of its own."""
    till = file.get("till")
    mode = till.get("mode") if isinstance(till, dict) else None
    return _MODE_DEFAULTS.get(mode, {}) if isinstance(mode, str) else {}


def _with_mode(file: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the file with the defaults of its mode."""
    privacy, defaults = file.get("privacy", {}), mode_defaults(file)
    if not defaults or not isinstance(privacy, dict):
        return file
    return {**file, "privacy": {**defaults, **privacy}}


class _TableReader:
    """Reads the file's tables and collects every complaint."""

    def __init__(self, file: Mapping[str, Any], prefix: Callable[[str, str], str]) -> None:
        self.complaints = [
            f"{prefix(name, '')}{_unknown_table(name, content)}"
            for name, content in file.items()
            if name not in (*TABLES, *LISTS)
        ]
        self._file = file
        self._prefix = prefix
        self._currency = _currency(file)

    def table(self, name: str, table: type) -> Row:
        """Return the values of one table."""
        content = self._file.get(name, {})
        if isinstance(content, dict):
            return self._row(name, f"[{name}]", table, content)
        problem = f"[{name}]: this is one table: write [{name}] above its keys"
        self.complaints.append(f"{self._prefix(name, '')}{problem}")
        return {}

    def rows(self, name: str, table: type) -> list[Row]:
        """Return the values of an array of tables."""
        content = self._file.get(name, [])
        if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
            problem = f"[[{name}]]: write [[{name}]] above the keys of each"
            self.complaints.append(f"{self._prefix(name, '')}{problem}")
            return []
        return [
            self._row(name, f"[[{name}]] {number}", table, row)
            for number, row in enumerate(content, start=1)
        ]

    def _row(self, of: str, place: str, table: type, content: Mapping[str, object]) -> Row:
        keys = keys_of(table)
        unknown = [name for name in content if name not in keys]
        self.complaints += [
            f"{self._prefix(of, name)}{_unknown_key(place, name, content[name], keys)}"
            for name in unknown
        ]
        values: dict[str, object] = {}
        for name, key in keys.items():
            try:
                values[name] = _value(key, content.get(name, key.default), self._currency)
            except ValueError as fault:
                why = f": {fault}" if isinstance(fault, InvalidValueError) else ""
                complaint = f"{_wrong_value(place, name, key, content)}{why}"
                self.complaints.append(f"{self._prefix(of, name)}{complaint}")
        return values


def _value(key: ConfigKey, value: object, currency: Currency) -> object:
    if value is REQUIRED:
        raise ValueError
    return None if value is None else key.validator.parse(value, currency)


def _currency(file: Mapping[str, Any]) -> Currency:
    # Amounts need the currency before [till] is read; a wrong one must not spoil right amounts.
    till = file.get("till")
    code = till.get("currency", "EUR") if isinstance(till, dict) else "EUR"
    try:
        read = keys_of(TillConfig)["currency"].validator.parse(code, Currency(""))
    except ValueError:
        read = Currency("", digits=3)
    assert isinstance(read, Currency)
    return read


def _wrong_value(place: str, name: str, key: ConfigKey, values: Mapping[str, object]) -> str:
    if name not in values:
        return f"{place} {name} is missing, it must be {key.validator}"
    return f"{place} {name} = {_literal(values[name], secret=key.secret)} must be {key.validator}"


def _unknown_key(place: str, name: str, value: object, keys: Mapping[str, ConfigKey]) -> str:
    near = get_close_matches(name.lower().replace("-", "_"), keys, n=1, cutoff=0.6)
    secret = _SECRET_NAME.search(name) is not None or any(keys[key].secret for key in near)
    hint = f", did you mean {near[0]}?" if near else _table_hint(name)
    hint = hint or f", known are {', '.join(keys)}"
    return f"{place} {_shown_name(name)} = {_literal(value, secret=secret)}: unknown key{hint}"


def _table_hint(name: str) -> str:
    tables = [f"[{at}]" for at, table in TABLES.items() if name in keys_of(table)]
    return f", it belongs to {' or '.join(tables)}" if tables else ""


def _unknown_table(name: str, content: object) -> str:
    shown_name = _shown_name(name)
    if not isinstance(content, dict | list):
        value = _literal(content, secret=_SECRET_NAME.search(name) is not None)
        return f"{shown_name} = {value}: this key stands above all tables{_table_hint(name)}"
    near = get_close_matches(name.lower(), (*TABLES, *LISTS), n=1, cutoff=0.6)
    hint = f"did you mean [{near[0]}]?" if near else f"known are {', '.join((*TABLES, *LISTS))}"
    return f"[{shown_name}]: unknown table, {hint}"


def _literal(value: object, *, secret: bool) -> str:
    if secret or (isinstance(value, str) and "@" in value):
        return "(not shown)"
    if isinstance(value, dict) or (isinstance(value, list) and dict in map(type, value)):
        return "{...}"
    try:
        literal = json.dumps(value, ensure_ascii=False, default=str)
    except ValueError:  # Python prints no integer of more than some thousand digits
        return "(too long)"
    return literal if len(literal) <= SHOWN_MAX else f"{literal[:SHOWN_MAX]}..."


def _shown_name(name: str) -> str:
    return name if re.fullmatch(r"[\w-]{1,60}", name) else json.dumps(name[:SHOWN_MAX])


def _reader_complaints(
    rows: Sequence[Row], file: Mapping[str, Any], check: ReaderCheck
) -> Iterable[str]:
    if file.get("reader", []) == []:
        yield "[[reader]] is missing: at least one reader is needed"
    elif rows and all(row.get("for") == "goods" for row in rows):
        yield "[[reader]]: all are for goods, at least one for cards is needed"
    for number, row in enumerate(rows, start=1):
        for complaint in check(_with_defaults(row)) if "driver" in row else ():
            key = complaint.partition(":")[0]
            if key in row or key not in keys_of(
                ReaderConfig
            ):  # the complaint may be about the default that stands in for the value
                yield f"[[reader]] {number} {complaint}"


def _with_defaults(row: Row) -> ReaderConfig:
    """Return a reader for the check, with defaults in place of values that hold a mistake."""
    keys = keys_of(ReaderConfig)
    missing = {name: keys[name] for name in keys.keys() - row.keys()}
    defaults: Row = {name: _value(key, key.default, Currency("")) for name, key in missing.items()}
    return _reader({**row, **defaults})


def _reader(row: Row) -> ReaderConfig:
    return ReaderConfig(**{field_of(key): value for key, value in row.items()})


def _duplicates(
    name: str, key: str, rows: Sequence[Row], form: Callable[[str], str] = str
) -> Iterable[str]:
    """Complain of each value that an earlier row has, once both are in the same form."""
    first_numbers: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        value = form(row.get(key, ""))
        if value and (first_number := first_numbers.setdefault(value, number)) != number:
            first = f"[[{name}]] {first_number}"
            yield f"[[{name}]] {number} {key} is that of {first}: each needs its own"


def _goods_complaints(rows: Sequence[Row]) -> Iterable[str]:
    if len(rows) > GOODS_MAX:
        yield f"[[goods]]: {len(rows)} are too many, at most {GOODS_MAX} goods"
    yield from _duplicates("goods", "key", rows)
    yield from _duplicates("goods", "barcode", rows, barcode_form)


def _goods_warnings(rows: Sequence[Row]) -> Iterable[TillWarning]:
    """Warn of mistyped barcodes only: a label of one's own may have 8 digits by chance."""
    for number, row in enumerate(rows, start=1):
        if mistake := wrong_check_digit(row["barcode"]):
            symbology, digit = mistake
            yield till_warning(
                WarningCode.CHECK_DIGIT,
                number=number,
                barcode=row["barcode"],
                symbology=symbology,
                digit=digit,
            )


def _all_staff_complaints(rows: Sequence[Row]) -> Iterable[str]:
    yield from _duplicates("staff", "name", rows)
    yield from _staff_complaints(rows)
    yield from _duplicates("staff", "card_id", [_with_card(row) for row in rows])


def _staff_complaints(rows: Sequence[Row]) -> Iterable[str]:
    for number, row in enumerate(rows, start=1):
        if row.get("pin_hash") == row.get("card_id") == "":
            yield f"[[staff]] {number} needs pin_hash or card_id, or nobody can be this person"
        if wrong := _wrong_hash(row.get("pin_hash") or ""):
            yield f"[[staff]] {number} pin_hash is {wrong}: make it with `taptill staff hash-pin`"
    cards = [(number, row.get("card_id") or "") for number, row in enumerate(rows, start=1)]
    for (first, card), (second, other) in combinations(cards, 2):
        if card and card != other and is_spelled_alike(card, other):
            yield f"[[staff]] {second} card_id is that of [[staff]] {first}, spelled otherwise"


def _with_card(row: Row) -> Row:
    """Return the row, or an empty one for a person without a card."""
    return row if row.get("card_id") else {}


def _wrong_hash(pin_hash: str) -> str:
    try:
        if pin_hash:
            check_hash(pin_hash)
    except ValueError as fault:
        return str(fault)
    return ""


def _mode_complaints(till: Row, goods: Sequence[Row]) -> Iterable[str]:
    if till.get("mode") == "self-service" and not goods and not till.get("customer_amounts"):
        yield "[till] mode self-service needs [[goods]] or customer_amounts, or nothing can be paid"


def _backend_complaints(row: Row) -> Iterable[str]:
    if row.get("client_key") and row.get("client_cert", "wrong") is None:
        yield "[backend] client_key needs client_cert beside it"


def _warnings(backend: BackendConfig) -> Iterable[TillWarning]:
    url = urlsplit(backend.base_url)
    if url.password is not None:
        yield till_warning(WarningCode.PASSWORD_IN_CONFIG)
    if any(_SECRET_NAME.search(name) for name, _ in backend.headers):
        yield till_warning(WarningCode.SECRET_IN_CONFIG)
    if url.scheme == "http" and not _loopback(url.hostname or ""):
        yield till_warning(WarningCode.TOKEN_IN_CLEAR)


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
