"""The config's tables as frozen dataclasses: each field is one key, with its kind and default."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_type_hints

from taptill.config.kinds import (
    Key,
    amount,
    choice,
    choices,
    currency_code,
    flag,
    headers,
    path,
    raw_text,
    regex,
    seconds,
    text,
    texts,
    url,
    whole,
)
from taptill.domain.card_id import CARD_ID_LENGTH_MAX
from taptill.domain.money import Currency, Money

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
Strategy = Literal["debt", "export"]
ShowDebt = Literal["always", "on-request", "never"]
ShowName = Literal["full", "short", "never"]
Theme = Literal["auto", "console", "dark", "light", "colour-blind"]
Sound = Literal["auto", "bell", "files", "reader", "off"]
Role = Literal["cashier", "supervisor", "technician"]

LINE_OPTIONS = ("end", "prefix", "suffix", "regex", "min_length", "max_length", "idle_accepts")
READER_OPTIONS = (*LINE_OPTIONS, "technologies", "script", "socket")

_WORD = text(1, 40, r"[a-z][a-z0-9-]*", "small letters, digits and dashes")
_WORD_OR_NONE = text(0, 40, r"([a-z][a-z0-9-]*)?", 'small letters, digits and dashes, or ""')
_PREFIX = text(0, 200, r"(/[A-Za-z0-9_.~-]+)*", 'such as "/core/data": no closing slash')
_HEADER = text(1, 80, r"[A-Za-z0-9_-]+", "a header's name")
_TEMPLATE = text(7, 200, r"[ -~]*\{token\}[ -~]*", "must hold {token}, which stands for the secret")
_STEPS = texts(r".{1,80}", "the normaliser's steps, in quotes; [] is the driver's own")
_TECHNOLOGIES = text(4, 9, allowed="106A, 212F or both with a blank between")
_HASH = text(0, 400, r"(scrypt\$.+)?", 'a hash that begins with scrypt$, or ""')


@dataclass(frozen=True, slots=True)
class Till:
    """[till]: who this till is and how it sells."""

    name: Annotated[str, Key(text(1, 40), "till")]
    mode: Annotated[Mode, Key(choice(Mode), "attended")]
    language: Annotated[Language, Key(choice(Language), "en")]
    currency: Annotated[Currency, Key(currency_code(), "EUR")]
    max_charge: Annotated[Money, Key(amount(1), "100.00")]
    max_repayment: Annotated[Money, Key(amount(), "200.00")]
    void_window_s: Annotated[int, Key(whole(0, DAY_S, "s"), 300)]
    countdown_s: Annotated[int, Key(whole(1, 60, "s"), 5)]
    implied_decimals: Annotated[bool, Key(flag(), default=True)]


@dataclass(frozen=True, slots=True)
class Backend:
    """[backend]: where the Customers API is and how it speaks."""

    base_url: Annotated[str, Key(url())]
    path_prefix: Annotated[str, Key(_PREFIX, "/core/data")]
    token_file: Annotated[Path | None, Key(path(), "/etc/taptill/api-token")]
    auth_header: Annotated[str, Key(_HEADER, "Authorization")]
    auth_value: Annotated[str, Key(_TEMPLATE, "Bearer {token}", secret=True)]
    headers: Annotated[tuple[tuple[str, str], ...], Key(headers(), {}, secret=True)]
    office_token_file: Annotated[Path | None, Key(path(), "")]
    company_id: Annotated[int | None, Key(whole(1, 10**12), None)]
    fields: Annotated[tuple[str, ...], Key(choices(AskedField), [])]
    money: Annotated[Scale, Key(choice(Scale), "major")]
    owed_is: Annotated[Sign, Key(choice(Sign), "positive")]
    page_size: Annotated[int, Key(whole(1, 1000, "rows"), 100)]
    connect_timeout_s: Annotated[float, Key(seconds(0.1, 60), 2.0)]
    read_timeout_s: Annotated[float, Key(seconds(0.1, 60), 5.0)]
    ca_file: Annotated[Path | None, Key(path(), "")]
    client_cert: Annotated[Path | None, Key(path(), "")]
    client_key: Annotated[Path | None, Key(path(), "")]


@dataclass(frozen=True, slots=True)
class Reader:
    """[[reader]]: one card reader; which keys count depends on its driver."""

    driver: Annotated[str, Key(_WORD)]
    port: Annotated[str, Key(text(0, 255), "")]
    family: Annotated[str, Key(_WORD_OR_NONE, "")]
    card_id: Annotated[tuple[str, ...], Key(_STEPS, [])]
    baud: Annotated[int | None, Key(whole(300, 4_000_000, "Bd"), None)]
    dtr: Annotated[bool | None, Key(flag(), None)]
    rts: Annotated[bool | None, Key(flag(), None)]
    hold_ms: Annotated[int, Key(whole(50, 10_000, "ms"), 400)]
    same_card_delay_ms: Annotated[int, Key(whole(0, 60_000, "ms"), 1500)]
    equal_frames: Annotated[int, Key(whole(1, 5, "frames"), 1)]
    end: Annotated[str | None, Key(raw_text(16), None)]
    prefix: Annotated[str | None, Key(raw_text(32), None)]
    suffix: Annotated[str | None, Key(raw_text(32), None)]
    regex: Annotated[str | None, Key(regex(), None)]
    min_length: Annotated[int | None, Key(whole(1, CARD_ID_LENGTH_MAX, "characters"), None)]
    max_length: Annotated[int | None, Key(whole(1, CARD_ID_LENGTH_MAX, "characters"), None)]
    idle_accepts: Annotated[bool | None, Key(flag(), None)]
    technologies: Annotated[str | None, Key(_TECHNOLOGIES, None)]
    script: Annotated[Path | None, Key(path(), None)]
    socket: Annotated[Path | None, Key(path(), None)]

    @property
    def options(self) -> dict[str, str | int | bool]:
        """Give what was set of the keys that only some families and drivers know."""
        found = {name: getattr(self, name) for name in READER_OPTIONS}
        return {
            name: str(value) if isinstance(value, Path) else value
            for name, value in found.items()
            if value is not None
        }


@dataclass(frozen=True, slots=True)
class Lookup:
    """[lookup]: how long a tap waits for the live answer."""

    live_deadline_ms: Annotated[int, Key(whole(0, 10_000, "ms"), 800)]
    fresh_s: Annotated[int, Key(whole(1, 3600, "s"), 30)]


@dataclass(frozen=True, slots=True)
class Cache:
    """[cache]: the last known customers on this disk."""

    full_sync_h: Annotated[int, Key(whole(1, 168, "h"), 24)]
    sync_s: Annotated[int, Key(whole(5, DAY_S, "s"), 60)]
    max_age_h: Annotated[int, Key(whole(1, 720, "h"), 72)]
    fields: Annotated[tuple[str, ...], Key(choices(PersonalField), ["name", "company"])]


@dataclass(frozen=True, slots=True)
class Limits:
    """[limits]: how much a customer may owe, and how far a supervisor may go beyond."""

    credit_ceiling: Annotated[Money | None, Key(amount(), None)]
    override_max: Annotated[Money, Key(amount(), "20.00")]


@dataclass(frozen=True, slots=True)
class Offline:
    """[offline]: what may be sold while the backend does not answer."""

    per_charge: Annotated[Money, Key(amount(), "20.00")]
    per_customer: Annotated[Money, Key(amount(), "50.00")]
    per_terminal: Annotated[Money, Key(amount(), "500.00")]


@dataclass(frozen=True, slots=True)
class Journal:
    """[journal]: the record that must never be lost; it lies in the state directory."""

    mirror: Annotated[Path | None, Key(path(), "")]
    min_free_mb: Annotated[int, Key(whole(1, 100_000, "MB"), 50)]


@dataclass(frozen=True, slots=True)
class Settlement:
    """[settlement]: how charges reach the backend's books."""

    strategy: Annotated[Strategy, Key(choice(Strategy))]
    share_debt_data: Annotated[bool, Key(flag(), default=False)]
    retry_max_s: Annotated[int, Key(whole(1, 3600, "s"), 60)]
    late_max_s: Annotated[int, Key(whole(10, 3600, "s"), 120)]


