"""One thing that was looked at in, how it is and what to do about it out."""

from dataclasses import dataclass
from enum import StrEnum

from taptill.domain.technical.till_warning import TillWarning


class Verdict(StrEnum):
    """How something is that was looked at."""

    PASS = "pass"  # noqa: S105 - the word, no secret
    WARN = "warn"  # the till works, and somebody should know
    FAIL = "fail"
    SKIP = "skip"  # nothing was there to look at or to compare with, or it may not be seen here


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`words` name no person; `advice` is empty where all is well.

    `warning` is what the till's screen says of it; None: nothing.
    """

    name: str
    verdict: Verdict
    words: str
    advice: str = ""
    warning: TillWarning | None = None

    def document(self) -> dict[str, str]:
        """Return its stable keys for JSON; the warning says nothing that the words do not."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "words": self.words,
            "advice": self.advice,
        }
