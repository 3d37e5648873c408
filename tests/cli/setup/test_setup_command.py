"""`taptill setup`: a person's answers or a file's in; a config, a token and a doctor's look out."""

import socket
import stat
from pathlib import Path

import pytest
from tests.cli.setup.dialogue import KEEP, interrupted, setup
from tests.fakes.service import RunningService
from tests.readers.lines import CARD_FRAME, PtyLine, held_cards

from taptill.config import load
from taptill.install.setup.draft import example

pytestmark = pytest.mark.slow


def test_a_dialogue_makes_a_config_with_which_the_till_can_start(
    config: Path, line: PtyLine, service: RunningService
) -> None:
    answers = (
        "bar-2",
        "de",
        "EUR",
        KEEP,
        f"{service.url}/core/data",
        service.token,
        "y",
        "debt",
        "1",
    )
    with held_cards(line, CARD_FRAME):
        run = setup(config, "--port", str(line.link), answers=answers)
    assert run.returncode == 0, run.stdout + run.stderr
    made = load(config)
    assert (made.till.name, made.till.language, made.backend.base_url) == (
        "bar-2",
        "de",
        service.url,
    )
    (reader,) = made.readers
    assert (reader.port, reader.family, reader.card_id) == (str(line.link), "rdm6300", ("HEX",))
    token = config.with_name("api-token")
    assert (token.read_text(), stat.S_IMODE(token.stat().st_mode)) == (f"{service.token}\n", 0o600)
    assert made.backend.token_file == token
    assert "# shown on the screen; one name a till" in config.read_text()
    assert "pass  backend.answer" in run.stdout
    assert "pass  readers.reader-1" in run.stdout
    assert 'card_id = ["HEX"]' in run.stdout
    assert service.token not in run.stdout + run.stderr


def test_a_second_time_offers_what_stands_there_and_keeps_the_config_of_before(
    config: Path, service: RunningService
) -> None:
    first = ("bar-2", "en", "EUR", "self-service", service.url, service.token, "y", "debt", "later")
    assert "the reader stays as the config has it" in setup(config, answers=first).stdout
    before = config.read_text()
    run = setup(config, answers=(KEEP, "fr", KEEP, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP))
    made = load(config)
    assert (made.till.name, made.till.language, made.backend.base_url) == (
        "bar-2",
        "fr",
        service.url,
    )
    assert (made.till.mode, made.privacy.show_debt) == ("self-service", "never")
    assert config.with_name("config.toml.before").read_text() == before
    assert "Enter keeps the one that is there" in run.stdout + run.stderr


def test_wrong_answers_are_said_and_asked_again(config: Path, service: RunningService) -> None:
    answers = (
        "x" * 41,
        "bar-2",
        "xx",
        "en",
        "EURO",
        "EUR",
        "nobody",
        KEEP,
        "no address",
        service.url,
    )
    tokens = ("two words", "/none/token", service.token)
    run = setup(config, answers=(*answers, *tokens, "y", "debt", "later"))
    assert load(config).till.name == "bar-2"
    for complaint in ("[till] name", "'xx' is not one of", "[till] currency", "base_url"):
        assert complaint in run.stdout + run.stderr
    assert "a token is one word" in run.stdout
    assert "/none/token cannot be read: No such file" in run.stdout


def test_a_backend_that_does_not_answer_may_be_kept(config: Path) -> None:
    address = "http://127.0.0.1:9"
    run = setup(
        config,
        answers=("a", "en", "EUR", KEEP, address, "t", "n", address, KEEP, "y", "debt", "later"),
    )
    assert load(config).backend.base_url == address
    assert run.returncode == 1
    assert "fail  backend.answer" in run.stdout
    last = run.stdout.partition("mend it as it says")[2]
    assert f"`taptill doctor --config {config}`" in last
    assert "fail  backend.connection" in last


def test_one_who_goes_away_in_the_middle_leaves_all_as_it_was(config: Path) -> None:
    run = setup(config, answers=("bar-2", "de"))
    assert (run.returncode, config.exists()) == (130, False)
    assert run.stderr.endswith("\nNothing was written: all is as it was.\n")


