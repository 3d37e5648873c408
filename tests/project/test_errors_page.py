"""The tables of docs/errors.md agree with the tree of errors and the reasons of a decline."""

import inspect
import re

from tests.project.sources import ROOT

from taptill.domain.decision import Reason
from taptill.domain.errors import ALL_ERRORS, TaptillError
from taptill.journal import faults
from taptill.ui import texts

PAGE = ROOT / "docs" / "errors.md"
ROW = re.compile(r"^\| `([a-z-]+)` \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)


def rows(heading: str) -> list[tuple[str, str, str]]:
    """Return the first three cells of a section's rows; the last is advice, not in the code."""
    _, _, rest = PAGE.read_text("utf-8").partition(f"\n## {heading}\n")
    section, _, _ = rest.partition("\n## ")
    return [(code, second, third) for code, second, third, _ in ROW.findall(section)]


def below(tree: type[TaptillError]) -> set[type[TaptillError]]:
    """Return all errors of the program that are below one."""
    subclasses = [
        error for error in tree.__subclasses__() if error.__module__.startswith("taptill.")
    ]
    return set(subclasses).union(*map(below, subclasses))


def test_the_page_says_of_each_error_what_the_program_does() -> None:
    """Code, exit status and the first line of the class, in the order of the classes."""
    errors: tuple[type[TaptillError], ...] = (*ALL_ERRORS, TaptillError)
    assert rows("Errors") == [
        (error.code, str(error.exit_status), (inspect.getdoc(error) or "").splitlines()[0])
        for error in errors
    ]


def test_the_list_of_errors_is_complete_and_each_code_is_its_own() -> None:
    assert set(ALL_ERRORS) == below(TaptillError)
    assert len({error.code for error in ALL_ERRORS}) == len(ALL_ERRORS)


def test_the_page_says_of_each_decline_what_the_cashier_reads() -> None:
    english = texts.load("en").words
    assert rows("Declines") == [
        (reason.value, english[f"reason.{reason}.word"], english[f"reason.{reason}.cashier"])
        for reason in Reason
    ]


def test_the_page_says_what_to_do_about_all_words_for_a_failing_disk() -> None:
    _, _, section = PAGE.read_text("utf-8").partition("\n## When the disk fails\n")
    assert section
    words = [*(words for _, words in faults.WORDS.values()), faults.IN_DOUBT]
    assert [word for word in words if word not in section] == []
