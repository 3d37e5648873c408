"""Values set in a commented config: what the file says then, and what of it stays."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.config.files import text

from taptill.domain.errors import ConfigError
from taptill.install.setup.draft import ConfigDraft, example

COMMENT = re.compile(r"(?<=\S)\s+# (.*)$", re.MULTILINE)
NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=40
)


def draft(content: str = "", folder: Path = Path("/nowhere")) -> ConfigDraft:
    return ConfigDraft(content or example(), folder / "config.toml")


def comments(content: str) -> list[str]:
    return COMMENT.findall(content)


@given(NAMES)
def test_any_name_comes_back_and_every_comment_stays(name: str) -> None:
    made = draft()
    made.set("till", "name", name)
    assert made.config().till.name == name
    assert made.value("till", "name") == name
    changed = [line for line in made.text.splitlines() if line not in example().splitlines()]
    assert len(changed) <= 1
    assert [line.rpartition("# ")[2] for line in changed] in (
        [],
        ["shown on the screen; one name a till"],
    )


def test_a_comment_stays_in_its_column_where_there_is_room() -> None:
    made = draft()
    made.set("till", "name", "bar")
    (line,) = [line for line in made.text.splitlines() if line.startswith('name = "bar"')]
    (before,) = [line for line in example().splitlines() if line.startswith('name = "canteen')]
    assert line.index("#") == before.index("#")


def test_a_key_that_is_switched_off_and_a_table_that_is_missing_are_added() -> None:
    made = draft(text())
    made.set("backend", "company_id", 42)
    made.set("ui", "theme", "dark")
    assert (made.config().backend.company_id, made.config().ui.theme) == (42, "dark")


def test_readers_are_replaced_as_a_whole() -> None:
    made = draft()
    rows = [{"driver": "serial", "port": f"/dev/{n}", "family": "rdm6300"} for n in "ab"]
    made.set_rows("reader", rows)
    assert [reader.port for reader in made.config().readers] == ["/dev/a", "/dev/b"]
    made.set_rows("reader", [{"driver": "simulated"}])
    (reader,) = made.config().readers
    assert (reader.driver, reader.port, reader.family) == ("simulated", "", "")
    made.set_rows("goods", [])
    assert made.config().goods == ()


def test_what_a_site_shares_counts_and_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(text(till='language = "de"'))
    made = draft('include = ["site.toml"]\n', tmp_path)
    made.set("till", "name", "bar-2")
    assert made.value("till", "language") == "de"
    assert (made.config().till.name, made.config().till.language) == ("bar-2", "de")
    assert "language" not in made.text


def test_a_wrong_value_is_told_and_others_are_not() -> None:
    made = draft()
    made.set("till", "name", "x" * 41)
    assert made.complaint_about("till", "name").startswith("[till] name")
    assert made.complaint_about("till", "currency") == ""


@pytest.mark.parametrize("content", ["till =", "[till]\n[till]\n", "a = 1\na = 2\n"])
def test_what_is_no_toml_is_refused_as_everywhere(content: str) -> None:
    with pytest.raises(ConfigError, match="this is not TOML"):
        draft(content)


@pytest.mark.parametrize(
    "tables",
    [
        {"tills": {"name": "a"}},
        {"till": [1]},
        {"reader": {"driver": "a"}},
        {"name": "a"},
        {"reader": [7]},
    ],
)
def test_tables_of_a_strange_form_are_refused(tables: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="no table of a config"):
        draft().lay(tables)
