"""A warning in: what a technician should put right, while the till sells on.

It is kept as a code and its values, as the screen words it in the language of the till; the log,
the doctor and commands say it in English.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class WarningCode(StrEnum):
    """What is warned of; each is a key of the screen texts."""

    PASSWORD_IN_CONFIG = "password-in-config"  # noqa: S105 - the code, no secret
    SECRET_IN_CONFIG = "secret-in-config"  # noqa: S105 - as above
    TOKEN_IN_CLEAR = "token-in-clear"  # noqa: S105 - as above
    OPEN_SECRET = "open-secret"  # noqa: S105 - as above
    CHECK_DIGIT = "check-digit"
    DOES_NOTHING = "does-nothing"
    CONFIG_REFUSED = "config-refused"
    CONFIG_REFUSED_MORE = "config-refused-more"
    RESTART = "restart"
    THREAD_ENDED = "thread-ended"
    MIRROR_HANGS = "mirror-hangs"
    MIRROR_FAILS = "mirror-fails"
    MIRROR_NO_FOLDER = "mirror-no-folder"
    MIRROR_SAME_DISK = "mirror-same-disk"
    MIRROR_FULL_OF_OTHERS = "mirror-full-of-others"
    MIRROR_ELSEWHERE = "mirror-elsewhere"
    ARCHIVE_GONE = "archive-gone"
    ARCHIVE_UNUSABLE = "archive-unusable"
    MISSING_FIELD = "missing-field"
    SPELLING = "spelling"
    CAPITALS = "capitals"
    CURRENCY = "currency"
    CERTIFICATE = "certificate"
    FRACTIONS = "fractions"
    LARGE_AMOUNTS = "large-amounts"
    CONDITIONS = "conditions"
    PAGING = "paging"
    NOT_TAKEN = "not-taken"
    NO_BEEPER = "no-beeper"
    SOUND_CARD_HANGS = "sound-card-hangs"
    SOUND_CARD_UNUSABLE = "sound-card-unusable"
    SOUND_PROGRAM = "sound-program"
    SOUND_FAULT = "sound-fault"


SAYS: Mapping[str, str] = {
    WarningCode.PASSWORD_IN_CONFIG: "password in the config: [backend] base_url",
    WarningCode.SECRET_IN_CONFIG: "secret in the config: [backend] headers",
    WarningCode.TOKEN_IN_CLEAR: "http:// backend: the token travels in the clear",
    WarningCode.OPEN_SECRET: "everybody can read the file of [backend] {key}",
    WarningCode.CHECK_DIGIT: (
        "[[goods]] {number} barcode {barcode}: as {symbology} it would end in {digit}, "
        "scan it once to see"
    ),
    WarningCode.DOES_NOTHING: "{key} does nothing yet",
    WarningCode.CONFIG_REFUSED: "{file} is not taken over: {complaint}",
    WarningCode.CONFIG_REFUSED_MORE: "{file} is not taken over: {complaint} (and {count} more)",
    WarningCode.RESTART: "{file}: {tables} changed: restart the till",
    WarningCode.THREAD_ENDED: "{thread} has stopped by a fault of the program ({fault})",
    WarningCode.MIRROR_HANGS: "mirror: the medium does not answer",
    WarningCode.MIRROR_FAILS: "mirror: {detail}",
    WarningCode.MIRROR_NO_FOLDER: "mirror: its folder is missing: is the stick in?",
    WarningCode.MIRROR_SAME_DISK: "mirror: it is on the journal's own disk: is the stick in?",
    WarningCode.MIRROR_FULL_OF_OTHERS: (
        "mirror: {count} files there are not this journal's: put them elsewhere"
    ),
    WarningCode.MIRROR_ELSEWHERE: "mirror: {file} is not this journal's, using {used}",
    WarningCode.ARCHIVE_GONE: "{file} is gone: put it back beside the journal",
    WarningCode.ARCHIVE_UNUSABLE: "{detail}: put it back beside the journal",
    WarningCode.MISSING_FIELD: "the backend has no field {field}",
    WarningCode.SPELLING: "the office spells cards unlike this till: taptill doctor says more",
    WarningCode.CAPITALS: "card {card} differs from one of the office by capitals alone",
    WarningCode.CURRENCY: (
        "the service keeps {keeps}, [till] currency is {till}. Put that right, or make a database "
        "for the till's: taptill service init DB --currency {code}"
    ),
    WarningCode.CERTIFICATE: "the backend's certificate expires in {count} days",
    f"{WarningCode.CERTIFICATE}-one": "the backend's certificate expires in {count} day",
    WarningCode.FRACTIONS: (
        "{count} amounts have fractions, though all are read as the smallest coins"
    ),
    f"{WarningCode.FRACTIONS}-one": (
        "{count} amount has fractions, though all are read as the smallest coins"
    ),
    WarningCode.LARGE_AMOUNTS: (
        "all {count} amounts are whole and large: are these the smallest coins?"
    ),
    WarningCode.CONDITIONS: "the server does not obey the conditions of a select",
    WarningCode.PAGING: "the server's pages of customers cannot be followed: {detail}",
    WarningCode.NOT_TAKEN: "cards are looked up, sales are not taken since {since} ({why})",
    WarningCode.NO_BEEPER: "sound off: no reader has a beeper",
    WarningCode.SOUND_CARD_HANGS: "sound off: the sound card does not go on",
    WarningCode.SOUND_CARD_UNUSABLE: (
        "sound off: the sound card cannot be used: taptill sound test"
    ),
    WarningCode.SOUND_PROGRAM: "sound off: {program}: {detail}",
    WarningCode.SOUND_FAULT: "sound off: a fault of the program, see the log",
}
"""Each warning in English, as `warning.CODE` of the screen's English texts says it."""


@dataclass(frozen=True, slots=True)
class TillWarning:
    """A warning by its code, with the values of its placeholders."""

    code: WarningCode
    values: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        values = dict(self.values)
        singular = SAYS.get(f"{self.code}-one") if values.get("count") == "1" else None
        return (singular or SAYS[self.code]).format_map(values)


def till_warning(code: WarningCode, /, **values: object) -> TillWarning:
    """Return a warning with values, which are kept as text."""
    return TillWarning(code, tuple((name, str(value)) for name, value in values.items()))
