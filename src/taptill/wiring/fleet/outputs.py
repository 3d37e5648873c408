"""Where the figures of a till go."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FleetOutputs:
    """Where figures go: the status file, the metrics (None: nowhere), and systemd's STATUS."""

    status_file: Path | None = None
    textfile: Path | None = None
    notify: Callable[[str], None] = lambda _: None
