"""The machine's clocks in, time as the core asks for it out."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

SYNCHRONISED = "/run/systemd/timesync/synchronized"
"""systemd-timesyncd makes this file once it has set the clock."""

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
NEAR_S = 300.0
"""Wall time this near to the backend's Date header is believed."""


class SystemClock:
    """The real clock; `trusted` once timesyncd or the backend confirms wall time."""

    def __init__(self) -> None:
        try:
            self._boot_id = BOOT_ID.read_text("ascii").strip()
        except OSError:
            self._boot_id = "unknown"
        self._confirmed = False

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        return time.monotonic()

    def now(self) -> str:
        """Give UTC wall time as ISO 8601 with milliseconds."""
        return datetime.now(UTC).isoformat(timespec="milliseconds")

    def boot(self) -> tuple[str, int]:
        """Give this boot's id and the milliseconds since it began, sleep included."""
        return self._boot_id, time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def trusted(self) -> bool:
        """Tell whether wall time is known to be set."""
        return self._confirmed or os.access(SYNCHRONISED, os.F_OK)

    def heard(self, date_s: float) -> None:
        """Compare with a server's wall time, seconds since 1970."""
        self._confirmed = abs(time.time() - date_s) <= NEAR_S
