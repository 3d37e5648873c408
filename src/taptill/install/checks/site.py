"""What the checks look at."""

from dataclasses import dataclass
from pathlib import Path

from taptill.config import Config


@dataclass(frozen=True, slots=True)
class CheckedSite:
    """A config, the folder of journal and cache, and the root of the machine's own files."""

    config: Config
    state: Path
    root: Path = Path("/")

    def machine_file(self, path: str) -> str:
        """Return what a file of the machine says; empty where there is none or it is not told."""
        try:
            return (self.root / path.lstrip("/")).read_text("utf-8", "replace").strip()
        except OSError:
            return ""
