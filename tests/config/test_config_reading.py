"""The text of a config, and the dataclasses or all complaints that it gives."""

from dataclasses import FrozenInstanceError, fields
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.config.files import complaints, text

from taptill.config import ReaderConfig, parse
from taptill.config.tables import LISTS, TABLES, Config, keys_of
from taptill.config.validators import REQUIRED
from taptill.domain.errors import ConfigError
from taptill.domain.money import Currency, Money

GOODS = '[[goods]]\nkey = "{}"\nname = "Tea"\nprice = "1.20"\n'
STAFF = '[[staff]]\nname = "Jo"\nrole = "cashier"\n'

WRONG = {  # a complaint names table, key, value, what is allowed and the nearest known key
    "an unknown key with its nearest neighbour": (
        text(till='nane = "x"'),
        '[till] nane = "x": unknown key, did you mean name?',
    ),
    "dashes instead of underscores": (
        text(till="void-window-s = 3"),
        "[till] void-window-s = 3: unknown key, did you mean void_window_s?",
    ),
    "a key that belongs to another table": (
        text(till='strategy = "debt"'),
        '[till] strategy = "debt": unknown key, it belongs to [settlement]',
    ),
    "an unknown key with no neighbour": (
        text(ui="zzz = 1"),
        "[ui] zzz = 1: unknown key, known are plain, touch, theme, sound, sound_device, volume",
    ),
    "an unknown table with its nearest neighbour": (
        text(setlement="a = 1"),
        "[setlement]: unknown table, did you mean [settlement]?",
    ),
    "a key above all tables": (
        "page_size = 5\n" + text(),
        "page_size = 5: this key stands above all tables, it belongs to [backend]",
    ),
    "a table written as a list": (
        "[[till]]\n" + text(),
        "[till]: this is one table: write [till] above its keys",
    ),
    "a wrong type": (
        text(till='void_window_s = "300"'),
        '[till] void_window_s = "300" must be a whole number: 0 to 86400 s',
    ),
    "true where a number belongs": (
        text(backend="page_size = true"),
        "[backend] page_size = true must be a whole number: 1 to 1000 rows",
    ),
    "a number below its range": (
        text(backend="page_size = 0"),
        "[backend] page_size = 0 must be a whole number: 1 to 1000 rows",
    ),
    "a number above its range": (
        text(backend="page_size = 1001"),
        "[backend] page_size = 1001 must be a whole number: 1 to 1000 rows",
    ),
    "not a number at all": (
        text(backend="read_timeout_s = nan"),
        "[backend] read_timeout_s = NaN must be a number: 0.1 to 60 s",
    ),
    "a number too long to be written": (
        text(backend=f"page_size = 0x{'f' * 5000}"),
        "[backend] page_size = (too long) must be a whole number: 1 to 1000 rows",
    ),
    "a word that is no choice": (
        text(till='mode = "kiosk"'),
        '[till] mode = "kiosk" must be a choice: attended | self-service | balance',
    ),
    "a choice in a list": (
        text(cache='fields = ["name", "shoes"]'),
        '[cache] fields = ["name", "shoes"] must be a list: of name, company, email, paymentCard',
    ),
    "an amount as a number": (
        text(till="max_charge = 100.0"),
        '[till] max_charge = 100.0 must be an amount: in quotes, such as "20.00", more than zero',
    ),
    "an amount finer than a cent": (
        text(limits='override_max = "1.005"'),
        (
            '[limits] override_max = "1.005" must be an amount: in quotes, such as "20.00", '
            "zero or more"
        ),
    ),
    "a charge of nothing as the most": (
        text(till='max_charge = "0.00"'),
        '[till] max_charge = "0.00" must be an amount: in quotes, such as "20.00", more than zero',
    ),
    "a currency in small letters": (
        text(till='currency = "eur"'),
        (
            '[till] currency = "eur" must be a text: three capital letters of ISO 4217: '
            "eur is written EUR"
        ),
    ),
    "a relative path": (
        text(journal='mirror = "stick/copy"'),
        '[journal] mirror = "stick/copy" must be a path: absolute, or ""',
    ),
    "a URL without a scheme": (
        text().replace("https://api", "api"),
        (
            '[backend] base_url = "api.example.org" must be a text: http:// or https://, a host, '
            "no query"
        ),
    ),
    "a broken pattern": (
        text(**{"[reader]": 'regex = "("'}),
        '[[reader]] 1 regex = "(" must be a text: a regular expression, or ""',
    ),
    "a reader as one table": (
        text().replace("[[reader]]", "[reader]"),
        "[[reader]]: write [[reader]] above the keys of each",
    ),
    "a client key without its certificate": (
        text(backend='client_key = "/etc/taptill/key.pem"'),
        "[backend] client_key needs client_cert beside it",
    ),
    "a goods key in capitals": (
        text() + GOODS.format("C"),
        '[[goods]] 1 key = "C" must be a text: one small letter, a to z',
    ),
    "a goods key of two letters": (
        text() + GOODS.format("ab"),
        '[[goods]] 1 key = "ab" must be a text: one small letter, a to z',
    ),
    "a goods key beyond a to z": (
        text() + GOODS.format("ä"),
        '[[goods]] 1 key = "ä" must be a text: one small letter, a to z',
    ),
    "a goods key used twice": (
        text() + GOODS.format("c") + GOODS.format("d") + GOODS.format("c"),
        "[[goods]] 3 key is that of [[goods]] 1: each needs its own",
    ),
    "somebody who cannot log in": (
        text() + STAFF,
        "[[staff]] 1 needs pin_hash or card_id, or nobody can be this person",
    ),
    "a value longer than it helps": (
        text(till=f'mode = "{"x" * 100}"'),
        f'[till] mode = "{"x" * 59}... must be a choice: attended | self-service | balance',
    ),
    "control characters": (
        text(till='name = "a\\u001b[2J"'),
        '[till] name = "a\\u001b[2J" must be a text: 1 to 40 characters',
    ),
}


