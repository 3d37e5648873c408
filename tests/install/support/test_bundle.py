"""A canary in every field of a till: what `taptill support` writes holds none of them."""

import asyncio
import io
import json
import stat
import tarfile
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.domain.figures.samples import CRASH, TROUBLED, WELL
from tests.fakes.backend import FakeBackend
from tests.fakes.clock import FakeClock
from tests.install.machine import NOBODY, MachineFolder

from taptill import config as configs
from taptill.cli import taptill
from taptill.config.tables import LISTS, TABLES, keys_of
from taptill.customer_cache.cache import CustomerCache
from taptill.domain.card_id import CardId
from taptill.domain.customer import Customer, Snapshot
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.figures.till import TillFigures
from taptill.domain.mark import read_marks
from taptill.domain.staff.pins import hash_pin
from taptill.install.checks.site import CheckedSite
from taptill.install.support.bundle import CONTENTS, FOLDER, gather, pack
from taptill.install.support.log_lines import NO_LOG, LogWording, from_journal, log_text
from taptill.install.support.machine import status_text as machine_status
from taptill.journal.file import JournalFile
from taptill.wiring.fleet.status_file import Written, status_document, status_text

AT, BOOT_ID = "2026-03-01T07:12:00.000+00:00", "0f3c2a6e-8d1b-4c57-9e42-5b7a91d3e6f0"
FIRST_CARD, SECOND_CARD = "04A1B2C3D4E580", "0040856634"


@dataclass
class Canaries:
    """Words that may be found nowhere, and where each was put."""

    places: dict[str, str] = field(default_factory=dict)

    def __call__(self, place: str) -> str:
        """Return a new canary, which looks like a word."""
        letters = "".join(chr(ord("a") + int(digit)) for digit in f"{len(self.places):03d}")
        canary = f"Zquxv{letters}"
        self.places[canary] = place
        return canary

    def put(self, word: str, place: str) -> str:
        """Return a word that must not leave, such as a card id."""
        self.places[word] = place
        return word

    def found_in(self, content: bytes) -> list[str]:
        lowered = content.decode("utf-8", "replace").lower()
        return [place for canary, place in self.places.items() if canary.lower() in lowered]


def config_lines(place: MachineFolder, canary: Canaries) -> str:
    pin_hash = canary.put(hash_pin("4711"), "pin_hash")
    return f"""
[till]
name = "Bar till"
{{backend}}
[[reader]]
driver = "simulated"
[journal]
mirror = "{place.folder}/stick/till.jsonl"
[metrics]
textfile = "{place.folder}/metrics.prom"
[[goods]]
key = "c"
name = "Coffee with milk"
price = "1.20"
barcode = "4006381333931"
[[staff]]
name = "{canary("staff name")} {canary("staff surname")}"
role = "supervisor"
pin_hash = "{pin_hash}"
card_id = "{canary.put("STAFF-99887766", "staff card")}"
# {canary("comment of the config")}
[settlement]
strategy = "debt"
"""


def backend_lines(place: MachineFolder, canary: Canaries, url: str) -> str:
    (place.folder / "token").write_text(canary("token"))
    (place.folder / "office").write_text(canary("office token"))
    with_login = url.replace("://", f"://{canary('login')}:{canary('password')}@")
    return f"""[backend]
base_url = "{with_login}"
token_file = "{place.folder}/token"
office_token_file = "{place.folder}/office"
auth_value = "Bearer {{token}}; key={canary("auth_value")}"
headers = {{ X-Api-Key = "{canary("header")}" }}"""


def cached(place: MachineFolder, canary: Canaries) -> None:
    cache = CustomerCache(
        place.folder / "state/cache.db", FakeClock(), frozenset({"name", "company"})
    )
    cards = [canary.put(FIRST_CARD, "card of the cache"), canary.put(SECOND_CARD, "second card")]
    cache.store(
        [
            Snapshot(
                Customer(
                    number,
                    f"{canary('customer')} {canary('customer surname')}",
                    company=canary("company"),
                    card_id=CardId(card),
                    blocked=False,
                    credit_allowed=False,
                    is_default=False,
                    external_id=canary("external id"),
                ),
                Decimal(0),
                updated_at="2026-03-02T09:00:00.000Z",
                version=None,
                marks=read_marks({}),
            )
            for number, card in enumerate(cards, 7)
        ]
    )
    cache.close()


