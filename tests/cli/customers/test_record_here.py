"""Who did what, kept on this machine: it is no failure of what was done where that fails."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.cli.test_office_desk import BACKEND_ALONE, plain_backend
from tests.fakes.backend import Canned, SentRequest

from taptill.cli import taptill as group
from taptill.cli.customers import record
from taptill.cli.customers.record import StaffAction

ADA = {"id": 7, "name": "Ada", "isBlocked": False, "totalDebt": 3}


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "office").write_text("token")
    (tmp_path / "office").chmod(0o600)
    return tmp_path / "state" / "taptill"


def test_a_payment_is_no_failure_where_its_record_cannot_be_written(
    tmp_path: Path, state: Path
) -> None:
    """It is booked on the backend: an error would have it booked again."""
    (state / record.NAME).mkdir(parents=True)
    config = tmp_path / "config.toml"
    with plain_backend(ADA, offers={"increment": True, "version": True}) as url:
        config.write_text(BACKEND_ALONE.format(url=url, folder=tmp_path))
        words = ["pay", "--config", str(config), "7", "5", "--reason", "cash"]
        result = CliRunner().invoke(group, ["customers", *words])
    assert result.exit_code == 0, result.output
    assert "€5.00 paid in, now €2.00 in advance" in result.stdout
    assert "it is done, and who did it could not be kept on this machine" in result.stderr


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("script", [[], ["--json"]], ids=["a person", "a script"])
def test_a_payment_is_no_failure_where_the_customer_cannot_be_read_since(
    tmp_path: Path, script: list[str]
) -> None:
    done = list[SentRequest]()

    def rule(asked: SentRequest) -> Canned | None:
        done.extend([asked] if "/update/" in asked.path else [])
        return Canned("busy", 503, {"Retry-After": "60"}) if done and asked not in done else None

    config = tmp_path / "config.toml"
    with plain_backend(ADA, offers={"increment": True, "version": True}, rule=rule) as url:
        config.write_text(BACKEND_ALONE.format(url=url, folder=tmp_path))
        words = ["pay", "--config", str(config), "7", "5", "--reason", "cash", *script]
        result = CliRunner().invoke(group, ["customers", *words])
    assert result.exit_code == 0, result.output
    assert "€5.00 paid in: it is booked, and the customer could not be read since" in result.stderr
    assert result.stdout == ('{"id": 7, "total_debt": null}\n' if script else "")
    assert [one.act for one in record.read(7, 9)] == ["pay"]


CUT_SHORT = {
    "in the middle": b'{"at": "2026-03-01T10:00:00Z", "cust',
    "within a letter": b'{"at": "\xc3',
    "at nothing": b"\0\0\0\0",
    "of another version": b'{"what": 1}\n',
}


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("torn", CUT_SHORT.values(), ids=CUT_SHORT)
def test_a_line_that_a_power_cut_tore_hides_no_other(torn: bytes) -> None:
    record.keep(StaffAction("block", [7]), "Jo")
    with record.path().open("ab") as file:
        file.write(torn)
    record.keep(StaffAction("unblock", [7]), "Mia")
    assert [(one.act, one.staff) for one in record.read(7, 9)] == [
        ("unblock", "Mia"),
        ("block", "Jo"),
    ]
