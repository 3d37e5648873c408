"""What a run in an emulated machine needs, and the site that it sets up, without any machine."""

import tomllib
from pathlib import Path

import pytest
from tests.machine import images
from tests.machine.__main__ import SCENARIOS, SHORT
from tests.machine.emulator.command import BACKEND
from tests.machine.host import tools_for
from tests.machine.images import Images, Kind
from tests.machine.stage import CONFIG, RULES, site_files
from tests.systemd.test_udev_rules import faults


def test_the_tools_are_named_by_the_packages_that_have_them() -> None:
    assert tools_for("amd64", "amd64")["qemu-system-x86_64"] == "qemu-system-x86"
    foreign = tools_for("arm64", "amd64")
    assert {"qemu-system-arm", "qemu-user-static", "arch-test"} <= set(foreign.values())
    own = set(tools_for("arm64", "arm64").values())
    assert not {"qemu-user-static", "arch-test"} & own


def test_a_root_of_programs_needs_no_emulated_computer() -> None:
    packages = set(tools_for("armhf", "amd64").values())
    assert {"qemu-user-static", "arch-test"} <= packages
    assert not [package for package in packages if package.startswith("qemu-system")]


def test_the_site_is_the_example_config_with_a_backend_and_a_reader() -> None:
    files = site_files("secret")
    config = tomllib.loads(files[CONFIG[1:]])
    assert config["backend"]["base_url"] == BACKEND
    assert config["backend"]["token_file"] == ""
    rules = files[RULES[1:]]
    assert faults(rules) == []
    active = [line for line in rules.splitlines() if not line.startswith("#")]
    assert [line for line in active if '"ftdi"' in line]
    assert [line for line in active if 'idVendor}=="0627"' in line]
    assert files["etc/credstore/api-token"] == "secret"


def test_a_disk_is_made_once_for_a_recipe(tmp_path: Path) -> None:
    said: list[str] = []
    made = Images(tmp_path, said.append)
    recipe = repr((images.PACKAGES, images._RAM_DISK, images._SYSTEM, images.SIZE))
    folder = tmp_path / f"trixie-amd64-{images._digest(recipe.encode())}"
    folder.mkdir()
    (folder / "disk.img").touch()
    assert made.bare(Kind("trixie")).disk == folder / "disk.img"
    assert said == []


@pytest.mark.parametrize("name", SHORT)
def test_the_short_run_is_of_scenarios_that_there_are(name: str) -> None:
    assert name in SCENARIOS
