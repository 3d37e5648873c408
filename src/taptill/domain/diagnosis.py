"""One thing that was looked at in, how it is and what to do about it out."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How something is that was looked at."""

    PASS = "pass"  # noqa: S105 - the word, no secret
    WARN = "warn"  # the till works, and somebody should know
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`words` name no person; `advice` is empty where all is well."""

    name: str
    verdict: Verdict
    words: str
    advice: str = ""
