"""A folder that stands for the machine of a till, with what a check would read there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from taptill import config as configs
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.install.checks.site import CheckedSite

CONFIG = """
[backend]
base_url = "{url}"
token_file = "{folder}/token"
[settlement]
strategy = "debt"
"""
SIMULATED = '[[reader]]\ndriver = "simulated"\n'
NOBODY = "http://127.0.0.1:9"

Check = Callable[[CheckedSite], Awaitable[list[Diagnosis]]]


@dataclass(frozen=True)
class MachineFolder:
    """A folder that stands for a machine, with a token and a state directory."""

    folder: Path

    def site(self, more: str = SIMULATED, url: str = NOBODY, tap_s: float = 0) -> CheckedSite:
        """Return the site with these lines added to its config."""
        path = self.folder / "config.toml"
        path.write_text(CONFIG.format(folder=self.folder, url=url) + more)
        return CheckedSite(
            configs.load(path), self.folder / "state", self.folder / "root", tap_s=tap_s
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
    assert all(one.advice for one in found if one.verdict is not Verdict.PASS), found
    return {one.name: one.verdict for one in found}


async def diagnosed(check: Check, site: CheckedSite) -> dict[str, Diagnosis]:
    """Return each diagnosis by its name."""
    await verdicts(check, site)
    return {one.name: one for one in await check(site)}
