"""Comments, docstrings and pages cite only what this repository has."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from tests.project.sources import ROOT, SRC, TESTS, Module, modules

PAGES = (
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("config.example.toml", "Makefile", "pyproject.toml", ".ci/run")),
    *sorted((ROOT / "systemd").iterdir()),
    *sorted((ROOT / "udev").iterdir()),
)
CHARGING = (ROOT / "docs" / "charging.md").read_text("utf-8")

_UNITS = r"ms|s|h|cm|mm|m|V|A|kB|KB|MB|GB|Hz|kHz|MHz|seconds?|minutes?|hours?|times"
MEASURES = frozenset({"bit", "bits", "byte", "bytes", "digit", "digits", "character", "characters"})

NUMBERED_PAGE = re.compile(r"(?<![\w./-])\d+-([a-z]+)(?:-[a-z]+)*")
PAGE_NAME = re.compile(r"(?<![\w/.-])\w[\w./-]*\.md\b")
RISK = re.compile(r"\brisk \(([a-z])\)")
# A document of somebody else's is named before the number: "Unicode, section 3.13".
ELSEWHERE = (
    re.compile(r"\([1-9]\.\d(?:\.\d+)?(?=[,;:)])"),
    re.compile(rf"\b(?:of|see|in) [1-9]\.\d(?:\.\d+)?(?!\.?\d|[a-z%]| ?(?:{_UNITS})\b)"),
    re.compile(r"(?<!, )\b(?:[Ss]ections?|[Cc]hapters?|§) ?\d[\d.]*"),
    re.compile(r"\b[Rr]ules? \d+"),
    re.compile(r"(?<!nfcpy )\b[Ii]ssue #?\d+"),
    re.compile(r"\b[Dd]esign pages?\b|\b[Tt]he design\b"),
)
COMMENT = re.compile(r"(?:^|(?<=\s))# .*$", re.MULTILINE)
CODE = re.compile(r"`((?:[\w-]+/)+[\w.-]*)(?::([\w.]+))?`")


@cache
def stems() -> frozenset[str]:
    """Return the names, without their endings, of all files that a text may cite."""
    folders = ("docs", "src", "systemd", "tests", "udev")
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    return frozenset(path.name.partition(".")[0] for path in paths if path.is_file())


def dangling(text: str, folder: Path = ROOT) -> Iterator[str]:
    """Yield each citation in a text of `folder` that leads to nothing in this repository."""
    text = re.sub(r"\s+(?:# )?", " ", text)
    for page in NUMBERED_PAGE.finditer(text):
        if page[1] not in MEASURES and page[0] not in stems():
            yield page[0]
    for name in PAGE_NAME.findall(text):
        if not any((place / name).exists() for place in (ROOT, ROOT / "docs", folder)):
            yield name
    yield from (risk[0] for risk in RISK.finditer(text) if f"**({risk[1]})**" not in CHARGING)
    for form in ELSEWHERE:
        yield from form.findall(text)


def prose(module: Module) -> Iterator[str]:
    """Yield the comments of a module, its docstrings, and of the program every other text."""
    yield "\n".join(COMMENT.findall(module.text))
    inside = module.path.is_relative_to(SRC)
    for node in ast.walk(module.tree):
        node_text = node.value if isinstance(node, ast.Expr) and not inside else node
        is_text = isinstance(node_text, ast.Constant) and isinstance(node_text.value, str)
        if is_text and (inside or node_text is not node):
            yield ast.literal_eval(node_text)


def names(path: Path) -> frozenset[str]:
    """Return what a module defines: functions, classes and `Class.method`."""
    tree = ast.parse(path.read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    methods = {
        f"{owner.name}.{node.name}"
        for owner in classes
        for node in owner.body
        if isinstance(node, kinds)
    }
    targets = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    return frozenset(
        methods | targets | {node.name for node in tree.body if isinstance(node, kinds)}
    )


def missing_code(text: str) -> Iterator[str]:
    """Yield each `folder/file.py:name` of a page of which the file or the name is not there."""
    for place, name in CODE.findall(text):
        tops = {path.name for path in SRC.iterdir()} | {path.name for path in ROOT.iterdir()}
        if place.partition("/")[0] not in tops:
            continue  # a path of a running system
        existing = [path for path in (ROOT / place, SRC / place) if path.exists()]
        if not existing or (name and name not in names(existing[0])):
            yield f"{place}:{name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_cites_nothing_that_is_not_here(page: Path) -> None:
    text = page.read_text("utf-8")
    assert list(dangling(text, page.parent)) == []
    assert list(missing_code(text)) == []


def test_no_comment_and_no_docstring_cites_what_is_not_here() -> None:
    every = (*modules(SRC), *modules(TESTS))
    dangling_by_place = {
        module.place: [*map(list, map(dangling, prose(module)))] for module in every
    }
    assert {place: lists for place, lists in dangling_by_place.items() if any(lists)} == {}
    missing_by_place = {
        module.place: [name for text in prose(module) for name in missing_code(text)]
        for module in every
    }
    assert {place: missing for place, missing in missing_by_place.items() if missing} == {}


DANGLING = {
    "a page by its number": ("The kinds of entry (3-charging).", ["3-charging"]),
    "a page and a section": ("Table (3-charging 3.5).", ["3-charging"]),
    "a bare section": ("Full and delta (3.6).", ["(3.6"]),
    "a section with its steps": ("What it asks (3.5, steps 0 to 5).", ["(3.5"]),
    "a section over two lines": ("Every row of the table of\n# 3.5.", ["of 3.5"]),
    "a section in words": ("See section 4 for that.", ["section 4"]),
    "a rule by its number": ("Rule 7 is left out.", ["Rule 7"]),
    "a design": ("As a design page says.", ["design page"]),
    "an issue": ("For issue 13.", ["issue 13"]),
    "a page that is gone": ("See docs/gone.md.", ["docs/gone.md"]),
    "a risk that no page tells of": ("Risk: risk (z).", ["risk (z)"]),
}


@pytest.mark.parametrize(("text", "references"), DANGLING.values(), ids=DANGLING)
def test_what_is_not_here_is_found(text: str, references: list[str]) -> None:
    assert list(dangling(text)) == references


FINE = (
    "docs/charging.md tells of risk (a)",
    "udev/70-taptill-readers.rules and 70-taptill-readers",
    "a 7-byte UID of a 32-bit number",
    "Unicode, section 3.13; TM970014, page 3; ECMA-48 5.4",
    "Python 3.11, HTTP/1.1, in 3.5 s, of 4.20, entry 1 (3.20)",
    "a bridge may take 1 s (nfcpy issue 45)",
)


@pytest.mark.parametrize("text", FINE)
def test_what_is_here_or_somebody_else_s_is_no_matter(text: str) -> None:
    assert list(dangling(text)) == []


def test_code_that_a_page_names_is_looked_for() -> None:
    page = "`domain/money.py`, `domain/gone.py`, `domain/money.py:Money.gone`, `/etc/taptill`"
    assert list(missing_code(page)) == ["domain/gone.py:", "domain/money.py:Money.gone"]