def journaled(place: MachineFolder, canary: Canaries) -> None:
    file = JournalFile(configs.journal_path(place.folder / "state"), FakeClock())
    body = {
        "journal_id": "aaaa0001",
        "strategy": "debt",
        "backend": canary("journal's backend"),
        "till": canary("journal's till"),
    }
    file.append([[Draft(EntryKind.OPENED, body=body)]])
    file.append(
        [
            [
                Draft(
                    EntryKind.CHARGE,
                    7,
                    amount_minor=420,
                    body={
                        "lines": [[canary("good sold"), 420, 1]],
                        "initials": canary("initials"),
                        "external_id": canary("journal's external id"),
                        "offline": False,
                        "overrides": [["stale", canary("who let pass"), canary("why")]],
                    },
                    charge_id=canary("charge id"),
                    staff=canary("journal's staff"),
                )
            ]
        ]
    )
    declined = {"reason": "unknown-card", "card": canary.put("…C2D3", "masked card")}
    file.append([[Draft(EntryKind.DECLINED, body=declined)]])
    file.close()


def logged(place: MachineFolder, canary: Canaries) -> None:
    unknown_card = canary.put("04DEADBEEF8899", "card of nobody in the log")
    number = canary.put("9988776655", "number in the log")
    lines = [
        "backend.odd check=backend.money words=all 12 amounts are whole and large",
        f"customer.unreadable customer=7788 detail=cardId {FIRST_CARD} of {canary('log name')}",
        f"settlement.outcome outcome=sent customer=7788 token={canary('token in the log')}",
        f"reader.changed reader=reader 1 state=busy detail={unknown_card} {number}",
        f"{canary('words of another')} {SECOND_CARD}",
        f"field.unknown secret={canary('unknown field')} mail={canary('mail')}@example.com",
        "till.fault",
    ]
    trace = [
        "Traceback (most recent call last):",
        f'  File "/home/{canary("home")}/lib/taptill/checkout/till.py", line 12, in run',
        f"    raise ValueError({canary('source line')})",
        f"ValueError: {canary('text of a fault')} {FIRST_CARD}",
    ]
    stamped = [f"2026-03-02 09:00:0{n},123 WARNING {line}" for n, line in enumerate(lines)]
    (place.folder / "state/taptill.log").write_text("\n".join([*stamped, *trace, ""]))


def installed(place: MachineFolder, canary: Canaries) -> None:
    place.has(
        "etc/systemd/system/taptill.service",
        f"[Service]\nRestart=always\n# {canary('comment of the unit')}\n"
        f"ExecStartPre=/usr/bin/curl -H {canary('program of the unit')}\n",
    )
    place.has(
        "etc/systemd/system/taptill.service.d/override.conf",
        f"[Service]\nReadWritePaths=-/media/stick\nEnvironment=TOKEN={canary('environment')}\n"
        f"SetCredential=api-token:{canary('credential')}\n",
    )
    place.has(
        "etc/udev/rules.d/70-taptill-readers.rules",
        f"# {canary('comment of the rules')}\n"
        f'ATTRS{{idVendor}}=="09d8", ENV{{TAPTILL_READER}}="elatec", '
        f'RUN+="/bin/sh {canary("program of the rules")}"\n',
    )
    place.has(
        "etc/udev/rules.d/69-taptill-site.rules",
        f"# {canary('comment of the site rules')}\n"
        f'ACTION!="remove", SUBSYSTEM=="tty", ATTRS{{serial}}=="FT4K9XQ2", '
        f'PROGRAM="{canary("program of the site rules")}", ENV{{TAPTILL_READER}}="site"\n',
    )
    place.has("etc/credstore/api-token", canary("token of the credential store"))
    (place.folder / "metrics.prom").write_text(
        f"# HELP taptill_x {canary('help of metrics')}\n"
        f'taptill_open_charges{{till="{canary("label")}"}} 3\n'
        f"taptill_frames_total {canary('value of metrics')}\n"
    )
    program = replace(
        TROUBLED.program, till=canary("till of the status"), last_crash=replace(CRASH, at=AT)
    )
    reader = replace(TROUBLED.readers[0], name=canary("reader of the status"))
    figures = replace(TROUBLED, program=program, readers=(reader,), alarms=(canary("alarm"),))
    status = status_document(figures, Written(BOOT_ID, 93_784_400, 5.0, 812))
    status[canary("key of the status")] = [canary("status"), {"boot_id": canary("no boot id")}]
    place.has("run/taptill/status.json", json.dumps(status))


