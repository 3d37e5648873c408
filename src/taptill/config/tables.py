"""The config's tables as frozen dataclasses: an attribute is a key, its validator and default."""

from dataclasses import dataclass, field
from datetime import time
from keyword import iskeyword
from pathlib import Path
from typing import Annotated, Literal, get_type_hints

from taptill.config.validators import (
    ConfigKey,
    amount,
    boolean,
    choice,
    choices,
    currency_code,
    headers,
    integer,
    path,
    price,
    raw_text,
    regex,
    seconds,
    text,
    texts,
    url,
    wall_time,
)
from taptill.domain.card_id import CARD_ID_LENGTH_MAX
from taptill.domain.money import Currency, Money
from taptill.domain.technical.till_warning import TillWarning

DAY_S = 86_400

Mode = Literal["attended", "self-service", "balance"]
Language = Literal["en", "de", "fr", "es"]
Scale = Literal["major", "minor"]
Sign = Literal["positive", "negative"]
PersonalField = Literal["name", "company", "email", "paymentCard"]
AskedField = Literal[
    "id",
    "name",
    "cardId",
    "company",
    "isBlocked",
    "isCreditAllowed",
    "totalDebt",
    "debtData",
    "externalId",
    "default",
    "updatedAt",
]
ReaderUse = Literal["cards", "goods"]
Strategy = Literal["debt", "export"]
ShowDebt = Literal["always", "on-request", "never"]
ShowName = Literal["full", "short", "never"]
Theme = Literal["auto", "console", "dark", "light", "colour-blind"]
Sound = Literal["auto", "bell", "files", "reader", "off"]
Printing = Literal["ask", "always", "never"]
PageOfCodes = Literal["ascii", "437", "850", "858", "1252"]
Role = Literal["cashier", "supervisor", "technician"]

LINE_OPTIONS = ("end", "prefix", "suffix", "regex", "min_length", "max_length", "idle_accepts")
READER_OPTIONS = (*LINE_OPTIONS, "technologies", "script", "socket")

_WORD = text(1, 40, r"[a-z][a-z0-9-]*", "small letters, digits and dashes")
_WORD_OR_NONE = text(0, 40, r"([a-z][a-z0-9-]*)?", 'small letters, digits and dashes, or ""')
_PREFIX = text(0, 200, r"(/[A-Za-z0-9_.~-]+)*", 'such as "/core/data": no closing slash')
_HEADER = text(1, 80, r"[A-Za-z0-9_-]+", "a header's name")
_TEMPLATE = text(7, 200, r"[ -~]*\{token\}[ -~]*", "must hold {token}, which stands for the secret")
_STEPS = texts(r".{1,80}", "the normaliser's steps, in quotes; [] is the driver's own")
_TECHNOLOGIES = text(4, 9, constraint="106A, 212F or both with a blank between")
_BARCODE = text(0, 48, r"([!-~]([ -~]*[!-~])?)?", 'as the scanner sends it, at most 48, or ""')
_TAX = text(0, 8, r"[A-Za-z0-9]*", "at most 8 letters and digits")
_PRINTER = text(
    0,
    200,
    r"(/[!-~]+|([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5})?",
    'a device, a file, or host:port, such as "/dev/usb/lp0", "/dev/ttyUSB1", "10.0.0.9:9100"',
)
_SOUND_DEVICE = text(0, 80, r"[A-Za-z0-9_:,=.-]*", 'as `aplay -L` names it, or ""')
_HASH = text(0, 400, r"(scrypt\$.+)?", 'a hash that begins with scrypt$, or ""')


