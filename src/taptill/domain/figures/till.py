"""All figures of a till as one value; page, status file and metrics are drawn of it."""

from dataclasses import dataclass, field

from taptill.domain.figures.durations import DurationSummary
from taptill.domain.figures.reader import ReaderFigures
from taptill.domain.money import ZERO, Currency, Money
from taptill.domain.slips.printer import PrinterHealth

NOTHING_MEASURED = DurationSummary()


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashNote:
    """How the program ended by a fault that nobody had foreseen: what, where, when and which."""

    fault: str
    place: str
    at: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFigures:
    """The program itself: `at` is the UTC wall time of these figures, `uptime_s` since its start.

    `starts` counts all starts of this till, `unclean_ends` those runs that were killed, lost their
    power or broke; None where the state directory says nothing. `ready_s`: how long this start took
    until READY. `last_crash` is the newest of the crash files, `crashes` how many there are.
    """

    till: str
    version: str
    at: str
    uptime_s: float
    starts: int | None = None
    unclean_ends: int | None = None
    ready_s: float | None = None
    crashes: int = 0
    last_crash: CrashNote | None = None
    clock_trusted: bool = False
    clock_doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendFigures:
    """The backend: `online` is None before the first look-up, `offline_since` UTC, else empty.

    `error_code` is that of the last look-up that failed, while it does; `update_error` the same of
    updates. `certificate_days` is None without TLS or before a request.
    """

    online: bool | None = None
    slow: bool = False
    offline_since: str = ""
    error_code: str = ""
    update_error: str = ""
    lookups: DurationSummary = NOTHING_MEASURED
    lookups_failed: int = 0
    certificate_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingFigures:
    """What waits to be sent, and how sending went: `outcomes` by word, since the start.

    `to_send` counts customers, `to_send_sum` is the net of their entries, `in_question` is the
    money of the open cases.
    """

    state: str = "running"
    outcomes: tuple[tuple[str, int], ...] = ()
    to_send: int = 0
    to_send_sum: Money = ZERO
    conflicts: int = 0
    in_question: Money = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheFigures:
    """The cache: its age since the last sync and its customers, None where that is not known."""

    age_s: float | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFigures:
    """The journal: the number of its newest entry, commits, and why it is closed, empty if not."""

    entries: int = 0
    closed_by: str = ""
    commits: DurationSummary = NOTHING_MEASURED


@dataclass(frozen=True, slots=True, kw_only=True)
class TillFigures:
    """All figures of a running till, without any customer, card or token.

    `verdicts`: from a tap to its verdict on the screen. `confirms`: from Enter until the charge is
    on the disk. `printer` None: the site prints no receipts. `alarms` are the words of `TillAlarm`,
    `warnings` counts the lines above the sales.
    """

    program: ProgramFigures
    currency: Currency
    readers: tuple[ReaderFigures, ...] = ()
    verdicts: DurationSummary = NOTHING_MEASURED
    confirms: DurationSummary = NOTHING_MEASURED
    backend: BackendFigures = field(default_factory=BackendFigures)
    sending: SendingFigures = field(default_factory=SendingFigures)
    cache: CacheFigures = field(default_factory=CacheFigures)
    journal: JournalFigures = field(default_factory=JournalFigures)
    printer: PrinterHealth | None = None
    alarms: tuple[str, ...] = ()
    warnings: int = 0
