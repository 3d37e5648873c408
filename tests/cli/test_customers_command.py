"""`taptill customers ...` beside a real service, with the office's token and with the till's."""

import json
import os
import pty
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.fakes.forked.command import ForkedCommand, run_taptill
from tests.fakes.service import RunningService, running_service

from taptill.cli import taptill
from taptill.cli.output import sanitised
from taptill.domain.errors import TaptillError

HOSTILE = "Ada\x1b]0;owned\x07\x1b[2J\u202enoryB\u2066\u200b\r\n" + "x" * 150
CONFIG = """
[backend]
base_url = "{url}"
token_file = "{folder}/token"
{more}
[[reader]]
driver = "simulated"
[settlement]
strategy = "debt"
"""


@dataclass(frozen=True)
class CommandResult:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class CustomersCommand:
    """An office's terminal: its config and the commands."""

    def __init__(self, folder: Path, service: RunningService, *, office: bool = True) -> None:
        self.config = folder / "config.toml"
        for name, token in (("token", service.token), ("office", service.office_token)):
            (folder / name).write_text(token)
            (folder / name).chmod(0o600)
        office_line = f'office_token_file = "{folder}/office"' if office else ""
        self.config.write_text(CONFIG.format(url=service.url, folder=folder, more=office_line))

    def words(self, *words: str) -> list[str]:
        name, *rest = words
        return ["customers", name, "--config", str(self.config), *rest]

    def run(self, *words: str, answer: str = "") -> CommandResult:
        """Run it in this process: a process each would take most of a second."""
        result = CliRunner().invoke(taptill, self.words(*words), input=answer)
        fault = result.exception
        if isinstance(fault, TaptillError):
            return CommandResult(fault.exit_status, result.stdout, f"{result.stderr}{fault}")
        return CommandResult(result.exit_code, result.stdout, result.stderr)

    def done(self, *words: str) -> str:
        """Run a command that must succeed; return what it printed."""
        result = self.run(*words)
        assert (result.returncode, result.stderr) == (0, ""), result
        return result.stdout

    def added(self, *words: str) -> int:
        customer = json.loads(self.done("add", "--json", *words))
        assert isinstance(customer["id"], int)
        return customer["id"]


@pytest.fixture
def desk(tmp_path: Path, service: RunningService) -> CustomersCommand:
    return CustomersCommand(tmp_path, service)


pytestmark = pytest.mark.slow


def test_a_customer_is_made_found_given_a_card_blocked_and_removed(desk: CustomersCommand) -> None:
    number = desk.added("Grace Hopper", "--external-id", "G1", "--credit", "--company", "1")
    assert f"customer {number}: Grace Hopper" in desk.done("find", "--external-id", "G1")
    assert "card 0FFEE0" in desk.done("bind-card", str(number), "0FFEE0")
    assert f"customer {number}:" in desk.done("find", "--card", "0FFEE0")
    assert "BLOCKED" in desk.done("block", str(number))
    assert "BLOCKED" not in desk.done("unblock", str(number))
    details = desk.done("show", str(number))
    assert "0.00 owed may owe" in details
    assert "created_at" in details
    assert "no card" in desk.done("bind-card", str(number), "")
    assert desk.done("remove", "--yes", str(number)) == f"removed: {number}\n"
    result = desk.run("find", "--external-id", "G1")
    assert (result.returncode, result.stdout, result.stderr) == (1, "", "nobody\n")


def test_a_script_reads_json(desk: CustomersCommand) -> None:
    (line,) = desk.done("find", "--card", "62E3086CED", "--json").splitlines()
    ada = json.loads(line)
    assert (ada["name"], ada["total_debt"], ada["blocked"]) == ("Ada Byron", "-12.30", False)
    assert ada["debt_data"]["taptill"]["e"]
    assert json.loads(desk.done("show", str(ada["id"]), "--json")) == ada


def test_a_removal_shows_who_it_is_and_asks(desk: CustomersCommand) -> None:
    number = str(desk.added("Grace Hopper"))
    refusal = desk.run("remove", number, answer="n\n")
    assert refusal.returncode == 1  # click's runner has its own status for an abort
    assert "Grace Hopper" in refusal.stderr
    desk.done("show", number)
    assert desk.run("remove", number, answer="y\n").returncode == 0
    result = desk.run("show", number)
    assert (result.returncode, result.stdout) == (64, "")
    assert f"there is no customer {number}" in result.stderr