@dataclass(frozen=True, slots=True)
class Privacy:
    """[privacy]: what a bystander may read."""

    show_debt: Annotated[ShowDebt, Key(choice(ShowDebt), "always")]
    show_name: Annotated[ShowName, Key(choice(ShowName), "full")]
    clear_after_s: Annotated[int, Key(whole(6, 600, "s"), 10)]
    let_go_after_s: Annotated[int, Key(whole(10, 3600, "s"), 60)]


@dataclass(frozen=True, slots=True)
class Ui:
    """[ui]: looks and sounds."""

    theme: Annotated[Theme, Key(choice(Theme), "auto")]
    sound: Annotated[Sound, Key(choice(Sound), "auto")]


@dataclass(frozen=True, slots=True)
class Goods:
    """[[goods]]: something on sale, with its quick key."""

    key: Annotated[str, Key(text(1, 1, "[a-z]", "one small letter, a to z"))]
    name: Annotated[str, Key(text(1, 40))]
    price: Annotated[Money, Key(amount(1))]


@dataclass(frozen=True, slots=True)
class Staff:
    """[[staff]]: who may do more than sell, and how they say who they are."""

    name: Annotated[str, Key(text(1, 40), secret=True)]
    role: Annotated[Role, Key(choice(Role))]
    pin_hash: Annotated[str, Key(_HASH, "", secret=True)]
    card_id: Annotated[str, Key(text(0, CARD_ID_LENGTH_MAX), "", secret=True)]


@dataclass(frozen=True, slots=True)
class Receipt:
    """[receipt]: where receipts are printed."""

    printer: Annotated[Path | None, Key(path(), "")]


@dataclass(frozen=True, slots=True)
class Metrics:
    """[metrics]: figures for a collector on this machine."""

    textfile: Annotated[Path | None, Key(path(), "")]


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file; `warnings` are short sentences for the status bar."""

    till: Till
    backend: Backend
    readers: tuple[Reader, ...]
    lookup: Lookup
    cache: Cache
    limits: Limits
    offline: Offline
    journal: Journal
    settlement: Settlement
    privacy: Privacy
    ui: Ui
    goods: tuple[Goods, ...]
    staff: tuple[Staff, ...]
    receipt: Receipt
    metrics: Metrics
    warnings: tuple[str, ...] = ()


TABLES: dict[str, type] = {
    "till": Till,
    "backend": Backend,
    "lookup": Lookup,
    "cache": Cache,
    "limits": Limits,
    "offline": Offline,
    "journal": Journal,
    "settlement": Settlement,
    "privacy": Privacy,
    "ui": Ui,
    "receipt": Receipt,
    "metrics": Metrics,
}
LISTS: dict[str, type] = {"reader": Reader, "goods": Goods, "staff": Staff}
"""Tables of which there may be several: `[[reader]]`."""


def keys_of(table: type) -> dict[str, Key]:
    """Give the keys of a table by name, in the order of its fields."""
    hints = get_type_hints(table, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}
