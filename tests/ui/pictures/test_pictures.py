"""The pictures of the docs are what the program draws now, and the cashier's page is whole.

Where one fails: `make pictures`, and look at them.
"""

import re
from xml.etree import ElementTree as ET

import pytest
from tests.project.sources import ROOT
from tests.ui.pictures.__main__ import FOLDER
from tests.ui.pictures.shown import pictures

from taptill.checkout.pages.shift import COMMENTS
from taptill.domain.conflicts.case import CaseAnswer
from taptill.domain.decision import OVERRIDABLE, Reason
from taptill.domain.staff.member import Right, Role, StaffMember
from taptill.settlement.reconcile import ConflictReason
from taptill.ui.modes.help import HELP
from taptill.ui.texts import load

RIGHTS = {
    Right.SELL: "sell, take back an own sale of this shift within the window",
    Right.CLOSE_SHIFT: "open and close the shift",
    Right.FIND: "find a customer by name (F3)",
    Right.PAY_IN: "take cash of a customer (F7)",
    Right.PAY_OUT: "pay cash out to a customer (F7)",
    Right.UNDO_ANY: "take back any sale of this shift",
    Right.OVERRIDE: "let a refusal pass (F9)",
    Right.DECIDE: "decide a case (F10, to clarify)",
    Right.CARDS: "bind, replace and block cards (F6)",
    Right.INSPECT: "see the technician's page (F12)",
}
CASHIER = (ROOT / "docs" / "cashier.md").read_text("utf-8")
KEYS = (ROOT / "docs" / "keys.md").read_text("utf-8")
TECHNICIAN = (ROOT / "docs" / "technician.md").read_text("utf-8")
SUPERVISOR = (ROOT / "docs" / "supervisor.md").read_text("utf-8")
UNATTENDED = (ROOT / "docs" / "unattended.md").read_text("utf-8")
PAGES = CASHIER + SUPERVISOR + TECHNICIAN + UNATTENDED
BYTES_MAX = 12_000
PAGE_LINES = 90
PICTURES = pictures()


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_up_to_date_small_and_well_formed(name: str) -> None:
    drawing = (FOLDER / f"{name}.svg").read_text("utf-8")
    assert drawing == PICTURES[name], "make pictures"
    assert len(drawing.encode()) <= BYTES_MAX
    assert ET.fromstring(drawing).get("viewBox") == "0 0 720 432"


def test_every_picture_is_shown_and_none_is_left_over() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(PICTURES)
    shown = [name for name in PICTURES if f"(pictures/{name}.svg)" in PAGES]
    assert set(shown) == set(PICTURES)


def roles_table() -> str:
    """Return the table of rights as docs/supervisor.md has it."""
    head = ["| | " + " | ".join(Role) + " |", "|" + "---|" * (len(Role) + 1)]
    rows = [
        f"| {RIGHTS[right]} | " + " | ".join(_yes(role, right) for role in Role) + " |"
        for right in Right
    ]
    return "\n".join([*head, *rows])


def _yes(role: Role, right: Right) -> str:
    return "yes" if StaffMember("Kim", role).may(right) else "no"


def test_the_table_of_rights_is_that_of_the_code() -> None:
    """Where this fails: put the left side between the markers of docs/supervisor.md."""
    _, _, rest = SUPERVISOR.partition("<!-- roles:begin -->\n")
    assert roles_table() == rest.partition("\n<!-- roles:end -->")[0]


def test_every_case_and_every_answer_is_explained_to_the_supervisor() -> None:
    words = load("en").words
    cases = [words[f"conflict.{reason}.short"] for reason in ConflictReason]
    answers = [words[f"answer.{answer}"] for answer in CaseAnswer]
    differences = [words[f"why.{comment}"] for comment in COMMENTS]
    missing = [text for text in (*cases, *answers, *differences) if f"| {text} |" not in SUPERVISOR]
    assert missing == []


def test_the_page_of_keys_has_the_function_keys_of_the_help() -> None:
    """F5 is told in the customer panel alone, where the site hides balances."""
    helped = set(
        re.findall(r"F\d+|Ctrl\+\w", " ".join(load("en").say(f"help.{key}") for key in HELP))
    )
    table = KEYS.partition("\n## Function keys\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(.+?)` \|", table, re.MULTILINE)) == helped | {"F5"}


def test_what_the_page_says_may_pass_is_what_may_be_overridden() -> None:
    words = load("en").words
    table = SUPERVISOR.partition("| Can pass | Cannot |\n")[2].partition("\n\n")[0]
    passes = " ".join(row.split("|")[1] for row in table.splitlines())
    can = {reason for reason in Reason if words[f"reason.{reason}.short"] in passes}
    assert can == OVERRIDABLE


def test_every_word_of_the_screen_is_explained_to_the_cashier() -> None:
    words = {text for key, text in load("en").words.items() if key.endswith(".word")}
    explained = CASHIER + UNATTENDED
    assert {word for word in words if f"**{word}**" not in explained} <= {"READY", "PAID"}


@pytest.mark.parametrize("page", [CASHIER, SUPERVISOR], ids=["cashier", "supervisor"])
def test_a_page_for_the_counter_is_two_pages_on_paper_at_most(page: str) -> None:
    assert len(page.splitlines()) <= 2 * PAGE_LINES