def crashed(place: MachineFolder, canary: Canaries) -> None:
    crash = {
        "at": AT,
        "faults": [
            {
                "fault": canary("fault of a crash"),
                "frames": [f"home/{canary('home of a crash')}/till.py:12 run", "till.py:7 run"],
            }
        ],
        "last_status": {"till": canary("till of a crash"), "card": FIRST_CARD},
    }
    (place.folder / "state/crash-000001.json").write_text(json.dumps(crash))
    (place.folder / "state/runs.json").write_text('{"starts": 3, "is_running": false}')


def site_of_canaries(place: MachineFolder, canary: Canaries, url: str) -> CheckedSite:
    backend = backend_lines(place, canary, url)
    path = place.folder / "config.toml"
    path.write_text(config_lines(place, canary).format(backend=backend))
    cached(place, canary)
    journaled(place, canary)
    logged(place, canary)
    installed(place, canary)
    crashed(place, canary)
    config = configs.load(path)
    return CheckedSite(config, place.folder / "state", place.folder / "root", account="")


def unpacked(content: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        files = {}
        for member in archive.getmembers():
            assert (member.mode, member.uname, member.uid) == (0o600, "", 0)
            source = archive.extractfile(member)
            assert source is not None
            files[member.name.removeprefix(f"{FOLDER}/")] = source.read().decode()
    return files


@pytest.fixture
async def files(place: MachineFolder) -> tuple[dict[str, str], Canaries]:
    canary = Canaries()
    row = {
        "id": 7,
        "name": canary("name at the backend"),
        "cardId": canary.put("04FFEEDDCCBBAA", "card at the backend"),
        "company": {"id": 1, "name": canary("company at the backend")},
        "isBlocked": canary("unreadable block"),
        "isCreditAllowed": False,
        "totalDebt": Decimal("12.30"),
        "debtData": {},
        "externalId": canary("external id at the backend"),
        "default": False,
        "updatedAt": "2026-03-02T09:00:00.000Z",
    }
    async with FakeBackend([row, {**row, "id": 8, "isBlocked": False}]) as backend:
        site = site_of_canaries(place, canary, backend.url)
        return unpacked(pack([part async for part in gather(site)])), canary


@pytest.mark.slow
async def test_nothing_that_names_people_or_is_secret_leaves_the_till(
    files: tuple[dict[str, str], Canaries],
) -> None:
    texts, canary = files
    assert len(canary.places) > 40
    assert {name: canary.found_in(text.encode()) for name, text in texts.items()} == {
        name: [] for name in texts
    }


@pytest.mark.slow
async def test_what_helps_a_technician_is_in_the_bundle(
    files: tuple[dict[str, str], Canaries],
) -> None:
    texts, _ = files
    assert set(texts) == {"README.txt", *(part.name for part in CONTENTS)}
    assert 'name = "Coffee with milk"' in texts["config.toml"]
    assert 'price = "1.20"' in texts["config.toml"]
    assert '/token"' in texts["config.toml"]
    assert 'role = "supervisor"' in texts["config.toml"]
    assert "# pin_hash: [removed]" in texts["config.toml"]
    kinds = json.loads(texts["journal.json"])["kinds"]
    assert kinds == {"charge": 1, "declined": 1, "opened": 1}
    log = texts["log.txt"]
    assert "WARNING backend.odd check=backend.money" in log
    assert "words=all 12 amounts are whole and large" in log
    assert "at taptill/checkout/till.py:12" in log
    assert log.count("customer=#1") == 2
    assert "Restart=always" in texts["unit.txt"]
    assert "ReadWritePaths=-/media/stick" in texts["unit.txt"]
    assert 'ATTRS{idVendor}=="09d8"' in texts["rules.txt"]
    assert 'ATTRS{serial}=="FT4K9XQ2"' in texts["rules.txt"]
    assert "## /etc/udev/rules.d/69-taptill-site.rules" in texts["rules.txt"]
    assert json.loads(texts["runs.json"])["starts"] == 3
    assert "till.py:7 run" in texts["crashes.txt"]
    assert "taptill_open_charges" in texts["metrics.txt"]
    names = {json.loads(line)["name"] for line in texts["doctor.jsonl"].splitlines()}
    assert {"versions.python", "disk.room", "backend.answer"} <= names
    assert all(f"{part.name} " in texts["README.txt"] for part in CONTENTS[:5])


@pytest.mark.slow
async def test_times_and_percentiles_are_in_the_bundle(
    files: tuple[dict[str, str], Canaries],
) -> None:
    texts, _ = files
    status = json.loads(texts["status.json"])
    assert status["times"]["tap_to_verdict"]["p95_ms"] == 12.1
    assert status["sending"]["to_send"] == TROUBLED.sending.to_send
    assert (status["written_at"], status["written"]["boot_id"]) == (TROUBLED.program.at, BOOT_ID)
    assert status["program"]["last_crash"]["at"] == AT
    assert json.loads(texts["crashes.txt"])["at"] == AT


@pytest.mark.parametrize("figures", [WELL, TROUBLED])
def test_the_status_of_a_till_is_in_the_bundle_as_it_was_written(
    place: MachineFolder, figures: TillFigures
) -> None:
    text = status_text(figures, Written(BOOT_ID, 93_784_400, 5.0, 812))
    place.has("run/taptill/status.json", text)
    assert json.loads(machine_status(place.site(), "status.json")) == json.loads(text)


def test_every_key_of_the_config_is_shown_or_named(place: MachineFolder) -> None:
    canary = Canaries()
    site = site_of_canaries(place, canary, NOBODY)

    async def first() -> str:
        async for part in gather(site):
            return part.text
        return ""

    lines = asyncio.run(first()).splitlines()
    shown = {line.removeprefix("# ").split(" ")[0].rstrip(":") for line in lines}
    tables = {**TABLES, **LISTS}
    assert {key for table in tables.values() for key in keys_of(table)} <= shown


def test_a_record_of_the_system_journal_is_read_without_people() -> None:
    canary = Canaries()
    records = [
        {
            "MESSAGE": "reader.changed",
            "PRIORITY": "4",
            "TAPTILL_STATE": "busy",
            "TAPTILL_DETAIL": canary("detail"),
            "TAPTILL_NAME": canary("field"),
            "_HOSTNAME": canary("host"),
            "__REALTIME_TIMESTAMP": "1772442000000000",
        },
        {"MESSAGE": f"till.fault\nValueError: {canary('fault')}"},
        {"MESSAGE": [1, 2, 3]},
    ]
    text = "\n".join([*map(json.dumps, records), "no JSON", "[1]"])
    lines = [*from_journal(text, LogWording())]
    assert lines[0].startswith("2026-03-02 09:00:00 WARNING reader.changed")
    assert "state=busy" in lines[0]
    assert len(lines) == 2
    assert canary.found_in("\n".join(lines).encode()) == []


def test_a_log_that_this_account_may_not_read_is_said_to_be_missing(place: MachineFolder) -> None:
    assert log_text(place.site()) == NO_LOG


@pytest.mark.slow
def test_the_command_says_what_it_holds_and_writes_a_closed_file(place: MachineFolder) -> None:
    canary = Canaries()
    site_of_canaries(place, canary, NOBODY)
    target = place.folder / "bundle.tar.gz"
    places = ["--config", str(place.folder / "config.toml")]
    places += ["--state-dir", str(place.folder / "state")]
    result = CliRunner().invoke(taptill, ["support", *places, str(target)])
    assert (result.exit_code, result.exception) == (0, None)
    assert f"{target} is written" in result.stdout
    assert "config.toml" in result.stderr
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert canary.found_in(target.read_bytes()) == []
    assert canary.found_in("\n".join(unpacked(target.read_bytes()).values()).encode()) == []
    told = CliRunner().invoke(taptill, ["support", *places, str(target), "--json"])
    assert json.loads(told.stdout)["file"] == str(target)
    assert not list(place.folder.glob(".bundle*"))


def test_a_folder_that_is_not_there_is_told(place: MachineFolder) -> None:
    place.site()
    places = ["--config", str(place.folder / "config.toml")]
    places += ["--state-dir", str(place.folder / "state")]
    target = Path("/not-there/bundle.tar.gz")
    result = CliRunner().invoke(taptill, ["support", *places, str(target)])
    assert result.exit_code != 0
    assert "cannot be written" in str(result.exception)
