"""The udev lines that let the till open its readers, and name the one on a line `rfid-reader`.

The shipped rules act on `TAPTILL_READER`; a file that is read before them sets it for the readers
of this site. Source: udev(7), and the comments of `udev/70-taptill-readers.rules`.
"""

import os
import re
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from taptill.domain.errors import OutputError
from taptill.durable_files import atomic_write
from taptill.readers.technician.detect import DetectedPort

SITE_RULES = Path("/etc/udev/rules.d/69-taptill-site.rules")
TRIGGERED = ("tty", "input", "usb")
"""The subsystems whose devices the shipped rules know as readers."""

USB_NUMBERS = re.compile(r"([0-9a-f]{4}):([0-9a-f]{4})")
_SUBSYSTEMS = {"serial": 'SUBSYSTEM=="tty"', "keyboard": 'SUBSYSTEM=="input", KERNEL=="event*"'}
_PATIENCE_S = 30
_MARK = "# Written by taptill setup, for the reader at "
_WRITTEN = re.compile(
    rf"^{_MARK}(?P<port>.+)\n"
    r'ACTION!="remove", SUBSYSTEM=="\w+", (?:KERNEL=="event\*", )?'
    r'ATTRS\{idVendor\}=="[0-9a-f]{4}", ATTRS\{idProduct\}=="[0-9a-f]{4}", '
    r'ENV\{TAPTILL_READER\}="site"\n',
    re.MULTILINE,
)
"""What was written here before; a line that somebody has changed since is the site's own."""


@dataclass(frozen=True, slots=True)
class ReaderRule:
    """The port of a reader, as the config has it, and its line; empty where it needs none."""

    port: str
    line: str


def reader_rule(port: DetectedPort) -> ReaderRule:
    """Return the rule for a reader; one that is not on USB, or that is known, needs no line."""
    numbers = USB_NUMBERS.fullmatch(port.usb)
    subsystem = _SUBSYSTEMS.get(port.driver)
    if numbers is None or subsystem is None:
        return ReaderRule(port.port, "")
    usb = f'ATTRS{{idVendor}}=="{numbers[1]}", ATTRS{{idProduct}}=="{numbers[2]}"'
    line = f'ACTION!="remove", {subsystem}, {usb}, ENV{{TAPTILL_READER}}="site"\n'
    return ReaderRule(port.port, line)


def write_rule(rule: ReaderRule, ports: Collection[str], path: Path = SITE_RULES) -> bool:
    """Write a reader's line in the place of the one before it; the site's own lines stay.

    `ports` are those of all readers of the config: a line that was written for another one goes.
    Return whether a file is there now. Errors: OutputError.
    """
    try:
        before = path.read_text("utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as fault:
        detail = getattr(fault, "strerror", None) or "what is there is not UTF-8"
        raise OutputError(path=path, detail=detail) from fault
    text = _with_rule(before, rule, ports)
    if text == before:
        return bool(text)
    with atomic_write(path) as file:
        file.write(text)
        os.fchmod(file.fileno(), 0o644)
    return True


def _with_rule(text: str, rule: ReaderRule, ports: Collection[str]) -> str:
    """Return the text of a file of rules with this rule as its last one."""
    others = {*ports} - {rule.port}
    kept = _WRITTEN.sub(lambda found: found[0] if found["port"] in others else "", text)
    if not rule.line:
        return kept
    end = "" if kept.endswith("\n") or not kept else "\n"
    return f"{kept}{end}{_MARK}{rule.port}\n{rule.line}"


def let_udev_act() -> bool:
    """Let udev apply its rules to readers that are plugged in; return False where it did not."""
    triggers = [["trigger", f"--subsystem-match={name}"] for name in TRIGGERED]
    for words in (["control", "--reload"], *triggers):
        try:
            subprocess.run(["udevadm", *words], check=True, timeout=_PATIENCE_S)  # noqa: S603, S607
        except (OSError, subprocess.SubprocessError):
            return False
    return True
