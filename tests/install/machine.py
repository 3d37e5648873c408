"""A folder that stands for the machine of a till, with what a check would read there."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.project.sources import ROOT
from tests.scenarios import disks

from taptill import config as configs
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.install.checks.site import CheckedSite
from taptill.install.doctor import CHECKS

CONFIG = """
[backend]
base_url = "{url}"
token_file = "{token_file}"
[settlement]
strategy = "debt"
"""
SIMULATED = '[[reader]]\ndriver = "simulated"\n'
NOBODY = "http://127.0.0.1:9"
INSTALLED = f"root{configs.SYSTEM_CONFIG}"
"""Where a machine's folder has the config of the till that its unit starts."""

Check = Callable[[CheckedSite], Awaitable[list[Diagnosis]]]


@dataclass(frozen=True)
class MachineFolder:
    """A folder that stands for a machine, with a token and a state directory."""

    folder: Path

    def site(
        self,
        more: str = SIMULATED,
        url: str = NOBODY,
        tap_s: float = 0,
        token_file: str | None = None,
        path: str = "config.toml",
    ) -> CheckedSite:
        """Return the site with these lines added to its config, of a till without an account.

        `token_file`: another than the one of this folder, or an empty one; `path`: the config's.
        """
        config = self.folder / path
        config.parent.mkdir(parents=True, exist_ok=True)
        token_file = f"{self.folder}/token" if token_file is None else token_file
        config.write_text(CONFIG.format(token_file=token_file, url=url) + more)
        return CheckedSite(
            configs.load(config),
            self.folder / "state",
            self.folder / "root",
            tap_s=tap_s,
            account="",
        )

    def has(self, path: str, text: str = "") -> Path:
        """Let the machine have a file."""
        target = self.folder / "root" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def links(self, path: str, target: str) -> None:
        """Let the machine have a link, which may lead nowhere."""
        link = self.folder / "root" / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)


async def verdicts(check: Check, site: CheckedSite) -> dict[str, Verdict]:
    """Return the verdict of each diagnosis by its name; a warning or failure says what to do."""
    found = await check(site)
    is_told = {Verdict.WARN, Verdict.FAIL}
    assert all(one.advice for one in found if one.verdict in is_told), found
    return {one.name: one.verdict for one in found}


async def diagnosed(check: Check, site: CheckedSite) -> dict[str, Diagnosis]:
    """Return each diagnosis by its name."""
    await verdicts(check, site)
    return {one.name: one for one in await check(site)}


def without_powers(place: MachineFolder, check: str, **config: str) -> dict[str, Diagnosis]:
    """Return what a check finds by the rights of an account, even where root runs the tests.

    `config` is what `MachineFolder.site` takes.
    """
    words = [sys.executable, "-m", "tests.install.machine", str(place.folder), check]
    run = subprocess.run(
        disks.without_powers([*words, json.dumps(config)]),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    )
    told = [{**one, "verdict": Verdict(one["verdict"])} for one in json.loads(run.stdout)]
    return {one["name"]: Diagnosis(**one) for one in told}


async def _found(folder: str, check: str, config: str) -> list[Diagnosis]:
    return await CHECKS[check](MachineFolder(Path(folder)).site(**json.loads(config)))


if __name__ == "__main__":
    json.dump([asdict(one) for one in asyncio.run(_found(*sys.argv[1:]))], sys.stdout)