REFUSED = {
    "nothing asked": (("find",), 64, "say one of"),
    "two things asked": (("find", "--card", "A", "--name", "b"), 64, "say one of"),
    "an id that is none": (("show", "Ada"), 2, "Ada"),
    "nobody of that id": (("block", "99999"), 64, "there is no customer 99999"),
    "one id that is nobody's": (("remove", "--yes", "1", "99999"), 64, "no customer 99999"),
    "no id to remove": (("remove", "--yes"), 2, "CUSTOMER"),
    "a name of nothing": (("add", " "), 64, "needs a name"),
    "a card that another has": (("add", "Eve", "--card", "62E3086CED"), 64, "has this card"),
    "a card id with an escape": (("bind-card", "1", "\x1b[2J"), 64, "printable"),
    "an endless card id": (("bind-card", "1", "F" * 10_000), 64, "at most"),
    "a company that is not there": (("add", "Eve", "--company", "99"), 69, "unknown-company"),
}


@pytest.mark.parametrize(("words", "status", "message"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused(
    desk: CustomersCommand, words: tuple[str, ...], status: int, message: str
) -> None:
    result = desk.run(*words)
    assert (result.returncode, result.stdout) == (status, "")
    assert message in result.stderr
    assert "\x1b" not in result.stderr
    assert "Ada Byron" not in result.stderr


def test_the_tills_own_token_finds_and_may_not_change(
    tmp_path: Path, service: RunningService
) -> None:
    till = CustomersCommand(tmp_path, service, office=False)
    assert "Ada Byron" in till.done("find", "--card", "62E3086CED")
    remove = ("remove", "--yes", "--money", "keep", "1")
    for words in (("block", "1"), ("add", "Eve"), remove, ("bind-card", "1", "")):
        result = till.run(*words)
        assert (result.returncode, result.stdout) == (77, "")
        assert "office_token_file" in result.stderr
        assert service.token not in result.stderr


def test_an_office_token_without_rights_is_named(tmp_path: Path, service: RunningService) -> None:
    desk = CustomersCommand(tmp_path, service)
    (tmp_path / "office").write_text("guessed")
    result = desk.run("find", "--name", "Ada")
    assert result.returncode == 77
    assert str(tmp_path / "office") in result.stderr
    (tmp_path / "office").unlink()
    assert desk.run("find", "--name", "Ada").returncode == 78


def test_a_hostile_name_is_shown_harmlessly_on_a_terminal(desk: CustomersCommand) -> None:
    """Escapes, marks that turn text round and line ends: none of them reaches the terminal."""
    number = desk.added(HOSTILE)
    ours, theirs = pty.openpty()
    process = ForkedCommand(desk.words("show", str(number)), stdout=theirs, stderr=theirs)
    os.close(theirs)
    raw = b""
    while part := _read(ours):
        raw += part
    process.wait(60)
    os.close(ours)
    text = raw.decode().replace("\r\n", "\n")
    assert "Ada" in text
    assert all(letter.isprintable() for line in text.split("\n") for letter in line)
    assert json.loads(desk.done("show", str(number), "--json"))["name"] == HOSTILE
    desk.done("remove", "--yes", str(number))


def test_a_refusal_is_one_line_and_a_status_for_a_script(desk: CustomersCommand) -> None:
    result = run_taptill(*desk.words("block", "99999"))
    assert (result.returncode, result.stdout) == (64, "")
    assert result.stderr == "taptill: there is no customer 99999 [usage]\n"


def test_text_without_end_is_cut_off() -> None:
    assert sanitised("x" * 10_000, 200) == "x" * 200 + "…"
    assert sanitised("x" * 200, 200) == "x" * 200


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""  # Linux says so at the other end's close


def test_the_first_customer_of_a_new_service_is_added_by_the_desk(tmp_path: Path) -> None:
    """A service that was just made has nobody, and says so: that is no fault of the token."""
    with running_service(tmp_path, sample=False) as new:
        desk = CustomersCommand(tmp_path, new)
        assert desk.run("find", "--card", "62E3086CED").stderr == "nobody\n"
        assert desk.run("show", "1").stderr.strip() == "there is no customer 1"
        assert desk.done("list").startswith("0 customers: ")
        assert desk.added("Ada Byron", "--card", "62E3086CED") == 1


def test_amounts_are_written_as_the_shell_writes_them_where_the_config_says_nothing(
    tmp_path: Path, service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = CustomersCommand(tmp_path, service)
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert "12,30 € in advance" in desk.done("find", "--card", "62E3086CED")