@dataclass(frozen=True, slots=True)
class TillConfig:
    """[till]: who this till is and how it sells."""

    name: Annotated[str, ConfigKey(text(1, 40), "till")]
    mode: Annotated[Mode, ConfigKey(choice(Mode), "attended")]
    language: Annotated[Language, ConfigKey(choice(Language), "en")]
    currency: Annotated[Currency, ConfigKey(currency_code(), "EUR")]
    max_charge: Annotated[Money, ConfigKey(amount(1), "100.00")]
    repayments: Annotated[bool, ConfigKey(boolean(), default=False)]
    max_repayment: Annotated[Money, ConfigKey(amount(), "200.00")]
    void_window_s: Annotated[int, ConfigKey(integer(0, DAY_S, "s"), 300)]
    lock_after_s: Annotated[int, ConfigKey(integer(0, DAY_S, "s"), 0)]
    countdown_s: Annotated[int, ConfigKey(integer(1, 60, "s"), 5)]
    customer_amounts: Annotated[bool, ConfigKey(boolean(), default=False)]
    implied_decimals: Annotated[bool, ConfigKey(boolean(), default=True)]
    day_ends_at: Annotated[time, ConfigKey(wall_time(), "00:00")]


@dataclass(frozen=True, slots=True)
class BackendConfig:
    """[backend]: where the Customers API is and how it speaks."""

    base_url: Annotated[str, ConfigKey(url())]
    path_prefix: Annotated[str, ConfigKey(_PREFIX, "/core/data")]
    token_file: Annotated[Path | None, ConfigKey(path(), "/etc/taptill/api-token")]
    auth_header: Annotated[str, ConfigKey(_HEADER, "Authorization")]
    auth_value: Annotated[str, ConfigKey(_TEMPLATE, "Bearer {token}", secret=True)]
    headers: Annotated[tuple[tuple[str, str], ...], ConfigKey(headers(), {}, secret=True)]
    office_token_file: Annotated[Path | None, ConfigKey(path(), "")]
    company_id: Annotated[int | None, ConfigKey(integer(1, 10**12), None)]
    fields: Annotated[tuple[str, ...], ConfigKey(choices(AskedField), [])]
    money: Annotated[Scale, ConfigKey(choice(Scale), "major")]
    owed_is: Annotated[Sign, ConfigKey(choice(Sign), "positive")]
    page_size: Annotated[int, ConfigKey(integer(1, 1000, "rows"), 1000)]
    connect_timeout_s: Annotated[float, ConfigKey(seconds(0.1, 60), 2.0)]
    read_timeout_s: Annotated[float, ConfigKey(seconds(0.1, 60), 5.0)]
    ca_file: Annotated[Path | None, ConfigKey(path(), "")]
    client_cert: Annotated[Path | None, ConfigKey(path(), "")]
    client_key: Annotated[Path | None, ConfigKey(path(), "")]


@dataclass(frozen=True, slots=True)
class ReaderConfig:
    """[[reader]]: one reader of cards or barcodes; which keys count depends on its driver."""

    driver: Annotated[str, ConfigKey(_WORD)]
    for_: Annotated[ReaderUse, ConfigKey(choice(ReaderUse), "cards")]
    port: Annotated[str, ConfigKey(text(0, 255), "")]
    family: Annotated[str, ConfigKey(_WORD_OR_NONE, "")]
    card_id: Annotated[tuple[str, ...], ConfigKey(_STEPS, [])]
    baud: Annotated[int | None, ConfigKey(integer(300, 4_000_000, "Bd"), None)]
    dtr: Annotated[bool | None, ConfigKey(boolean(), None)]
    rts: Annotated[bool | None, ConfigKey(boolean(), None)]
    hold_ms: Annotated[int, ConfigKey(integer(50, 10_000, "ms"), 400)]
    same_card_delay_ms: Annotated[int, ConfigKey(integer(0, 60_000, "ms"), 1500)]
    equal_frames: Annotated[int, ConfigKey(integer(1, 5, "frames"), 1)]
    end: Annotated[str | None, ConfigKey(raw_text(16), None)]
    prefix: Annotated[str | None, ConfigKey(raw_text(32), None)]
    suffix: Annotated[str | None, ConfigKey(raw_text(32), None)]
    regex: Annotated[str | None, ConfigKey(regex(), None)]
    min_length: Annotated[int | None, ConfigKey(integer(1, CARD_ID_LENGTH_MAX, "characters"), None)]
    max_length: Annotated[int | None, ConfigKey(integer(1, CARD_ID_LENGTH_MAX, "characters"), None)]
    idle_accepts: Annotated[bool | None, ConfigKey(boolean(), None)]
    technologies: Annotated[str | None, ConfigKey(_TECHNOLOGIES, None)]
    script: Annotated[Path | None, ConfigKey(path(), None)]
    socket: Annotated[Path | None, ConfigKey(path(), None)]

    @property
    def options(self) -> dict[str, str | int | bool]:
        """Return the values that were set of keys which only some families and drivers know."""
        values = {name: getattr(self, name) for name in READER_OPTIONS}
        return {
            name: str(value) if isinstance(value, Path) else value
            for name, value in values.items()
            if value is not None
        }