@pytest.mark.parametrize(("toml_text", "complaint"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_named(toml_text: str, complaint: str) -> None:
    assert complaints(toml_text) == [complaint]


def test_all_mistakes_are_named_at_once() -> None:
    """All required keys that are missing in any table are named, beside mistakes elsewhere."""
    assert complaints('[ui]\nsound = "loud"\n' + GOODS.format("c") * 2) == [
        "[backend] base_url is missing, it must be a text: http:// or https://, a host, no query",
        "[settlement] strategy is missing, it must be a choice: debt | export",
        '[ui] sound = "loud" must be a choice: auto | bell | files | reader | off',
        "[[reader]] is missing: at least one reader is needed",
        "[[goods]] 2 key is that of [[goods]] 1: each needs its own",
    ]


def test_a_wrong_type_hides_no_other_mistake_of_its_row() -> None:
    """Rules between rows still apply to the keys that could be read."""
    goods = '[[goods]]\nkey = "c"\nname = "Tea"\nprice = 1.20\n'
    staff = '[[staff]]\nname = "Jo"\nrole = "king"\n'
    key = 'client_key = "/etc/taptill/key.pem"\npage_size = 0'
    texts = complaints(text(backend=key) + goods * 2 + staff * 2)
    assert [complaint for complaint in texts if "must be" not in complaint] == [
        "[[goods]] 2 key is that of [[goods]] 1: each needs its own",
        "[[staff]] 2 name is that of [[staff]] 1: each needs its own",
        "[[staff]] 1 needs pin_hash or card_id, or nobody can be this person",
        "[[staff]] 2 needs pin_hash or card_id, or nobody can be this person",
        "[backend] client_key needs client_cert beside it",
    ]


def test_one_card_of_two_people_is_refused_however_it_is_spelled() -> None:
    """At the till it would be nobody's."""
    rows = '[[staff]]\nname = "{}"\nrole = "cashier"\ncard_id = "{}"\n'
    staff = rows.format("Jo", "04A1B2C3D4") + rows.format("Kim", "04a1b2c3d4")
    assert complaints(text() + staff) == [
        "[[staff]] 2 card_id is that of [[staff]] 1, spelled otherwise"
    ]
    other = rows.format("Jo", "04A1B2C3D4") + rows.format("Kim", "04A1B2C3D5")
    assert len(parse(text() + other).staff) == 2


def test_a_readers_wrong_type_hides_nothing_that_its_check_says_of_other_keys() -> None:
    toml_text = text(**{"[reader]": 'baud = 1\nfamily = "rdm"\ncard_id = ["hx"]\nhold_ms = 1'})
    assert complaints(toml_text, says_everything) == [
        "[[reader]] 1 baud = 1 must be a whole number: 300 to 4000000 Bd",
        "[[reader]] 1 hold_ms = 1 must be a whole number: 50 to 10000 ms",
        "[[reader]] 1 family: rdm",
        "[[reader]] 1 port: ",
        "[[reader]] 1 card_id: ('hx',)",
    ]


def test_a_reader_without_a_driver_is_not_checked_further() -> None:
    """Without a driver no rules are known."""
    toml_text = text().replace('driver = "simulated"', "baud = 9600")
    [complaint] = complaints(toml_text, says_everything)
    assert complaint.startswith("[[reader]] 1 driver is missing")


def says_everything(reader: ReaderConfig) -> list[str]:
    """Complain about every key."""
    keys = ("family", "port", "card_id", "baud", "hold_ms")
    return [f"{name}: {getattr(reader, name)}" for name in keys]


SECRET = {
    "an unknown key called token": text(backend='token = "s3cret"'),
    "a misspelt secret key": text() + STAFF + 'pin_hsh = "s3cret"',
    "a PIN where its hash belongs": text() + STAFF + 'pin_hash = "s3cret"',
    "a secret instead of a template": text(backend='auth_value = "Bearer s3cret"'),
    "a header that is no text": text(backend='headers = { "X-A" = ["s3cret"] }'),
    "a password within a wrong URL": text().replace("https://api", "ftp://jo:s3cret@api"),
    "a secret above all tables": 'api_key = "s3cret"\n' + text(),
    "a secret within a table within a list": text(backend='fields = [{ a = "s3cret" }]'),
    "the card of somebody without a role": text() + '[[staff]]\nname = "Jo"\ncard_id = 5',
}


@pytest.mark.parametrize("toml_text", SECRET.values(), ids=SECRET)
def test_a_complaint_never_shows_a_secret(toml_text: str) -> None:
    texts = complaints(toml_text)
    assert "s3cret" not in "".join(texts)
    assert "Jo" not in "".join(texts)


BROKEN = {
    "a value that is missing": ("a = \n", "line 1, column 5"),
    "a list that never ends": ("a = 1\nb = [", "line 2, column 6"),
    "a key written twice": ("[till]\nname = 1\nname = 2\n", "line 3, column 9"),
    "a number of more digits than Python reads": ("a = " + "9" * 5000, "line 1, column 5005"),
}


@pytest.mark.parametrize(("toml_text", "place"), BROKEN.values(), ids=BROKEN)
def test_broken_toml_is_one_complaint_with_its_place(toml_text: str, place: str) -> None:
    [complaint] = complaints(toml_text)
    assert complaint.startswith(f"{place}: this is not TOML: ")


def test_the_reader_check_speaks_about_each_reader() -> None:
    def check(reader: ReaderConfig) -> list[str]:
        return [f"family {reader.family} is unknown"] if reader.family else []

    toml_text = text(**{"[reader]": ""}) + '\n[[reader]]\ndriver = "serial"\nfamily = "rdm"'
    assert complaints(toml_text, check) == ["[[reader]] 2 family rdm is unknown"]


def test_a_readers_options_are_those_that_were_set() -> None:
    """The family or the driver decides on keys that are not set."""
    [reader] = parse(text(**{"[reader]": 'end = "\\r"\nsocket = "/run/taps"'})).readers
    assert reader.options == {"end": "\r", "socket": "/run/taps"}
    [bare] = parse(text()).readers
    assert (bare.options, bare.baud, bare.dtr, bare.rts) == ({}, None, None, None)


def test_a_wrong_currency_brings_no_complaint_about_right_amounts() -> None:
    texts = complaints(text(till='currency = "euro"\nmax_charge = "1.005"'))
    assert texts == [
        (
            '[till] currency = "euro" must be a text: three capital letters of ISO 4217: '
            "euro is not in ISO 4217, the nearest code is EUR"
        )
    ]


AMOUNTS = {
    "cents": ("EUR", "20.00", 2000),
    "one decimal": ("EUR", "20.5", 2050),
    "whole euros": ("EUR", "20", 2000),
    "a currency without decimals": ("JPY", "20", 20),
    "a currency with three": ("KWD", "20.005", 20005),
}


@pytest.mark.parametrize(("code", "amount", "minor"), AMOUNTS.values(), ids=AMOUNTS)
def test_amounts_are_read_with_the_digits_of_the_currency(
    code: str, amount: str, minor: int
) -> None:
    config = parse(text(till=f'currency = "{code}"\nmax_charge = "{amount}"'))
    assert (config.till.currency, config.till.max_charge) == (Currency.named(code), Money(minor))


@pytest.mark.parametrize("ends_at", ["04:00", "00:00", "23:59"])
def test_a_time_of_the_day_is_read(ends_at: str) -> None:
    config = parse(text(till=f'day_ends_at = "{ends_at}"'))
    assert config.till.day_ends_at == time.fromisoformat(ends_at)


@pytest.mark.parametrize("ends_at", ['"4:00"', '"24:00"', '"04:60"', '"04:00:00"', '"٠٤:٠٠"', "4"])
def test_what_is_no_time_of_the_day_is_refused(ends_at: str) -> None:
    assert complaints(text(till=f"day_ends_at = {ends_at}")) == [
        f'[till] day_ends_at = {ends_at} must be a time: in quotes, such as "04:00"'
    ]


NO_AMOUNTS = ("", "-1.00", "1,00", "1e3", " 1", "1_0", "٣", "0x1", "inf", "9" * 14, "9999999999999")


@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_what_is_no_plain_amount_is_refused(amount: str) -> None:
    assert len(complaints(text(till=f'max_charge = "{amount}"'))) == 1


@pytest.mark.parametrize("code", ["EUR", "JPY", "KWD"])
def test_every_default_is_itself_allowed(code: str) -> None:
    till = parse(text(till=f'currency = "{code}"')).till
    assert till.currency.text(till.max_charge).startswith("100")


def test_the_smallest_file_gives_the_defaults() -> None:
    config = parse(text())
    assert config.limits.credit_ceiling is None
    assert config.backend.company_id is None
    assert config.cache.fields == ("name", "company")
    assert [reader.hold_ms for reader in config.readers] == [400]
    assert (config.goods, config.staff, config.warnings) == ((), (), ())


def test_the_config_is_frozen() -> None:
    config = parse(text())
    with pytest.raises(FrozenInstanceError):
        config.till.name = "other"  # type: ignore[misc]


def test_every_field_of_the_config_is_a_table_of_the_file() -> None:
    lists = {"readers" if name == "reader" else name for name in LISTS}
    assert {field.name for field in fields(Config)} == {*TABLES, *lists, "warnings", "files"}


def test_only_what_a_site_must_choose_has_no_default() -> None:
    without_default = {
        f"{table} {name}"
        for table, keys in {**TABLES, **LISTS}.items()
        for name, key in keys_of(keys).items()
        if key.default is REQUIRED
    }
    assert without_default == {
        *("backend base_url", "settlement strategy", "reader driver"),
        *("goods name", "goods price", "staff name", "staff role"),
    }


ELSEWHERE = "https://api.example.org"
WARNED = {
    "http to another machine": (
        text().replace("https", "http"),
        ["http:// backend: the token travels in the clear"],
    ),
    "a password in the URL": (
        text().replace("https://", "https://jo:s3cret@"),
        ["password in the config: [backend] base_url"],
    ),
    "a key called token among the headers": (
        text(backend='headers = { X-Token = "s3cret" }'),
        ["secret in the config: [backend] headers"],
    ),
    "a harmless header": (text(backend='headers = { X-Site = "7" }'), []),
    "http to this machine by name": (text().replace(ELSEWHERE, "http://localhost:8080"), []),
    "http to this machine by address": (text().replace(ELSEWHERE, "http://127.0.0.9"), []),
    "http to this machine by IPv6": (text().replace(ELSEWHERE, "http://[::1]:80/"), []),
}


@pytest.mark.parametrize(("toml_text", "warnings"), WARNED.values(), ids=WARNED)
def test_what_is_unwise_is_a_warning_for_the_status_bar(
    toml_text: str, warnings: list[str]
) -> None:
    assert list(map(str, parse(toml_text).warnings)) == warnings


ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@given(st.text())
def test_any_text_gives_a_config_or_complaints(toml_text: str) -> None:
    with pytest.raises(ConfigError):
        parse(toml_text)


@given(table=st.sampled_from(sorted(TABLES)), pick=st.integers(0, 99), value=ANY_VALUE)
def test_any_value_of_any_key_gives_a_config_or_a_complaint_about_that_key(
    table: str, pick: int, value: object
) -> None:
    names = list(keys_of(TABLES[table]))
    name = names[pick % len(names)]
    tables: dict[str, dict[str, object]] = {
        "backend": {"base_url": "https://a.b"},
        "settlement": {"strategy": "debt"},
    }
    tables[table] = {**tables.get(table, {}), name: value}
    try:
        parse(toml_file(tables))
    except ConfigError as fault:
        assert f"[{table}] {name}" in str(fault)  # noqa: PT017 - it may also load


def toml_file(tables: dict[str, dict[str, object]]) -> str:
    """Return tables as TOML."""
    lines = [
        f"[{table}]\n" + "".join(f"{name} = {toml(content)}\n" for name, content in keys.items())
        for table, keys in tables.items()
    ]
    return "\n".join([*lines, '[[reader]]\ndriver = "simulated"'])


def toml(value: object) -> str:
    match value:
        case None:
            return '""'
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case str():
            letters = (f"\\U{ord(sign):08X}" for sign in value)
            return f'"{"".join(letters)}"'
        case _:
            return str(value)


def test_a_mode_without_a_cashier_has_defaults_of_its_own() -> None:
    goods = GOODS.format("t")
    private = parse(text(till='mode = "self-service"') + "\n" + goods).privacy
    assert (private.show_debt, private.show_name, private.clear_after_s) == ("never", "short", 30)
    chosen = parse(
        text(till='mode = "self-service"', privacy='show_debt = "always"') + "\n" + goods
    )
    assert (chosen.privacy.show_debt, chosen.privacy.show_name) == ("always", "short")
    assert parse(text(till='mode = "balance"')).privacy == parse(text()).privacy


def test_self_service_needs_something_that_can_be_picked() -> None:
    wanted = "[till] mode self-service needs [[goods]] or customer_amounts, or nothing can be paid"
    assert complaints(text(till='mode = "self-service"')) == [wanted]
    parse(text(till='mode = "self-service"\ncustomer_amounts = true'))
