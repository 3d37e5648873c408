"""The unit, its drop-ins, the rules, and what systemd says of the till."""

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from taptill.config import Config
from taptill.install.checks.program.installation import INSTALLED, RULES
from taptill.install.checks.site import RELEASE, UNIT, CheckedSite
from taptill.install.setup.reader_rule import SITE_RULES
from taptill.install.support.wording import REMOVED, known_words_only
from taptill.wiring.fleet.crash_files import FILES_MAX, crash_paths
from taptill.wiring.fleet.runs import RUNS, STATUS

SAID_S_MAX = 30
STATUS_FOLDER = "/run/taptill"
STATUS_FILES = (STATUS, RUNS)

UNIT_KEYS = frozenset(
    {"After", "Wants", "Requires", "Conflicts", "ConditionPathExists", "StartLimitIntervalSec"}
    | {"Type", "NotifyAccess", "WatchdogSec"}
    | {"TimeoutStartSec", "TimeoutStopSec", "KillSignal", "KillMode", "Restart", "RestartSec"}
    | {"RestartPreventExitStatus", "TTYPath", "TTYReset", "TTYVHangup", "TTYVTDisallocate"}
    | {"StandardInput", "StandardOutput", "StandardError", "UtmpIdentifier", "UtmpMode"}
    | {"SupplementaryGroups", "StateDirectory", "StateDirectoryMode"}
    | {"ConfigurationDirectory", "RuntimeDirectory", "RuntimeDirectoryMode", "UMask"}
    | {"DevicePolicy", "DeviceAllow", "ReadWritePaths", "IPAddressAllow", "IPAddressDeny"}
    | {"NoNewPrivileges", "CapabilityBoundingSet", "AmbientCapabilities", "ProtectSystem"}
    | {"ProtectHome", "PrivateTmp", "PrivateMounts", "PrivateIPC", "PrivateUsers", "ProtectProc"}
    | {"ProtectClock", "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules"}
    | {"ProtectKernelTunables", "ProtectControlGroups", "RemoveIPC", "LockPersonality"}
    | {"MemoryDenyWriteExecute", "RestrictRealtime", "RestrictSUIDSGID", "RestrictNamespaces"}
    | {"RestrictAddressFamilies", "SystemCallArchitectures", "SystemCallFilter"}
    | {"SystemCallErrorNumber", "MemoryMax", "TasksMax", "OOMScoreAdjust", "LimitCORE", "WantedBy"}
)
"""Directives whose values stay; those of others, an environment or a program, go, unless the whole
line is the release's own."""

RULE_KEYS = frozenset(
    {"ACTION", "SUBSYSTEM", "SUBSYSTEMS", "KERNEL", "KERNELS", "DRIVER", "DRIVERS", "ATTR", "ATTRS"}
    | {"ENV", "TAG", "TAGS", "GROUP", "MODE", "OWNER", "SYMLINK", "GOTO", "LABEL"}
)
_NUMBER = re.compile(r"[-+.\dEe]{1,24}|NaN|[+-]?Inf")
_BOOT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RULE = re.compile(r'([A-Z]+)((?:\{[^}]*\})?\s*[=!+:-]?=\s*)"([^"]*)"')

SHOWN = (
    *("ActiveState", "SubState", "Result", "ExecMainStatus", "ExecMainCode", "NRestarts"),
    *("ActiveEnterTimestamp", "StateChangeTimestamp", "MemoryCurrent", "MemoryPeak"),
    *("TasksCurrent", "UnitFileState", "FragmentPath", "NeedDaemonReload", "WatchdogUSec"),
)
"""Properties of `systemctl show`; `systemctl status` would add lines of the log as they are."""


def unit_text(site: CheckedSite) -> str:
    """Return the unit's directives and its drop-ins', without comments and unknown values."""
    source = f"systemd/{UNIT}"
    released = frozenset(site.machine_file(f"{RELEASE}/{source}").splitlines())
    paths = [f"/{INSTALLED[source]}", *site.drop_ins()]
    return "\n".join(
        line for path in paths for line in (f"## {path}", *_directives(site, path, released))
    )


def _directives(site: CheckedSite, path: str, released: AbstractSet[str]) -> Iterator[str]:
    for line in site.machine_file(path).splitlines():
        key, is_pair, value = line.strip().partition("=")
        if line.startswith("[") and line.rstrip().strip("[]").isalpha():
            yield line
        elif is_pair and key.isalpha():
            is_kept = key in UNIT_KEYS or line in released
            yield f"{key}={value if is_kept else REMOVED}"


def rules_text(site: CheckedSite) -> str:
    """Return the rules that are switched on, of this site and of the release, in udev's order.

    Comments are left out, and what the rules run.
    """
    paths = [str(SITE_RULES), f"/{INSTALLED[RULES]}"]
    return "\n".join(
        line
        for path in paths
        if (rules := [*_rules(site.machine_file(path))])
        for line in (f"## {path}", *rules)
    )


def _rules(text: str) -> Iterator[str]:
    for line in text.splitlines():
        rule = [] if line.lstrip().startswith("#") else _RULE.findall(line)
        if rule:
            yield ", ".join(
                f'{key}{operator}"{value if key in RULE_KEYS else REMOVED}"'
                for key, operator, value in rule
            )


def systemd_text(site: CheckedSite) -> str:
    """Return how the unit is, and how its sandbox is judged."""
    if not site.runs_systemd() or site.root != Path("/"):
        return "systemd does not run this machine, or nobody asked it"
    shown = _said(["systemctl", "show", UNIT, f"--property={','.join(SHOWN)}"])
    return f"{shown}\n{_said(['systemd-analyze', 'security', '--no-pager', UNIT])}"


def _said(words: Sequence[str]) -> str:
    """Return what a program of the system says; empty where there is none or it hangs."""
    try:
        told = subprocess.run(  # noqa: S603 - fixed words
            words, capture_output=True, timeout=SAID_S_MAX, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.decode("utf-8", "replace")


def status_text(site: CheckedSite, name: str) -> str:
    """Return a file of status that a running till writes, with known words; empty without one."""
    return _status(site.machine_file(f"{STATUS_FOLDER}/{name}") or _state_file(site.state / name))


def crashes_text(site: CheckedSite) -> str:
    """Return what the crash files say, the oldest first, with known words; empty without any."""
    texts = [_status(_state_file(path)) for path in crash_paths(site.state)]
    return "\n".join(texts[-FILES_MAX:])


def _state_file(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _status(text: str) -> str:
    if not text:
        return ""
    try:
        return json.dumps(_cleaned(json.loads(text)), indent=1)
    except ValueError:
        return "not JSON"


def _cleaned(value: Any) -> Any:
    match value:
        case dict():
            return {
                known_words_only(str(key)): item if _is_boot(key, item) else _cleaned(item)
                for key, item in value.items()
            }
        case list():
            return [_cleaned(item) for item in value]
        case str():
            return known_words_only(value)
        case _:
            return value


def _is_boot(key: str, value: Any) -> bool:
    """Return whether this is the kernel's number of a boot, which says which of two was later."""
    return key == "boot_id" and isinstance(value, str) and bool(_BOOT.fullmatch(value))


def metrics_text(config: Config) -> str:
    """Return the text file of metrics; empty where none is written."""
    path = config.metrics.textfile
    try:
        text = path.read_text("utf-8", "replace") if path else ""
    except OSError:
        return ""
    samples = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return "\n".join(
        f"{known_words_only(name)} {value}"
        for name, _, value in samples
        if _NUMBER.fullmatch(value)
    )
