"""Values set in a commented config: what the file says then, and what of it stays."""

import re
import tomllib
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


READERS = """[[reader]]      # at the counter
driver = "serial"
port = "/dev/a"
family = "rdm6300"

# For barcodes.
[[reader]]
driver = "serial"
for = "goods"
port = "/dev/b"     # the scanner
family = "line"
"""
KEYS = {"driver": "serial", "family": "rdm6300"}


@pytest.mark.parametrize(
    ("number", "ports"),
    [(1, ["/dev/c", "/dev/b"]), (2, ["/dev/a", "/dev/c"]), (3, ["/dev/a", "/dev/b", "/dev/c"])],
)
@pytest.mark.parametrize("place", ["together", "apart", "included"])
def test_one_reader_is_replaced_or_added_and_the_others_stay(
    tmp_path: Path, place: str, number: int, ports: list[str]
) -> None:
    smallest = text(**{"[reader]": ""}).partition("[[reader]]")[0]
    content = {
        "together": f"{smallest}{READERS}",
        "apart": READERS.replace("# For", f"{smallest}\n# For"),
        "included": f'include = ["site.toml"]\n{smallest}',
    }[place]
    (tmp_path / "site.toml").write_text(READERS)
    made = draft(content, tmp_path)
    before = made.config()
    made.set_row("reader", number, {**KEYS, "port": "/dev/c"})
    after = made.config()
    assert [reader.port for reader in after.readers] == ports
    stayed = [index for index in range(2) if index != number - 1]
    assert [after.readers[index] for index in stayed] == [before.readers[index] for index in stayed]
    assert (after.backend, after.settlement) == (before.backend, before.settlement)
    if place != "included":
        assert comments(made.text)[0] == "at the counter"
        assert "# For barcodes." in made.text


def test_readers_of_a_file_of_answers_replace_those_of_the_config_as_a_whole() -> None:
    made = draft()
    rows = [{"driver": "serial", "port": f"/dev/{n}", "family": "rdm6300"} for n in "ab"]
    made.lay({"reader": rows}, Path("answers.toml"))
    assert [reader.port for reader in made.config().readers] == ["/dev/a", "/dev/b"]
    made.lay({"reader": [{"driver": "simulated"}]}, Path("answers.toml"))
    (reader,) = made.config().readers
    assert (reader.driver, reader.port, reader.family) == ("simulated", "", "")
    made.lay({"goods": []}, Path("answers.toml"))
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
        draft().lay(tables, Path("answers.toml"))


TABLES = {
    "in braces": 'backend = {base_url = "http://localhost"}\n',
    "in two parts": (
        '[backend]\nbase_url = "http://localhost"\n[till]\n[backend.headers]\nX = "1"\n'
    ),
    "by dots": 'backend.base_url = "http://localhost"\n',
}


@pytest.mark.parametrize("lines", TABLES.values(), ids=TABLES)
def test_a_table_may_be_written_in_any_way(lines: str) -> None:
    made = draft(lines)
    made.set("backend", "token_file", "/token")
    backend = tomllib.loads(made.text)["backend"]
    assert (backend["base_url"], backend["token_file"]) == ("http://localhost", "/token")


def test_what_should_be_a_table_and_is_none_is_told_with_its_file() -> None:
    made = draft("backend = 3\n")
    with pytest.raises(ConfigError, match=r"^/nowhere/config.toml: backend must be a table"):
        made.set("backend", "token_file", "/token")
