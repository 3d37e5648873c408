"""The machine's clocks, and the detection of jumps of wall time."""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Protocol

from taptill.domain.clock import Clock
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.errors import JournalError

log = logging.getLogger("taptill.clock")

SYNCHRONISED = "/run/systemd/timesync/synchronized"
"""systemd-timesyncd makes this file once it has set the clock."""

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
NEAR_S = 300.0
"""Wall time that differs at most so much from the backend's Date header is trusted, in seconds."""

JUMP_MS = 2000
"""A larger change of wall time against the time since boot is a jump, in milliseconds."""

LOOK_S = 5.0
"""Seconds between two checks of wall time where the kernel does not report that it was set."""


REST_S = 0.25
"""Seconds for which the alarm is ignored after it went off without a jump."""

TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET = 1, 2
"""Flags of linux/timerfd.h."""

ALARM_S = 365 * 86_400
"""Seconds after which the alarm's timer expires by itself and is armed again."""

HARDWARE_CLOCK = Path("/sys/class/rtc/rtc0/since_epoch")
"""Seconds since 1970 of the clock with a battery, where the board has one."""

HARDWARE_NEAR_S = 60.0
HARDWARE_LOOK_S = 60.0
"""Seconds between two reads of the hardware clock: on some boards a read takes a millisecond."""


class SystemClock:
    """The real clock; `trusted` once timesyncd or the backend confirms wall time."""

    def __init__(self, sync_marker: str = SYNCHRONISED, hardware: Path = HARDWARE_CLOCK) -> None:
        self._sync_marker = sync_marker
        self._hardware = hardware
        self._kept = False
        self._looked_s: float | None = None
        self._newest_at = ""
        self._confirmed_s: float | None = None
        try:
            self._boot_id = BOOT_ID.read_text("ascii").strip()
        except OSError:
            self._boot_id = "unknown"

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def now(self) -> str:
        """Return UTC wall time as ISO 8601 with milliseconds."""
        return datetime.now(UTC).isoformat(timespec="milliseconds")

    def boot(self) -> tuple[str, int]:
        """Return this boot's id and the milliseconds since it began, sleep included."""
        return self._boot_id, time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def trusted(self) -> bool:
        """Return whether wall time was confirmed, and was not changed since."""
        confirmed_s = self._confirmed_s
        if confirmed_s is not None and abs(_booted_at_s() - confirmed_s) <= NEAR_S:
            return True
        return os.access(self._sync_marker, os.F_OK)

    def doubtful(self) -> bool:
        """Return whether wall time may be wrong: it is not confirmed, and no battery has kept it.

        A board without a battery, or with an empty one, starts in the past; systemd then sets it
        forward to a date that it remembers, and so away from the hardware clock.
        """
        if self.trusted():
            return False
        return not self._kept_by_hardware() or self.now() < self._newest_at

    def _kept_by_hardware(self) -> bool:
        now_s = self.monotonic()
        if self._looked_s is None or now_s - self._looked_s >= HARDWARE_LOOK_S:
            self._looked_s, self._kept = now_s, _near(self._hardware)
        return self._kept

    def remember(self, newest: Entry | None) -> None:
        """Continue from the journal's newest entry, so that a restart keeps the trust in the clock.

        Wall time that was trusted earlier in this boot still is, unless it was changed since.
        """
        boot_id, _ = self.boot()
        if newest and newest.boot_id == boot_id and newest.clock_trusted:
            self._confirmed_s = (_ms(newest.at) - newest.uptime_ms) / 1000
        self._newest_at = newest.at if newest else ""

    def heard(self, date_s: float) -> None:
        """Compare wall time with a server's, given in seconds since 1970."""
        near = abs(time.time() - date_s) <= NEAR_S
        self._confirmed_s = _booted_at_s() if near else None


