"""The one tree of errors: a stable code, fields instead of text, and whether the outcome is known.

Each class's docstring's first line is the sentence for docs/errors.md; `says` is the line on
standard error, filled with the fields. Exit statuses are those of sysexits.h.
"""

from typing import ClassVar


class TaptillError(Exception):
    """Something the program cannot go on from by itself."""

    code: ClassVar[str] = "fault"
    says: ClassVar[str] = "unexpected fault"
    exit_status: ClassVar[int] = 70
    outcome_known: ClassVar[bool] = True

    def __init__(self, **fields: object) -> None:
        super().__init__(fields)
        self.fields = fields

    def __str__(self) -> str:
        return self.says.format_map(self.fields)


class ConfigError(TaptillError):
    """The config holds mistakes; all of them are listed at once."""

    code = "config"
    says = "{complaints}"
    exit_status = 78


class UsageError(TaptillError):
    """The command's words do not fit."""

    code = "usage"
    says = "{problem}"
    exit_status = 64


class OutputError(TaptillError):
    """A file that a command was to write cannot be written; an older one stays as it was."""

    code = "output"
    says = "{path} cannot be written: {detail}"
    exit_status = 73


class MissingExtraError(TaptillError):
    """An optional package is not installed."""

    code = "missing-extra"
    says = "{what} needs the extra '{extra}': pip install 'taptill[{extra}]'"
    exit_status = 69


class ScreenError(TaptillError):
    """The screen stopped by a fault of the program; what is in the journal is safe."""

    code = "screen"
    says = "the screen stopped: {fault} at {place}. Start the till again; details are in the log"
    exit_status = 70


class BackendError(TaptillError):
    """The Customers API did not do what was asked."""

    code = "backend"
    says = "the Customers API did not answer as expected: {detail}"
    exit_status = 69


class UnreachableError(BackendError):
    """No answer from the backend; nothing was changed there."""

    code = "backend-unreachable"
    says = "no answer from {place}: {detail}. Check the network and [backend] base_url"


class RefusedError(BackendError):
    """The backend's final no to this one request."""

    code = "backend-refused"
    says = "the Customers API refused (HTTP {status}): {detail}"


class ClashError(BackendError):
    """A condition of an update was not met; nothing was changed."""

    code = "backend-clash"
    says = "the row has changed meanwhile (HTTP 409)"


class MoneyMovedError(BackendError):
    """A customer's money is not what it was when the removal was decided on; nobody was removed."""

    code = "money-moved"
    says = (
        "the money of customer {customer} has moved since it was shown, now {now}: "
        "nobody was removed. Look, and decide again"
    )


class UnauthorisedError(BackendError):
    """The token is wrong or has no rights."""

    code = "backend-token"
    says = (
        "the Customers API does not accept this token (HTTP {status}). Check [backend] token_file"
    )
    exit_status = 77


class RightsError(UnauthorisedError):
    """The token may not do what staff asked for."""

    code = "backend-rights"
    says = "the Customers API does not let this token do that (HTTP {status}). {advice}"


class MalformedError(BackendError):
    """The answer is not what the Customers API sends, a captive portal's page for example."""

    code = "backend-malformed"
    says = "this is not the Customers API's answer: {detail}. Check [backend] base_url, path_prefix"


class CurrencyError(BackendError):
    """The service keeps money of another currency, or with fewer decimals than the till's has."""

    code = "backend-currency"
    says = (
        "the service keeps {keeps}, [till] currency is {till}. Put that right, or make a database "
        "for the till's: taptill service init DB --currency {code}"
    )
    exit_status = 78


class UnknownOutcomeError(BackendError):
    """An update was sent and not heard of: it may or may not have been applied."""

    code = "backend-unknown"
    says = "sent, no clear answer: {detail}"
    outcome_known = False


class JournalError(TaptillError):
    """The journal cannot be used."""

    code = "journal"
    says = "journal {path}: {detail}"
    exit_status = 74


class JournalInUseError(JournalError):
    """Another process holds the journal."""

    code = "journal-in-use"
    says = "journal {path} is in use by {holder}: stop that till first, or use its screen"
    exit_status = 75


class JournalDiskError(JournalError):
    """The disk takes or gives nothing: it is full, read-only, failing, or closed to the till."""

    code = "journal-disk"
    says = "journal {path}: {detail}. Nothing can be kept until that is mended"


class JournalDamagedError(JournalError):
    """The file cannot be read: a part of it is damaged, or it was never a journal."""

    code = "journal-damaged"
    says = "journal {path}: {detail}. Keep the file, copy it before anything else, call help"


class JournalGoneError(JournalError):
    """The journal that was kept here, or a part of it, was taken away."""

    code = "journal-gone"
    says = (
        "journal {path}: {detail}. Put it back; "
        "or delete {path}.lock to begin a new one, which knows nothing of the old one's charges"
    )