@dataclass(frozen=True, slots=True)
class LookupConfig:
    """[lookup]: how long a tap waits for the live answer."""

    live_deadline_ms: Annotated[int, ConfigKey(integer(0, 10_000, "ms"), 800)]
    fresh_s: Annotated[int, ConfigKey(integer(1, 3600, "s"), 30)]


@dataclass(frozen=True, slots=True)
class CacheConfig:
    """[cache]: the last known customers on this disk."""

    full_sync_h: Annotated[int, ConfigKey(integer(1, 168, "h"), 24)]
    sync_s: Annotated[int, ConfigKey(integer(5, DAY_S, "s"), 60)]
    max_age_h: Annotated[int, ConfigKey(integer(1, 720, "h"), 72)]
    fields: Annotated[tuple[str, ...], ConfigKey(choices(PersonalField), ["name", "company"])]


@dataclass(frozen=True, slots=True)
class LimitsConfig:
    """[limits]: how much a customer may owe, and how far a supervisor may go beyond."""

    credit_ceiling: Annotated[Money | None, ConfigKey(amount(), None)]
    override_max: Annotated[Money, ConfigKey(amount(), "20.00")]


@dataclass(frozen=True, slots=True)
class OfflineConfig:
    """[offline]: what may be sold while the backend does not answer."""

    per_charge: Annotated[Money, ConfigKey(amount(), "20.00")]
    per_customer: Annotated[Money, ConfigKey(amount(), "50.00")]
    per_terminal: Annotated[Money, ConfigKey(amount(), "500.00")]


@dataclass(frozen=True, slots=True)
class JournalConfig:
    """[journal]: the record of charges that must never be lost; it lies in the state directory."""

    mirror: Annotated[Path | None, ConfigKey(path(), "")]
    min_free_mb: Annotated[int, ConfigKey(integer(1, 100_000, "MB"), 50)]


@dataclass(frozen=True, slots=True)
class SettlementConfig:
    """[settlement]: how charges reach the backend."""

    strategy: Annotated[Strategy, ConfigKey(choice(Strategy))]
    share_debt_data: Annotated[bool, ConfigKey(boolean(), default=False)]
    retry_max_s: Annotated[int, ConfigKey(integer(1, 3600, "s"), 60)]
    late_max_s: Annotated[int, ConfigKey(integer(10, 3600, "s"), 120)]


@dataclass(frozen=True, slots=True)
class PrivacyConfig:
    """[privacy]: what a bystander may read."""

    show_debt: Annotated[ShowDebt, ConfigKey(choice(ShowDebt), "always")]
    show_name: Annotated[ShowName, ConfigKey(choice(ShowName), "full")]
    clear_after_s: Annotated[int, ConfigKey(integer(6, 600, "s"), 10)]
    let_go_after_s: Annotated[int, ConfigKey(integer(10, 3600, "s"), 60)]


@dataclass(frozen=True, slots=True)
class UiConfig:
    """[ui]: lines, touch, colours and sounds."""

    plain: Annotated[bool, ConfigKey(boolean(), default=False)]
    touch: Annotated[bool, ConfigKey(boolean(), default=False)]
    theme: Annotated[Theme, ConfigKey(choice(Theme), "auto")]
    sound: Annotated[Sound, ConfigKey(choice(Sound), "auto")]
    sound_device: Annotated[str, ConfigKey(_SOUND_DEVICE, "")]
    volume: Annotated[int, ConfigKey(integer(0, 100, "%"), 70)]


