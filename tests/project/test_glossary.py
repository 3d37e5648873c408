"""docs/glossary.md has every word once."""

import re

from tests.project.sources import ROOT

from taptill.domain.entry import EntryKind

PAGE = (ROOT / "docs" / "glossary.md").read_text("utf-8")
WORDS = re.compile(r"^\| (\*\*.+?\*\*) \|", re.MULTILINE)
ROW = re.compile(r"^\| (?:\*\*|`)", re.MULTILINE)


def test_each_word_stands_there_once() -> None:
    words = [word for cell in WORDS.findall(PAGE) for word in re.findall(r"\*\*(.+?)\*\*", cell)]
    assert words
    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_every_kind_of_entry_stands_there_in_the_order_of_the_code() -> None:
    section = PAGE.partition("\n### Kinds of entry\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE) == [*EntryKind]


def test_every_row_says_something_in_each_of_its_cells() -> None:
    rows = [line for line in PAGE.splitlines() if ROW.match(line)]
    assert [row for row in rows if not all(cell.strip() for cell in row.split("|")[1:-1])] == []
