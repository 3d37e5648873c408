"""The files of a bundle for support, gathered one by one and packed."""

import io
import json
import tarfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from taptill import __version__
from taptill import config as configs
from taptill.customer_cache.contents import personal_values
from taptill.domain.errors import ConfigError, JournalError, TaptillError
from taptill.durable_files import atomic_write
from taptill.install.checks.program.settings import CONFIG
from taptill.install.checks.readers.cards import CACHE
from taptill.install.checks.site import CheckedSite
from taptill.install.doctor import diagnose
from taptill.install.support.log_lines import log_text
from taptill.install.support.machine import (
    STATUS_FILES,
    crashes_text,
    metrics_text,
    rules_text,
    status_text,
    systemd_text,
    unit_text,
)
from taptill.install.support.settings import config_text, secrets_of, values_beside
from taptill.install.support.wording import PersonalValues, known_words_only
from taptill.journal.back_office.counts import entry_counts, staff_names
from taptill.journal.queries import JournalQueries

FOLDER = "taptill-support"
_READ_ME = "README.txt"
CONFIG_FILE, DOCTOR = "config.toml", "doctor.jsonl"


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A file of the bundle, and what it holds in a few words."""

    name: str
    holds: str
    text: str = ""


CONTENTS = (
    BundleFile(CONFIG_FILE, "the config in force, without secrets and staff; goods are kept"),
    BundleFile(DOCTOR, "what taptill doctor says, versions too, one JSON object a line"),
    BundleFile("journal.json", "how many entries of each kind, what is open; no amounts, no names"),
    BundleFile("log.txt", "the last 500 lines of the log: events, codes and known words"),
    BundleFile("unit.txt", "the unit and its drop-ins, without environment and comments"),
    BundleFile("rules.txt", "the udev rules that are switched on, the release's and this site's"),
    BundleFile("systemd.txt", "the state of the unit, the score of its sandbox"),
    BundleFile("metrics.txt", "metrics, where they are written"),
    BundleFile("status.json", "the status of a running till, where it writes one"),
    BundleFile("runs.json", "how often it was started, and how that ended"),
    BundleFile("crashes.txt", "where in the program its last faults were"),
)
"""What a bundle may hold, and nothing else."""


async def gather(site: CheckedSite) -> AsyncIterator[BundleFile]:
    """Yield each file of the bundle that there is, in the order of `CONTENTS`.

    One that cannot be gathered, on a disk that fails, says why.
    """
    personal = PersonalValues(_personal_values(site))
    for part in CONTENTS:
        text = await _doctor_text(site) if part.name == DOCTOR else text_of(part.name, site)
        if text:
            is_told = site.unreadable and part.name == CONFIG_FILE
            holds = "why the config cannot be read" if is_told else part.holds
            yield BundleFile(part.name, holds, personal.removed_from(text))


async def _doctor_text(site: CheckedSite) -> str:
    lines = []
    async for found in diagnose(site):
        if found.name == CONFIG:  # a complaint shows what stands there by mistake
            words, advice = known_words_only(found.words), known_words_only(found.advice)
            lines.append(replace(found, words=words, advice=advice))
        else:
            lines.append(found)
    return "\n".join(json.dumps(found.document()) for found in lines)


def _personal_values(site: CheckedSite) -> Iterator[str]:
    """Yield the secrets, names and card ids that are known on this machine."""
    config = site.config
    yield from secrets_of(config)
    if site.unreadable and site.unreadable.path:
        yield from values_beside(site.unreadable.path)
    for path in (config.backend.token_file, config.backend.office_token_file):
        with suppress(ConfigError):
            yield configs.token_in(path) if path else ""
    with suppress(ConfigError):
        yield configs.read_token(config)  # what systemd has passed
    with suppress(OSError):
        for credential in site.machine_path(str(configs.CREDENTIAL_STORE)).glob("*"):
            yield site.machine_file(f"{configs.CREDENTIAL_STORE}/{credential.name}")
    yield from personal_values(site.state / CACHE)
    with suppress(ConfigError):
        yield from staff_names(configs.journal_path(site.state))


def _queries(site: CheckedSite) -> JournalQueries:
    return JournalQueries(configs.journal_path(site.state))


def _journal_text(site: CheckedSite) -> str:
    try:
        with closing(_queries(site)) as queries:
            counts = entry_counts(queries)
    except (JournalError, ConfigError) as fault:
        return json.dumps({"error": fault.code})
    return json.dumps(counts, indent=1)


def _config_text(site: CheckedSite) -> str:
    if not site.unreadable:
        return config_text(site.config)
    complaints = map(known_words_only, site.unreadable.complaints)
    return "\n".join(["# it cannot be read:", *(f"# {words}" for words in complaints), ""])


_TEXTS: Mapping[str, Callable[[CheckedSite], str]] = {
    CONFIG_FILE: _config_text,
    "journal.json": _journal_text,
    "log.txt": log_text,
    "unit.txt": unit_text,
    "rules.txt": rules_text,
    "systemd.txt": systemd_text,
    "metrics.txt": lambda site: metrics_text(site.config),
    "crashes.txt": crashes_text,
    **{name: partial(status_text, name=name) for name in STATUS_FILES},
}


def text_of(
    name: str, site: CheckedSite, texts: Mapping[str, Callable[[CheckedSite], str]] = _TEXTS
) -> str:
    """Return what a file of the bundle holds; empty where there is nothing."""
    try:
        return texts[name](site)
    except OSError as fault:
        return f"could not be gathered: {fault.strerror or type(fault).__name__}"
    except TaptillError as fault:
        return f"could not be gathered: {fault.code}"


def read_me(files: list[BundleFile]) -> BundleFile:
    """Return the page that says what is in a bundle."""
    lines = [f"{file.name:13} {file.holds}" for file in files]
    about = [
        f"A bundle for support of taptill {__version__}, made {time.strftime('%Y-%m-%d %H:%M')}.",
        "",
        *lines,
        "",
        "[removed] and … stand for what was left out: names, card ids, secrets, words of others.",
        "docs/security.md says how. Every file is text: read it before you send it.",
    ]
    return BundleFile(_READ_ME, "what is in it", "\n".join([*about, ""]))


def pack(files: list[BundleFile]) -> bytes:
    """Return the files as a compressed archive, which names nobody either."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for file in (read_me(files), *files):
            content = file.text.encode()
            member = tarfile.TarInfo(f"{FOLDER}/{file.name}")
            member.size, member.mode, member.mtime = len(content), 0o600, int(time.time())
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def write(files: list[BundleFile], path: Path) -> None:
    """Write a bundle that only its owner may read, whole or not at all. Errors: OutputError."""
    content = pack(files)
    with atomic_write(path) as target:
        target.buffer.write(content)
