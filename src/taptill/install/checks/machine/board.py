"""The board: memory, power, and the id that the journal is bound to."""

import re

from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.install.checks.site import CheckedSite

MEMORY_MB = 150
"""A till needs some 60 MB, and as much again while it starts or a report is counted."""

_AVAILABLE = re.compile(r"^MemAvailable:\s+([0-9]+) kB$", re.MULTILINE)
_POWER_SENSOR = "rpi_volt"
_SENSORS = 16


async def check_board(site: CheckedSite) -> list[Diagnosis]:
    """Return diagnoses of what the board itself says; what it does not say is left out."""
    return [*_memory(site), *_power(site), _identity(site)]


def _memory(site: CheckedSite) -> list[Diagnosis]:
    match = _AVAILABLE.search(site.machine_file("/proc/meminfo"))
    if match is None:
        return []
    free_mb = int(match[1]) // 1000
    words = f"{free_mb} MB of memory are free"
    if free_mb < MEMORY_MB:
        return [Diagnosis("machine.memory", Verdict.WARN, words, "stop other programs")]
    return [Diagnosis("machine.memory", Verdict.PASS, words)]


def _power(site: CheckedSite) -> list[Diagnosis]:
    """Return what a Raspberry Pi says of its power: its driver keeps an alarm since the start."""
    for number in range(_SENSORS):
        sensor = f"/sys/class/hwmon/hwmon{number}"
        if site.machine_file(f"{sensor}/name") == _POWER_SENSOR:
            if site.machine_file(f"{sensor}/in0_lcrit_alarm") == "1":
                words = "the voltage was too low since the start: the card may lose data"
                advice = "the board's own power supply, a shorter cable"
                return [Diagnosis("machine.power", Verdict.WARN, words, advice)]
            return [Diagnosis("machine.power", Verdict.PASS, "the voltage was never too low")]
    return []


def _identity(site: CheckedSite) -> Diagnosis:
    if site.machine_file("/etc/machine-id"):
        return Diagnosis("machine.id", Verdict.PASS, "the machine has an id")
    words = "no /etc/machine-id: a journal on a cloned card would not be noticed"
    return Diagnosis("machine.id", Verdict.WARN, words, "sudo systemd-machine-id-setup")
