"""A config that is no TOML: where it is broken is said, and each way on is a command that works."""

import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.setup.dialogue import setup, write_site

from taptill.cli.setup.broken_config import with_ways_on
from taptill.config import load
from taptill.domain.errors import ConfigError
from taptill.install.setup.draft import ConfigDraft
from taptill.install.setup.places import SetupPlaces, places_of

BROKEN = '[till]\nname = "bar"\nlanguage = de\n'
WHERE = "line 3, column 12: this is not TOML"


def told_at(places: SetupPlaces) -> list[str]:
    """Return what is said of the broken config at these places, a line each."""
    with pytest.raises(ConfigError) as error:
        ConfigDraft(places.config.read_text(), places.config)
    return str(with_ways_on(places, error.value)).splitlines()


def commands_of(sentence: str) -> list[list[str]]:
    """Return the words of the commands that a sentence gives."""
    _, _, commands = sentence.partition(": ")
    return [shlex.split(command) for command in commands.split("; then ")]


@pytest.fixture
def places(tmp_path: Path) -> SetupPlaces:
    folder = tmp_path / "the bar's site"
    folder.mkdir()
    (folder / "config.toml").write_text(BROKEN)
    return places_of(folder / "config.toml")


def test_the_editor_is_opened_at_the_line_and_set_up_comes_after_it(places: SetupPlaces) -> None:
    config = str(places.config)
    where, mend, afresh = told_at(places)
    again = ["taptill", "setup", "--config", config]
    assert where.startswith(f"{config}: {WHERE}")
    assert commands_of(mend) == [["editor", "+3", config], again]
    assert commands_of(afresh) == [["mv", "--backup=numbered", config, f"{config}.broken"], again]


def test_the_installed_till_is_roots(places: SetupPlaces) -> None:
    _, mend, afresh = told_at(replace(places, account="taptill"))
    for sentence in (mend, afresh):
        first, again = commands_of(sentence)
        assert (first[0], again) == ("sudo", ["sudo", "taptill", "setup"])


def test_a_file_that_is_included_is_the_one_to_open(places: SetupPlaces) -> None:
    """Before the first question, though the till's own file is whole."""
    site = places.config.with_name("site.toml")
    site.write_text(BROKEN)
    places.config.write_text('include = ["site.toml"]\n')
    where, mend, _ = told_at(places)
    assert where.startswith(f"site.toml: {WHERE}")
    assert commands_of(mend)[0] == ["editor", "+3", str(site)]


def test_the_config_of_before_the_last_set_up_is_offered_where_there_is_one(
    places: SetupPlaces,
) -> None:
    kept = places.config.with_name("config.toml.before")
    kept.write_text('[till]\nname = "bar"\n')
    _, _, before, _ = told_at(places)
    assert commands_of(before)[0] == ["cp", str(kept), str(places.config)]


@pytest.mark.parametrize("kept", [BROKEN, 'include = ["site.toml"]\n'])
def test_a_config_of_before_that_leads_here_again_is_not_offered(
    places: SetupPlaces, kept: str
) -> None:
    places.config.with_name("site.toml").write_text(BROKEN)
    places.config.with_name("config.toml.before").write_text(kept)
    assert len(told_at(places)) == len(("where", "mend", "afresh"))


def test_a_config_that_was_moved_away_earlier_stays(places: SetupPlaces) -> None:
    kept = places.config.with_name("config.toml.broken")
    kept.write_text("of earlier")
    move, _ = commands_of(told_at(places)[-1])
    subprocess.run(move, check=True)
    assert {"of earlier", BROKEN} <= {path.read_text() for path in kept.parent.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("content", [BROKEN.encode(), b"[till]\nname = '\xff'\n"])
def test_the_config_is_moved_away_by_the_command_that_is_told_and_set_up_begins_afresh(
    places: SetupPlaces, content: bytes
) -> None:
    places.config.write_bytes(content)
    run = setup(places.config)
    assert (run.returncode, places.config.read_bytes()) == (78, content)
    (afresh,) = (line for line in run.stderr.splitlines() if "afresh" in line)
    move, _ = commands_of(afresh.removesuffix(" [config]").removeprefix("taptill: "))
    subprocess.run(move, check=True)
    answers = places.config.with_name("answers.toml")
    write_site(answers, "http://127.0.0.1:9", answers.with_name("token"))
    answers.with_name("token").write_text("t0ken")
    setup(places.config, "--answers", str(answers))
    assert load(places.config).till.name == "bar"
