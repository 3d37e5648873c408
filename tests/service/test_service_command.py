"""`taptill service`: it makes, refuses, says where it listens, and ends when told."""

import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from tests.fakes.service import AnyProcess, ended, launch, listening, running_service
from tests.service.conftest import Api, equals, where

from taptill.cli.service import service as group
from taptill.domain.errors import ServiceError, ServiceTooNewError
from taptill.service.http.run import listen


def said(*words: Any) -> str:
    """Run a command in this process and give what it printed; its errors come out raised."""
    result = CliRunner().invoke(group, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "customers.db"
    said("init", path)
    return path


@pytest.fixture(params=[(), ("--pure-python",)], ids=["as installed", "pure Python"])
def running(request: pytest.FixtureRequest, database: Path) -> Iterator[AnyProcess]:
    child = launch("run", str(database), "--port", "0", "--stop-with-stdin", *request.param)
    yield child
    child.kill()
    ended(child)


def test_init_makes_a_private_file_and_never_touches_one_that_exists(tmp_path: Path) -> None:
    path = tmp_path / "customers.db"
    assert said("init", path, "--sample") == f"made {path} with sample data\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(ServiceError, match="File exists"):
        said("init", path)
    assert path.read_bytes() == before


def test_a_token_is_shown_once_and_kept_as_a_hash_only(database: Path) -> None:
    token = said("token", "add", database, "--role", "till", "--name", "bar").strip()
    assert len(token) == 43
    with closing(sqlite3.connect(database)) as connection:
        ((name, role, digest),) = connection.execute("SELECT name, role, sha256 FROM tokens")
    assert (name, role, len(digest)) == ("bar", "till", 64)
    assert token not in digest


def test_a_token_goes_to_a_new_private_file(database: Path, tmp_path: Path) -> None:
    """The token is not printed; an existing file is not changed, and no token is created then."""
    out = tmp_path / "token"
    words = ("token", "add", database, "--role", "office", "--out", out)
    assert said(*words) == f"the token is in {out}\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert len(out.read_text().strip()) == 43
    with pytest.raises(ServiceError):
        said(*words)
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM tokens").fetchone() == (1,)


@pytest.mark.parametrize("words", [["token", "add", "--role", "till"], ["run"]], ids=" ".join)
def test_a_database_that_is_none_is_refused(tmp_path: Path, words: list[str]) -> None:
    missing, text_file = tmp_path / "missing.db", tmp_path / "other.db"
    text_file.write_text("not a database at all, but long enough to be taken for a header " * 20)
    with pytest.raises(ServiceError, match="taptill service init"):
        said(*words, missing)
    assert not missing.exists()
    with pytest.raises(ServiceError, match="cannot be used: file is not a database"):
        said(*words, text_file)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    """An interrupted init leaves such a file."""
    (tmp_path / "empty.db").touch()
    with pytest.raises(ServiceError, match="cannot be used: no such table"):
        said("run", tmp_path / "empty.db")


def test_a_database_of_a_newer_version_is_refused(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE schema_version SET version = 99")
    with pytest.raises(ServiceTooNewError, match="has format 99, this version knows"):
        said("run", database)


def test_a_port_in_use_is_named(database: Path, running: AnyProcess) -> None:
    port = listening(running).rpartition(":")[2]
    with pytest.raises(ServiceError, match=f"cannot listen on 127.0.0.1:{port}"):
        said("run", database, "--port", port)


def test_a_missing_extra_is_named() -> None:
    """Without SQLAlchemy the command still starts and says which extra it needs."""
    program = (
        "import sys; sys.modules['sqlalchemy'] = None\n"
        "from taptill.cli.service import service\n"
        "from taptill.domain.errors import MissingExtraError\n"
        "try: service(['init', 'x.db'], standalone_mode=False)\n"
        "except MissingExtraError as fault: print(fault)\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "pip install 'taptill[service]'" in process.stdout


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["httptools", "uvloop"])
def test_without_the_compiled_packages_the_pure_ones_serve(missing: str) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from taptill.service.http.run import connection_class, loop_factory\n"
        "print(connection_class(compiled=True).__name__, loop_factory(compiled=True) is None)\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    name, is_asyncio = process.stdout.split()
    assert name == "PurePythonConnection" if missing == "httptools" else is_asyncio == "True"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
def test_a_signal_is_a_clean_end_after_one_line(
    running: AnyProcess, number: signal.Signals
) -> None:
    url = listening(running).removeprefix("listening on ")
    assert httpx.get(f"{url}/healthz").status_code == 200
    running.send_signal(number)
    assert running.stdout is not None
    assert running.stdout.read() == ""
    assert ended(running) == 0


def test_the_end_of_standard_input_is_the_end_of_the_service(
    running: AnyProcess,
) -> None:
    listening(running)
    assert running.stdin is not None
    running.stdin.close()
    assert running.wait(5) == 0


def test_a_restart_keeps_everything_at_the_same_address(tmp_path: Path) -> None:
    with running_service(tmp_path, sample=False) as running:
        office = Api(running.url, running.office_token)
        row_id = office.insert(name="Zoë", totalDebt=1.25, debtData={"k": 1.5})
        before, url = office.row(row_id), running.url
        assert running.stop() == 0
        with pytest.raises(httpx.ConnectError):
            office.row(row_id)
        running.start_again()
        assert running.url == url
        assert office.row(row_id) == before
        office.http.close()


def test_a_killed_service_has_lost_nothing_that_it_answered(tmp_path: Path) -> None:
    with running_service(tmp_path, sample=False) as running:
        office = Api(running.url, running.office_token)
        row_ids = [office.insert() for _ in range(20)]
        assert running.child is not None
        running.child.kill()
        running.stop()
        running.start_again()
        rows = office.select(fields={"id": True}, conditions=where(equals("version", 1)))
        assert [row["id"] for row in rows] == row_ids
        office.http.close()


HELPED = [
    [],
    *([word] for word in ("init", "run", "import", "export", "backup")),
    *(["token", word] for word in ("add", "list", "revoke")),
]


@pytest.mark.parametrize("words", HELPED, ids=" ".join)
def test_help_shows_an_example(words: list[str]) -> None:
    text = said(*words, "--help")
    assert re.search(r"\n  Examples?:\n    taptill service", text)


def test_connections_send_at_once() -> None:
    """asyncio turns Nagle's algorithm off for sockets that say they are TCP, and only for those."""
    with listen("127.0.0.1", 0) as connection:
        assert connection.proto == socket.IPPROTO_TCP
