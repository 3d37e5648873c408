"""Every link of the Markdown pages leads somewhere."""

import re
from pathlib import Path

import pytest
from tests.project.sources import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEAD = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings as GitHub makes them."""
    heads = HEAD.findall(FENCED.sub("", text))
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def dead(page: Path, link: str) -> bool:
    """Return whether a link leads nowhere in this checkout; other sites are not asked."""
    if re.match(r"[a-z]+:", link):
        return False
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    return not target.exists() or bool(anchor and anchor not in anchors(target.read_text("utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = LINK.findall(FENCED.sub("", page.read_text("utf-8")))
    assert [link for link in links if dead(page, link)] == []


def test_dead_links_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# The `[till]` table\n```\n# no head\n```\n")
    links = ["page.md", "#the-till-table", "https://a.b/c", "gone.md", "#no-head", "page.md#gone"]
    assert [link for link in links if dead(page, link)] == ["gone.md", "#no-head", "page.md#gone"]


def test_every_picture_stands_on_a_page() -> None:
    texts = {page: page.read_text("utf-8") for page in PAGES}
    shown = {(page.parent / link).resolve() for page in PAGES for link in LINK.findall(texts[page])}
    pictures = [path for path in (ROOT / "docs/pictures").rglob("*") if path.is_file()]
    assert pictures
    assert [path.name for path in pictures if path not in shown] == []