def test_ctrl_c_at_a_question_says_that_nothing_was_written(config: Path) -> None:
    run = interrupted(config, (), "]: ")
    assert (run.returncode, config.exists()) == (130, False)
    assert run.stderr.endswith("\nNothing was written: all is as it was.\n")


def test_ctrl_c_after_the_last_step_says_that_what_was_written_stays(
    config: Path, tmp_path: Path
) -> None:
    answers = tmp_path / "site.toml"
    answers.write_text(ANSWERS.format(url="http://127.0.0.1:9"))
    (tmp_path / "token").write_text("t")
    run = interrupted(config, ("--answers", str(answers)), "the config is in")
    assert (run.returncode, config.exists()) == (130, True)
    assert f"What was written stays: `taptill doctor --config {config}` looks" in run.stderr


ANSWERS = """
[setup]
token_file = "token"
[till]
language = "fr"
[backend]
base_url = "{url}"
[[reader]]
driver = "simulated"
[[goods]]
name = "Beer"
price = "3.00"
"""


def test_a_file_of_answers_sets_up_one_till_after_the_other(
    config: Path, tmp_path: Path, service: RunningService
) -> None:
    answers = tmp_path / "site.toml"
    answers.write_text(ANSWERS.format(url=service.url))
    (tmp_path / "token").write_text(f"{service.token}\n")
    for name in ("bar-1", "bar-2"):
        own = config.with_name(f"{name}.toml")
        run = setup(own, "--answers", str(answers), "--name", name)
        assert run.returncode == 0, run.stdout + run.stderr
        made = load(own)
        assert (made.till.name, made.till.language) == (name, "fr")
        assert [good.name for good in made.goods] == ["Beer"]
        assert [reader.driver for reader in made.readers] == ["simulated"]


def test_without_a_name_a_till_is_called_as_its_machine(config: Path, tmp_path: Path) -> None:
    answers = tmp_path / "site.toml"
    answers.write_text(ANSWERS.format(url="http://127.0.0.1:9"))
    (tmp_path / "token").write_text("t")
    setup(config, "--answers", str(answers))
    assert load(config).till.name == socket.gethostname()[:40]


WRONG = {
    "no TOML": ("till =", "site.toml: line 1, column 7: this is not TOML"),
    "an unknown table": ("[tils]\n", "site.toml: [tils]: no table of a config"),
    "an unknown key": ('[till]\nnam = "a"\n', 'site.toml: [till] nam = "a": unknown key'),
    "a wrong row": ('[[goods]]\nname = "A"\n', "site.toml: [[goods]] 1 price is missing"),
    "an unknown key of the setup": ("[setup]\ntoken = 1\n", "[setup] has the keys"),
    "a reader that lsusb would not name so": (
        '[setup]\nreader_usb = "FTDI"\n',
        "reader_usb is as lsusb says",
    ),
    "a start that is no switch": ('[setup]\nstart = "yes"\n', "start is true or false"),
    "a token file that is no name": ("[setup]\ntoken_file = 5\n", "token_file is the name of"),
    "a token file that is not there": ('[setup]\ntoken_file = "none"\n', "cannot be read"),
}


@pytest.mark.parametrize(("text", "complaint"), WRONG.values(), ids=WRONG)
def test_mistakes_in_a_file_of_answers_are_told_before_anything_is_written(
    config: Path, tmp_path: Path, text: str, complaint: str
) -> None:
    answers = tmp_path / "site.toml"
    answers.write_text(text)
    run = setup(config, "--answers", str(answers))
    assert (run.returncode, config.exists()) == (78, False)
    assert complaint in run.stderr


def test_a_config_of_before_that_makes_no_sense_is_left_alone(config: Path) -> None:
    config.parent.mkdir()
    config.write_text("till =")
    run = setup(config)
    assert (run.returncode, config.read_text()) == (78, "till =")
    assert f"{config}: line 1, column 7: this is not TOML" in run.stderr


def test_a_name_without_answers_is_refused(config: Path) -> None:
    assert setup(config, "--name", "bar-2").returncode == 64


def test_the_example_is_what_a_first_setup_fills_in() -> None:
    assert "taptill's configuration" in example()
