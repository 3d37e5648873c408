"""A till's own file and the files of its site in; one config with every value's origin out."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.config.files import SMALLEST, text

from taptill.config import load
from taptill.config.layers import BYTES_MAX, merge
from taptill.domain.errors import ConfigError

OWN = 'include = ["site.toml"]\n[till]\nname = "bar-2"\n'
SITE = text(till='name = "of the site"\nlanguage = "de"') + "\n"
GOOD = '[[goods]]\nname = "{name}"\nprice = "{price}"\n'

Files = dict[str, str]


def written(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        (folder / name).write_text(content, "utf-8")
    return folder / "config.toml"


def complaints(folder: Path, files: Files) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load(written(folder, files))
    found = error.value.fields["list"]
    assert isinstance(found, list)
    return found


def test_a_tills_own_values_win_over_those_of_its_site(tmp_path: Path) -> None:
    config = load(written(tmp_path, {"config.toml": OWN, "site.toml": SITE}))
    assert (config.till.name, config.till.language) == ("bar-2", "de")
    assert config.files == (tmp_path / "site.toml", tmp_path / "config.toml")


def test_of_several_included_files_the_later_one_wins(tmp_path: Path) -> None:
    files = {
        "config.toml": 'include = ["site.toml", "bar.toml"]',
        "site.toml": SITE,
        "bar.toml": '[till]\nname = "bar"\n',
    }
    assert load(written(tmp_path, files)).till.name == "bar"


def test_a_list_of_tables_replaces_the_whole_one_of_before(tmp_path: Path) -> None:
    own = OWN + GOOD.format(name="Beer", price="3.00")
    site = SITE + GOOD.format(name="Tea", price="1.00") + GOOD.format(name="Milk", price="1.00")
    config = load(written(tmp_path, {"config.toml": own, "site.toml": site}))
    assert [good.name for good in config.goods] == ["Beer"]


WRONG = [
    ({"config.toml": OWN}, "{folder}/site.toml cannot be read: No such file or directory"),
    ({"config.toml": OWN, "site.toml": "till ="}, "site.toml: line 1, column 7: this is not TOML:"),
    (
        {"config.toml": OWN, "site.toml": SITE.replace('"de"', '"xx"')},
        'site.toml: [till] language = "xx" must be',
    ),
    (
        {"config.toml": OWN.replace('"bar-2"', "2"), "site.toml": SITE},
        "{folder}/config.toml: [till] name = 2 must be",
    ),
    ({"config.toml": OWN, "site.toml": f"{SITE}[tills]\n"}, "site.toml: [tills]: unknown table"),
    (
        {"config.toml": OWN, "site.toml": SITE + 2 * GOOD.format(name="A", price="dear")},
        "site.toml: [[goods]] 1 price",
    ),
    ({"config.toml": OWN, "site.toml": f"{OWN}{SITE}"}, "site.toml: line "),
    (
        {"config.toml": OWN, "site.toml": 'include = ["more.toml"]'},
        "site.toml: an included file includes no others",
    ),
    ({"config.toml": "till ="}, "{folder}/config.toml: line 1, column 7: this is not TOML:"),
    ({"config.toml": "[tills]"}, "{folder}/config.toml: [tills]: unknown table"),
    ({"config.toml": ""}, "{folder}/config.toml: [[reader]] is missing"),
    (
        {"config.toml": text(till='mode = "self-service"')},
        "{folder}/config.toml: [till] mode self-service needs",
    ),
    (
        {"config.toml": OWN, "site.toml": text(backend='client_key = "/key"')},
        "site.toml: [backend] client_key needs",
    ),
    (
        {"config.toml": 'include = "site.toml"'},
        "{folder}/config.toml: include must be a list of at most 8 files",
    ),
    (
        {"config.toml": "include = [7]"},
        "{folder}/config.toml: include must be a list of at most 8 files",
    ),
    (
        {"config.toml": f"include = {[f'{n}.toml' for n in range(9)]}"},
        "{folder}/config.toml: include must be a list",
    ),
    (
        {"config.toml": 'include = ["config.toml"]'},
        "{folder}/config.toml: include names config.toml twice, or",
    ),
    (
        {"config.toml": 'include = ["a.toml", "a.toml"]'},
        "{folder}/config.toml: include names a.toml twice, or",
    ),
    (
        {"config.toml": OWN, "site.toml": '[[till]]\nname = "a"\n'},
        "{folder}/config.toml: [settlement] strategy is missing",
    ),
]


@pytest.mark.parametrize(("files", "complaint"), WRONG)
def test_a_mistake_names_its_file(tmp_path: Path, files: Files, complaint: str) -> None:
    expected = complaint.format(folder=tmp_path)
    found = complaints(tmp_path, files)
    assert any(words.startswith(expected) for words in found)
    of_a_file = (f"{tmp_path}/", "site.toml: ")
    assert [words for words in found if not words.startswith(of_a_file)] == []


def test_a_file_that_is_too_large_to_be_a_config_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, {"config.toml": OWN, "site.toml": ""})
    with (tmp_path / "site.toml").open("ab") as file:
        file.truncate(BYTES_MAX + 1)
    with pytest.raises(ConfigError, match=r"site\.toml is larger than 4 MB"):
        load(path)


TABLES = st.dictionaries(
    st.sampled_from(["till", "ui"]),
    st.dictionaries(st.sampled_from("abc"), st.integers(), min_size=1),
)


@given(st.lists(TABLES, min_size=1, max_size=4))
def test_each_value_is_the_last_file_s_that_has_it(layers: list[dict[str, dict[str, int]]]) -> None:
    paths = [Path(f"{number}.toml") for number in range(len(layers))]
    merged = merge(layers, paths)
    origins = {place: origin for place, origin in merged.origins.items() if place[1]}
    for (table, key), origin in origins.items():
        having = [n for n, layer in enumerate(layers) if key in layer.get(table, {})]
        assert origin == paths[having[-1]]
        assert merged.values[table][key] == layers[having[-1]][table][key]
    assert sum(map(len, merged.values.values())) == len(origins)


def test_the_smallest_file_needs_no_include(tmp_path: Path) -> None:
    assert "include" not in SMALLEST
    path = written(tmp_path, {"config.toml": text()})
    assert load(path).files == (path,)


def test_a_device_that_never_ends_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "till.toml"
    path.write_text('include = ["/dev/zero"]\n')
    with pytest.raises(ConfigError, match="is larger than 4 MB"):
        load(path)