def named_zone(name: str) -> tzinfo | None:
    """Return the time zone of a name; None where it is empty, or this machine has none of it."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - the first frame does not wait for it

    with suppress(KeyError, ValueError, OSError):  # not known, no name of a zone, not readable
        return ZoneInfo(name)
    return None


class ClockWatch:
    """Compares wall time with the time since boot, which nobody can set.

    `newest` is the newest entry that a start has found: within its boot, wall time must have gone
    on with the boot's time; after another boot it must at least not lie before the entry's.
    """

    def __init__(self, clock: Clock, newest: Entry | None) -> None:
        self._clock = clock
        boot_id, uptime_ms = clock.boot()
        wall_ms = _ms(clock.now())
        self._booted_at_ms = wall_ms - uptime_ms
        if newest and newest.boot_id == boot_id:
            self._booted_at_ms = _ms(newest.at) - newest.uptime_ms
        elif newest:
            self._booted_at_ms = max(wall_ms, _ms(newest.at)) - uptime_ms

    def look(self) -> Draft | None:
        """Return the entry for a jump since the last check, or None."""
        _, uptime_ms = self._clock.boot()
        booted_at_ms = _ms(self._clock.now()) - uptime_ms
        jumped_ms = booted_at_ms - self._booted_at_ms
        self._booted_at_ms = booted_at_ms
        if abs(jumped_ms) <= JUMP_MS:
            return None
        return Draft(EntryKind.CLOCK, body={"jumped_ms": jumped_ms})


class SetAlarm:
    """Ends a wait when wall time is set, by a Linux timer that is cancelled then.

    Regular checks would miss a jump that is undone before the next check. Where there are no such
    timers, it only waits for the time-out. Source: timerfd_create(2), TFD_TIMER_CANCEL_ON_SET.
    """

    def __init__(self) -> None:
        import ctypes  # noqa: PLC0415 - the first frame does not wait for it

        self._fd = -1
        self._timer_spec = ctypes.c_long * 4  # interval, then the time
        with suppress(OSError, AttributeError):  # another kernel, or another C library
            self._libc = ctypes.CDLL(None, use_errno=True)
            self._fd = self._libc.timerfd_create(time.CLOCK_REALTIME, os.O_NONBLOCK | os.O_CLOEXEC)
            self._arm()

    def close(self) -> None:
        """Close the timer."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    async def wait(self, timeout_s: float) -> None:
        """Wait until wall time is set, at most `timeout_s` seconds."""
        if self._fd < 0:
            await asyncio.sleep(timeout_s)
            return
        clock_set, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(self._fd, clock_set.set)
        try:
            async with asyncio.timeout(timeout_s):
                await clock_set.wait()
        except TimeoutError:
            return
        finally:
            loop.remove_reader(self._fd)
        with suppress(OSError):  # ECANCELED means that it was set
            os.read(self._fd, 8)
        self._arm()

    def _arm(self) -> None:
        at = self._timer_spec(0, 0, int(time.time()) + ALARM_S, 0)
        self._libc.timerfd_settime(self._fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, at, None)


class ClockAlarm(Protocol):
    """What reports that wall time was set."""

    async def wait(self, timeout_s: float) -> None:
        """Wait until wall time is set, at most `timeout_s` seconds."""

    def close(self) -> None:
        """Release its resources."""


async def watch_clock(
    watch: ClockWatch,
    append: Callable[[Sequence[Draft]], Awaitable[object]],
    look_s: float = LOOK_S,
    alarm: ClockAlarm | None = None,
) -> None:
    """Journal each jump of wall time, for people who read the journal; no rule depends on it."""
    set_alarm: ClockAlarm = alarm or SetAlarm()
    with closing(set_alarm):
        while True:
            jump = watch.look()
            if jump:
                log.warning("clock.jumped", extra=dict(jump.body))
                with suppress(JournalError):  # the journal has reported the fault already
                    await append([jump])
            else:  # some machines set their clock by less than a millisecond many times a second
                await asyncio.sleep(min(REST_S, look_s))
            await set_alarm.wait(look_s)


def _near(hardware: Path) -> bool:
    """Return whether a hardware clock agrees with wall time."""
    with suppress(OSError, ValueError):
        return abs(time.time() - int(hardware.read_text("ascii"))) <= HARDWARE_NEAR_S
    return False


def _booted_at_s() -> float:
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


def _ms(at: str) -> int:
    return round(datetime.fromisoformat(at).timestamp() * 1000)