class JournalArchiveError(JournalError):
    """The archive of a closed year is asked for an entry, and that is gone or cannot be read."""

    code = "journal-archive"
    says = (
        "journal {path}: its entries up to {seq} are in an archive: {detail}. "
        "Put it back beside the journal"
    )


class JournalBrokenError(JournalError):
    """The chain of entries does not hold: something was changed behind the till's back."""

    code = "journal-broken"
    says = "journal {path}: entry {seq} does not fit the chain ({detail}); keep the file, call help"


class JournalTooNewError(JournalError):
    """The journal was written by a newer version."""

    code = "journal-newer"
    says = (
        "journal {path} has format {found}, this version knows {known}: install the newer taptill"
    )


class JournalOpenError(JournalError):
    """Something is to change on which entries that are not in the backend's books depend."""

    code = "journal-open"
    says = (
        "journal {path}: {what} while {entries} (net {sum}) are not in the "
        "backend's books. Change it back and let the till send them; or decide what waits on the "
        "conflict desk (taptill conflicts list); with strategy 'export', hand them to the office "
        "(taptill export write) and say when it has booked them"
    )
    exit_status = 75

    def __str__(self) -> str:
        count = self.fields["count"]
        entries = "1 customer's entries" if count == 1 else f"{count} customers' entries"
        return self.says.format_map({**self.fields, "entries": entries})


class JournalClonedError(JournalError):
    """The journal was written on another machine: a cloned card, or a board that was replaced."""

    code = "journal-cloned"
    says = (
        "journal {path}: it was written on another machine. If that one is gone and this board "
        "replaces it: taptill journal adopt. If both are to sell: move this journal away"
    )
    exit_status = 78


class JournalRetiredError(JournalError):
    """The journal was closed for good."""

    code = "journal-retired"
    says = "journal {path} is retired: move it to your archive, and the till begins a new one"
    exit_status = 78


class EntryRefusedError(JournalError):
    """The journal's rules do not allow this entry, a void that is already there for example."""

    code = "journal-entry"
    says = "journal {path}: this entry is not allowed ({detail})"


class ShiftError(TaptillError):
    """A shift cannot be opened or closed now: somebody did so a moment ago."""

    code = "shift"
    says = "shift {number} was {done} already: look at the shift as it is now"
    exit_status = 75


class ConflictOpenError(TaptillError):
    """A case stays on the conflict desk: what was decided could not be carried out."""

    code = "conflict-open"
    says = "customer {customer} stays on the conflict desk: {why}"
    exit_status = 75


class CacheError(TaptillError):
    """The customer cache cannot be used now; it may be deleted at any time."""

    code = "cache"
    says = "customer cache {path}: {detail}"
    exit_status = 74


class ReaderError(TaptillError):
    """A card reader cannot be used; `state` is the ReaderState that shows it."""

    code = "reader"
    says = "reader {reader}: {detail}"
    exit_status = 69


class PrintingError(TaptillError):
    """The printer of receipts does not print; `state` is the word of the status line for it."""

    code = "printer"
    says = "printer {printer}: {state}. Look at its switch, cable and paper"
    exit_status = 69


class SoundError(TaptillError):
    """A sound cannot be played."""

    code = "sound"
    says = "{detail}. Install alsa-utils; `aplay -L` lists devices for [ui] sound_device"
    exit_status = 69


class ServiceError(TaptillError):
    """The embedded Customers service cannot use its database, its port or a file."""

    code = "service"
    says = "customers service: {detail}"
    exit_status = 73


class ServiceTooNewError(ServiceError):
    """The service's database was written by a newer version."""

    code = "service-newer"
    says = (
        "customers service: {path} has format {found}, this version knows {known}: "
        "install the newer taptill"
    )


ALL_ERRORS: tuple[type[TaptillError], ...] = (
    ConfigError,
    UsageError,
    OutputError,
    MissingExtraError,
    ScreenError,
    BackendError,
    UnreachableError,
    RefusedError,
    ClashError,
    MoneyMovedError,
    UnauthorisedError,
    RightsError,
    MalformedError,
    CurrencyError,
    UnknownOutcomeError,
    JournalError,
    JournalInUseError,
    JournalDiskError,
    JournalDamagedError,
    JournalGoneError,
    JournalArchiveError,
    JournalBrokenError,
    JournalTooNewError,
    JournalOpenError,
    JournalClonedError,
    JournalRetiredError,
    EntryRefusedError,
    ShiftError,
    ConflictOpenError,
    CacheError,
    ReaderError,
    PrintingError,
    SoundError,
    ServiceError,
    ServiceTooNewError,
)
