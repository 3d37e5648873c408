"""`taptill practice` beside a site: it opens nothing of the site but its config and printer."""

import json
import socket
import sys
from ast import literal_eval
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes import audited
from tests.scenarios.program import Program

pytestmark = pytest.mark.slow

CONFIG = """
[till]
name = "bar"
[backend]
base_url = "http://127.0.0.1:{port}"
token_file = "{own}/token"
office_token_file = "{own}/office-token"
[settlement]
strategy = "debt"
[journal]
mirror = "{own}/stick/journal.db"
[metrics]
textfile = "{own}/metrics/taptill.prom"
[receipt]
printer = "{own}/printer"
when = "always"
[[reader]]
driver = "simulated"
[[goods]]
key = "t"
name = "Tea"
price = "1.20"
"""
FILES = ("open", "sqlite3.connect", "os.listdir", "os.scandir", "os.rename", "os.remove")
STATE = ("journal.db", "cache.db", "slips.json", "status.json", "state/journal.db")


class GuardedSite:
    """A site's config, secrets and books, none of which hold anything, and its backend's port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder.parent / "audit.jsonl"
        self.backend = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.backend.getsockname()[1]
        for name in (*STATE, "token", "office-token", "credentials/api-token", "printer"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("SITE-OWN\n", "ascii")
            (folder / name).chmod(0o600)
        for name in ("stick", "metrics", "run"):
            (folder / name).mkdir()
        self.config.write_text(CONFIG.format(own=folder, port=self.port), "utf-8")

    @property
    def config(self) -> Path:
        """Return the only file that practising may read."""
        return self.folder / "config.toml"

    @property
    def printer(self) -> Path:
        """Return where practising prints, as the site does."""
        return self.folder / "printer"

    def practise(self) -> Program:
        """Start practising where everything points to the site that can."""
        words = [sys.executable, "-m", "taptill", "practice", "--config", str(self.config)]
        return Program(
            words,
            afresh=True,
            AUDIT_LOG=str(self.log),
            AUDIT_EVENTS=" ".join((*FILES, "socket.connect", "socket.getaddrinfo")),
            PYTHONPATH=str(Path(*audited.__path__)),
            STATE_DIRECTORY=str(self.folder),
            RUNTIME_DIRECTORY=str(self.folder / "run"),
            CREDENTIALS_DIRECTORY=str(self.folder / "credentials"),
            XDG_STATE_HOME=str(self.folder / "state"),
        )

    def seen(self, *events: str) -> set[str]:
        """Return what practising, or its service, has opened or connected to by such events."""
        lines = map(json.loads, self.log.read_text("utf-8").splitlines())
        return {value for event, *values in lines if event in events for value in values}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GuardedSite]:
    made = GuardedSite(tmp_path / "site")
    yield made
    made.backend.close()


def test_practising_opens_nothing_of_the_site_but_its_config_and_printer(site: GuardedSite) -> None:
    practice = site.practise()
    try:
        practice.wait_for("READER ok", "ONLINE")
        practice.press("tA")
        practice.wait_for("Ada Byron pays €1.20")
        practice.confirm()
        practice.wait_for("Thank you", "A. B. √ sent")
        practice.press("-")
        practice.wait_for("no card yet")
        practice.press("\x11")
        practice.wait_for("switch off")
        practice.press("\x11")
        assert practice.ended() == 0
    finally:
        practice.close()
    check_files(site)
    check_connections(site)


def check_files(site: GuardedSite) -> None:
    """Of the site's files none but these two were opened, and none has changed but the paper."""
    opened = {Path(path) for path in site.seen(*FILES) if path.startswith("/")}
    of_site = {path for path in opened if site.folder in path.parents}
    assert of_site == {site.config, site.printer}
    printed = site.printer.read_bytes().removeprefix(b"SITE-OWN\n")
    assert printed.count(b"PRACTICE: NO RECEIPT") == 2
    assert any(path.name == "journal.db" for path in opened)  # its own: such a file is noted
    changed = {site.config, site.printer}
    kept = [path for path in site.folder.rglob("*") if path.is_file() and path not in changed]
    assert {path.read_text("ascii") for path in kept} == {"SITE-OWN\n"}
    assert len(kept) == len(STATE) + 3


def check_connections(site: GuardedSite) -> None:
    """It connected to its own service alone, which is on loopback, and asked for no other name."""
    connected = {
        literal_eval(value) for value in site.seen("socket.connect") if value.startswith("(")
    }
    assert {host for host, _ in connected} == {"127.0.0.1"}
    assert len(connected) == 1
    assert site.port not in {port for _, port in connected}
    assert {value for value in site.seen("socket.getaddrinfo") if "." in value} <= {"'127.0.0.1'"}
    site.backend.settimeout(0)
    with pytest.raises(BlockingIOError):
        site.backend.accept()