@dataclass(frozen=True, slots=True)
class GoodsConfig:
    """[[goods]]: something on sale, and the ways to ring it up."""

    key: Annotated[str, ConfigKey(text(0, 1, "[a-z]?", "one small letter, a to z"), "")]
    name: Annotated[str, ConfigKey(text(1, 40))]
    price: Annotated[Money, ConfigKey(price())]
    group: Annotated[str, ConfigKey(text(0, 24), "")]
    barcode: Annotated[str, ConfigKey(_BARCODE, "")]
    tax: Annotated[str, ConfigKey(_TAX, "")]


@dataclass(frozen=True, slots=True)
class StaffConfig:
    """[[staff]]: who may do more than sell, and how they say who they are."""

    name: Annotated[str, ConfigKey(text(1, 40), secret=True)]
    role: Annotated[Role, ConfigKey(choice(Role))]
    pin_hash: Annotated[str, ConfigKey(_HASH, "", secret=True)]
    card_id: Annotated[str, ConfigKey(text(0, CARD_ID_LENGTH_MAX), "", secret=True)]


@dataclass(frozen=True, slots=True)
class ReceiptConfig:
    """[receipt]: where receipts are printed, and how."""

    printer: Annotated[str, ConfigKey(_PRINTER, "")]
    when: Annotated[Printing, ConfigKey(choice(Printing), "ask")]
    columns: Annotated[int, ConfigKey(integer(24, 64, "columns"), 32)]
    code_page: Annotated[PageOfCodes, ConfigKey(choice(PageOfCodes), "ascii")]
    code_page_number: Annotated[int | None, ConfigKey(integer(0, 255), None)]
    cut: Annotated[bool, ConfigKey(boolean(), default=True)]
    header: Annotated[str, ConfigKey(raw_text(400), "")]
    footer: Annotated[str, ConfigKey(raw_text(400), "")]
    baud: Annotated[int, ConfigKey(integer(1200, 230_400, "Bd"), 9600)]


@dataclass(frozen=True, slots=True)
class MetricsConfig:
    """[metrics]: numbers for a collector on this machine."""

    textfile: Annotated[Path | None, ConfigKey(path(), "")]


@dataclass(frozen=True, slots=True)
class Config:
    """The whole config; `warnings` are of what is unwise in it.

    `files` are those that it was read from: the included ones, then the main one.
    """

    till: TillConfig
    backend: BackendConfig
    readers: tuple[ReaderConfig, ...]
    lookup: LookupConfig
    cache: CacheConfig
    limits: LimitsConfig
    offline: OfflineConfig
    journal: JournalConfig
    settlement: SettlementConfig
    privacy: PrivacyConfig
    ui: UiConfig
    goods: tuple[GoodsConfig, ...]
    staff: tuple[StaffConfig, ...]
    receipt: ReceiptConfig
    metrics: MetricsConfig
    warnings: tuple[TillWarning, ...] = ()
    files: tuple[Path, ...] = field(default=(), compare=False)


TABLES: dict[str, type] = {
    "till": TillConfig,
    "backend": BackendConfig,
    "lookup": LookupConfig,
    "cache": CacheConfig,
    "limits": LimitsConfig,
    "offline": OfflineConfig,
    "journal": JournalConfig,
    "settlement": SettlementConfig,
    "privacy": PrivacyConfig,
    "ui": UiConfig,
    "receipt": ReceiptConfig,
    "metrics": MetricsConfig,
}
LISTS: dict[str, type] = {"reader": ReaderConfig, "goods": GoodsConfig, "staff": StaffConfig}
"""Tables of which there may be several: `[[reader]]`."""


def keys_of(table: type) -> dict[str, ConfigKey]:
    """Return the keys of a table by name, in their order."""
    hints = get_type_hints(table, include_extras=True)
    return {name.removesuffix("_"): hint.__metadata__[0] for name, hint in hints.items()}


def field_of(key: str) -> str:
    """Return the attribute of a key: `for_` of `for`, which is a word of Python."""
    return f"{key}_" if iskeyword(key) else key
