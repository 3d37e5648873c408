"""The clock: whether it is right, who keeps it right, and whether a battery does."""

import time
from datetime import UTC, datetime

from taptill.clock import HARDWARE_CLOCK, HARDWARE_NEAR_S
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.install.checks.site import CheckedSite

TIME_SERVICES = (
    "systemd-timesyncd.service",
    "chrony.service",
    "chronyd.service",
    "ntpsec.service",
    "ntp.service",
    "openntpd.service",
)
SET_CLOCK = "timedatectl; without a network: sudo timedatectl set-ntp false, then set-time"


async def check_clock(site: CheckedSite) -> list[Diagnosis]:
    """Return diagnoses of wall time; a machine without systemd or a battery says less."""
    return [_wall_time(site), *_time_service(site), _hardware(site)]


def is_before_release(site: CheckedSite) -> bool:
    """Return whether the clock shows a time before the installed release was made."""
    made_s = site.release_date_s()
    return made_s is not None and time.time() < made_s


def day_of(instant_s: float) -> str:
    """Return the UTC day of seconds since 1970: `2026-11-29`."""
    return f"{datetime.fromtimestamp(instant_s, UTC):%Y-%m-%d}"


def _wall_time(site: CheckedSite) -> Diagnosis:
    name = "clock.time"
    if is_before_release(site):
        made = day_of(site.release_date_s() or 0)
        words = f"the clock says {day_of(time.time())}, but this release was made on {made}"
        return Diagnosis(name, Verdict.FAIL, words, SET_CLOCK)
    if site.clock().trusted():
        return Diagnosis(name, Verdict.PASS, "wall time is synchronised")
    others = [unit for unit in TIME_SERVICES[1:] if site.is_active(unit)]
    if others:  # they leave no file that says whether they have set it
        words = f"{others[0]} runs; whether it has set the clock, timedatectl says"
        return Diagnosis(name, Verdict.PASS, words)
    words = "nobody has set the clock since the start: days in reports may be wrong"
    return Diagnosis(name, Verdict.WARN, words, "timedatectl timesync-status")


def _time_service(site: CheckedSite) -> list[Diagnosis]:
    if not site.runs_systemd():
        return []
    active = [unit for unit in TIME_SERVICES if site.is_active(unit)]
    if active:
        return [Diagnosis("clock.service", Verdict.PASS, f"{active[0]} sets the clock")]
    words = "no time service runs: the clock drifts, and is wrong after each start"
    advice = "sudo apt install systemd-timesyncd; sudo timedatectl set-ntp true"
    return [Diagnosis("clock.service", Verdict.WARN, words, advice)]


def _hardware(site: CheckedSite) -> Diagnosis:
    name, told = "clock.battery", site.machine_file(str(HARDWARE_CLOCK))
    if not told.isdecimal():
        words = "no clock with a battery: without a network the time is wrong after a start"
        return Diagnosis(name, Verdict.PASS, words)
    if abs(time.time() - int(told)) > HARDWARE_NEAR_S:
        words = "the clock with the battery says another time"
        advice = "sudo hwclock --systohc; if it is wrong again after a start: its battery is empty"
        return Diagnosis(name, Verdict.WARN, words, advice)
    return Diagnosis(name, Verdict.PASS, "the clock with the battery is right")
