"""A bundle for support where the config cannot be read: written all the same, without people."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.install.machine import NOBODY, MachineFolder
from tests.install.support.test_bundle import (
    Canaries,
    backend_lines,
    cached,
    config_lines,
    crashed,
    installed,
    journaled,
    logged,
    unpacked,
)

from taptill.cli import taptill
from taptill.install.checks.finding import find_site
from taptill.install.support.bundle import gather, pack
from taptill.install.support.settings import values_in

BREAKS: dict[str, Callable[[str], str]] = {
    "a quote that is not closed": lambda text: text.replace('role = "supervisor"', 'role = "sup'),
    "names without quotes": lambda text: text.replace('name = "Zq', "name = Zq"),
    "a canary as a value": lambda text: text.replace('role = "supervisor"', 'role = "Zqrole"'),
    "a canary as a key": lambda text: text.replace("[settlement]", "[settlement]\nzqrole = 1"),
    "a heading that is not closed": lambda text: text.replace("[[staff]]", "[[staff]"),
    "no strategy": lambda text: text.partition("[settlement]")[0],
}


@pytest.mark.slow
@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
async def test_nothing_that_names_people_leaves_a_till_with_a_broken_config(
    place: MachineFolder, broken: Callable[[str], str]
) -> None:
    canary = Canaries()
    text = config_lines(place, canary).format(backend=backend_lines(place, canary, NOBODY))
    canary.put("zqrole", "what stands there by mistake")
    path = place.folder / "config.toml"
    assert broken(text) != text
    path.write_text(broken(text))
    names = [name for name, put in canary.places.items() if put.startswith("staff")]
    for fill in (cached, journaled, logged, installed, crashed):
        fill(place, canary)
    place.has("etc/systemd/system/taptill.service", f"[Service]\nUMask={' '.join(names)}\n")
    found = find_site(path, place.folder / "state")
    assert found.unreadable
    site = type(found)(
        found.config, found.state, place.folder / "root", account="", unreadable=found.unreadable
    )
    texts = unpacked(pack([part async for part in gather(site)]))
    assert {name: canary.found_in(text.encode()) for name, text in texts.items()} == {
        name: [] for name in texts
    }
    assert texts["config.toml"].startswith("# it cannot be read:\n# ")
    assert "config.toml   why the config cannot be read" in texts["README.txt"]
    told = [json.loads(line) for line in texts["doctor.jsonl"].splitlines()]
    assert {"settings.config", "disk.room", "journal.chain"} <= {one["name"] for one in told}
    assert json.loads(texts["journal.json"])["kinds"]["charge"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("text", ["[till\n", None], ids=["broken", "not there"])
def test_the_command_writes_a_bundle_without_a_config(
    place: MachineFolder, text: str | None
) -> None:
    path, target = place.folder / "config.toml", place.folder / "bundle.tar.gz"
    if text is not None:
        path.write_text(text)
    places = ["--config", str(path), "--state-dir", str(place.folder / "state")]
    result = CliRunner().invoke(taptill, ["support", *places, str(target), "--json"])
    assert (result.exit_code, result.exception) == (0, None)
    assert "doctor.jsonl" in json.loads(result.stdout)["holds"]
    assert "settings.config" in unpacked(target.read_bytes())["doctor.jsonl"]


VALUES = {
    "staff": ('[[staff]]\nname = "Ada Byron"\nrole = "cashier"\n', {"Ada Byron"}),
    "a quote that is not closed": ("[[staff]]\nname = 'Ada Byron\n", {"Ada Byron"}),
    "an apostrophe": ('[[staff]]\nname = "Al O\'Hara"\n', {"Al O'Hara"}),
    "no quotes": ("[[staff]]\nname = Ada Byron # at the bar\n", {"Ada Byron"}),
    "a row in a line": ('staff = [\n{ name = "Ada Byron", role = "cashier" },\n]\n', {"Ada Byron"}),
    "a heading that is not closed": ('[[staff]\n"name" = "Ada Byron"', {"Ada Byron"}),
    "headers": ('[backend]\nheaders = { X-Api-Key = "k3y-of-it" }', {"k3y-of-it"}),
    "a table of headers": ('[backend.headers]\nX-Api-Key = "k3y-of-it"', {"k3y-of-it"}),
    "the parts of a scheme": (
        'auth_value = "Bearer {token}; key=k3y-of-it"',
        {"Bearer {token}; key=k3y-of-it", "key=k3y-of-it"},
    ),
    "a log-in in the address": ('base_url = "http://till:s3cret@host/"', {"till", "s3cret"}),
    "no file of a token": ('token_file = ""\noffice_token_file =\n', set()),
    "a path that no file can have": ('token_file = "/a\0b"\n', set()),
    "nobody": ('[till]\nname = "Bar"\n[[goods]]\nname = "Coffee"\n', set()),
}


@pytest.mark.parametrize(("text", "values"), VALUES.values(), ids=VALUES)
def test_what_is_secret_is_found_in_the_text(text: str, values: set[str]) -> None:
    assert set(values_in(text)) == values


def test_a_token_is_read_from_the_file_that_a_broken_config_names(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken\n")
    text = f'[backend\ntoken_file = "{tmp_path}/token"\noffice_token_file = "{tmp_path}/none"\n'
    assert set(values_in(text)) == {"t0ken"}
