"""A token of the service on this machine: made by our own program, whatever folder one is in."""

import os
from pathlib import Path

import pytest
from tests.fakes.forked.command import run_taptill

from taptill.cli.setup.own_service import own_token


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root acts as the account of the service")
def test_modules_of_the_folder_in_which_somebody_is_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "customers.db"
    assert run_taptill("service", "init", str(database)).returncode == 0
    (tmp_path / "click.py").write_text("raise SystemExit('run from the folder')\n")
    monkeypatch.chdir(tmp_path)
    assert own_token("bar", database).isascii()
