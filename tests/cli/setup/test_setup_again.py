"""`taptill setup` over the config of a site: what nobody was asked about stays as it was."""

from pathlib import Path

import pytest
from tests.cli.setup.dialogue import (
    CARDS,
    KEEP,
    SCANNER,
    SECOND,
    UP_TO_THE_READER,
    setup,
    write_site,
)
from tests.fakes.service import RunningService
from tests.readers.lines import CARD_FRAME, PtyLine, held_cards

from taptill.config import Config, load

pytestmark = pytest.mark.slow


@pytest.fixture
def token_file(tmp_path: Path, service: RunningService) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{service.token}\n")
    return path


def ports(config: Config) -> list[str]:
    return [reader.port for reader in config.readers]


def test_the_readers_that_are_there_stay_where_enter_is_pressed(
    config: Path, service: RunningService, token_file: Path
) -> None:
    write_site(config, service.url, token_file, SCANNER, CARDS, SECOND)
    before = load(config)
    run = setup(config, answers=(*UP_TO_THE_READER, KEEP))
    assert load(config).readers == before.readers
    assert "reader 1: serial at /dev/scanner, line, for goods" in run.stdout
    assert "reader 2: serial at /dev/cards, rdm6300" in run.stdout
    assert "reader 3: nfc at usb:072f:2200" in run.stdout
    assert "keep: those that are there stay" in run.stdout
    assert "the readers stay as the config has them" in run.stdout


def test_one_reader_is_replaced_and_the_others_stay(
    config: Path, service: RunningService, token_file: Path, line: PtyLine
) -> None:
    write_site(config, service.url, token_file, SCANNER, CARDS, SECOND)
    scanner, _, second = load(config).readers
    with held_cards(line, CARD_FRAME):
        run = setup(config, "--port", str(line.link), answers=(*UP_TO_THE_READER, "2", "1"))
    made = load(config)
    assert ports(made) == ["/dev/scanner", str(line.link), "usb:072f:2200"], run.stdout
    assert (made.readers[0], made.readers[2]) == (scanner, second)
    assert made.readers[1].hold_ms == 700
    assert "reader 2 is replaced, reader 1 and reader 3 stay" in run.stdout


def test_one_more_reader_stands_beside_those_that_are_there(
    config: Path, service: RunningService, token_file: Path, line: PtyLine
) -> None:
    write_site(config, service.url, token_file, CARDS, SCANNER)
    before = load(config).readers
    with held_cards(line, CARD_FRAME):
        setup(config, "--port", str(line.link), answers=(*UP_TO_THE_READER, "more", "1"))
    assert load(config).readers[:2] == before
    assert ports(load(config))[2:] == [str(line.link)]


def test_the_reader_of_a_port_that_is_named_is_the_one_that_is_offered(
    config: Path, service: RunningService, token_file: Path, line: PtyLine
) -> None:
    write_site(config, service.url, token_file, SCANNER, CARDS)
    with held_cards(line, CARD_FRAME):
        setup(config, "--port", str(line.link), answers=(*UP_TO_THE_READER, KEEP, KEEP))
    assert ports(load(config)) == ["/dev/scanner", str(line.link)]


def test_readers_of_a_file_that_is_included_stay_too(
    config: Path, service: RunningService, token_file: Path, line: PtyLine
) -> None:
    write_site(config, service.url, token_file)
    config.write_text(f'include = ["site.toml"]\n{config.read_text()}')
    config.with_name("site.toml").write_text(CARDS + SCANNER)
    with held_cards(line, CARD_FRAME):
        setup(config, "--port", str(line.link), answers=(*UP_TO_THE_READER, "1", "1"))
    assert ports(load(config)) == [str(line.link), "/dev/scanner"]
    assert config.with_name("site.toml").read_text() == CARDS + SCANNER


def test_the_token_of_the_site_stays_where_it_is(
    config: Path, service: RunningService, token_file: Path
) -> None:
    write_site(config, service.url, token_file, CARDS)
    run = setup(config, answers=(*UP_TO_THE_READER, KEEP))
    assert load(config).backend.token_file == token_file
    assert token_file.read_text() == f"{service.token}\n"
    assert "Enter keeps the one that is there" in run.stdout + run.stderr
    assert "pass  backend.answer" in run.stdout


def test_a_new_token_goes_to_the_file_of_the_site_and_keeps_its_rights(
    config: Path, service: RunningService, token_file: Path
) -> None:
    token_file.write_text("old\n")
    token_file.chmod(0o640)
    write_site(config, service.url, token_file, CARDS)
    run = setup(config, answers=(*(KEEP,) * 5, service.token, KEEP, KEEP, KEEP))
    assert load(config).backend.token_file == token_file
    assert token_file.read_text() == f"{service.token}\n"
    assert token_file.stat().st_mode & 0o777 == 0o640
    assert f"the token is in {token_file}" in run.stdout
    assert not config.with_name("api-token").exists()


def test_a_token_file_that_is_not_there_yet_is_asked_for_and_written(
    config: Path, service: RunningService, token_file: Path
) -> None:
    token_file.unlink()
    write_site(config, service.url, token_file, CARDS)
    setup(config, answers=(*(KEEP,) * 5, service.token, KEEP, KEEP, KEEP))
    assert token_file.read_text() == f"{service.token}\n"


ANSWERED = {
    "without a token": ("", "{token}"),
    "with one": ('[setup]\ntoken_file = "new"\n', "new"),
}


@pytest.mark.parametrize(("of_setup", "then"), ANSWERED.values(), ids=ANSWERED)
def test_a_file_of_answers_keeps_the_place_of_the_token(
    config: Path,
    tmp_path: Path,
    service: RunningService,
    token_file: Path,
    of_setup: str,
    then: str,
) -> None:
    write_site(config, service.url, token_file, CARDS)
    answers = tmp_path / "answers.toml"
    answers.write_text(f'{of_setup}[till]\nlanguage = "fr"\n')
    (tmp_path / "new").write_text("new")
    setup(config, "--answers", str(answers))
    assert (load(config).till.language, load(config).backend.token_file) == ("fr", token_file)
    assert token_file.read_text().strip() == then.format(token=service.token)


def test_a_file_of_answers_may_say_where_the_token_is(config: Path, tmp_path: Path) -> None:
    named, answers = tmp_path / "named", tmp_path / "answers.toml"
    backend = f'[backend]\nbase_url = "http://127.0.0.1:9"\ntoken_file = "{named}"\n'
    answers.write_text(f'[setup]\ntoken_file = "new"\n{backend}')
    (tmp_path / "new").write_text("new")
    setup(config, "--answers", str(answers))
    assert load(config).backend.token_file == named
    assert named.read_text() == "new\n"
