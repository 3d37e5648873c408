"""The rules for readers in, what udev would not do as written out."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.project.sources import ROOT

RULES = ROOT / "udev" / "70-taptill-readers.rules"

MATCH, ASSIGN = ("==", "!="), ("=", "+=", "-=", ":=")
OPERATORS = {
    **dict.fromkeys(("ACTION", "SUBSYSTEM", "KERNEL", "ATTR", "ATTRS"), MATCH),
    **dict.fromkeys(("GROUP", "MODE"), ("=", ":=")),
    **dict.fromkeys(("SYMLINK", "TAG"), ("+=",)),
    **dict.fromkeys(("GOTO", "LABEL"), ("=",)),
    "ENV": MATCH + ASSIGN,
}
TERM = r'(?P<key>[A-Z]+)(\{(?P<attribute>[A-Za-z_]+)\})?(?P<operator>[=!+:-]*=)"(?P<value>[^"]*)"'
USB_IDS = re.compile(r"[0-9a-f]{4}(\|[0-9a-f]{4})*")
GROUPS = ("dialout", "input", "plugdev")


@dataclass(frozen=True)
class Term:
    key: str
    attribute: str
    operator: str
    value: str


Rule = list[Term]


def rules(text: str) -> Iterator[Rule]:
    """Parse every rule, also those that wait behind a `#` for a technician to take it away."""
    for line in text.splitlines():
        if re.match(r"#?[A-Z]+[{=+:!-]", line):
            terms = [re.fullmatch(TERM, term) for term in line.removeprefix("#").split(", ")]
            assert all(terms), line
            yield [
                Term(t["key"], t["attribute"] or "", t["operator"], t["value"]) for t in terms if t
            ]


def term_faults(term: Term) -> Iterator[str]:
    if term.operator not in OPERATORS.get(term.key, ()):
        yield f"{term.key} takes no {term.operator}"
    if term.key == "MODE" and not re.fullmatch("0[0-7]{3}", term.value):
        yield f"MODE {term.value} is not four octal digits"
    if term.key == "MODE" and term.value.endswith(("2", "3", "6", "7")):
        yield f"MODE {term.value} lets everybody write"
    if term.key == "GROUP" and term.value not in GROUPS:
        yield f"GROUP {term.value} is not on every system"
    if term.key == "SYMLINK" and (term.value.startswith("/") or re.search(r"\s", term.value)):
        yield f"SYMLINK {term.value} starts at the root or has blanks"
    if term.attribute in ("idVendor", "idProduct") and not USB_IDS.fullmatch(term.value):
        yield f"{term.attribute} {term.value} is not four small hex digits"
    if term.attribute in ("idVendor", "idProduct") and term.operator not in MATCH:
        yield f"{term.attribute} can only be compared"


def faults(text: str) -> list[str]:
    """Give everything that udev would take without a word and not do."""
    found = list(rules(text))
    labels = [term.value for rule in found for term in rule if term.key == "LABEL"]
    complaints = [fault for rule in found for term in rule for fault in term_faults(term)]
    for rule in found:
        keys = {(term.key, term.attribute): term.value for term in rule}
        target = keys.get(("GOTO", ""))
        if target is not None and target not in labels:
            complaints.append(f"GOTO {target} has no LABEL")
        if ("ENV", "SYSTEMD_WANTS") in keys and keys.get(("TAG", "")) != "systemd":
            complaints.append("SYSTEMD_WANTS without the tag systemd")
    return complaints


def test_the_rules_do_what_they_say() -> None:
    assert faults(RULES.read_text("utf-8")) == []


def test_the_rules_know_readers_and_the_bridges_wait_for_a_technician() -> None:
    text = RULES.read_text("utf-8")
    ids = {term.value for rule in rules(text) for term in rule if term.attribute == "idVendor"}
    assert {"09d8", "072f", "1a86", "0403"} <= ids
    active = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    assert not re.search("1a86|10c4|0403|067b", active)


def test_every_reader_gets_its_rights_and_starts_the_unit() -> None:
    known = [
        {(term.key, term.attribute): term.value for term in rule}
        for rule in rules(RULES.read_text("utf-8"))
        if rule[0] == Term("ENV", "TAPTILL_READER", "==", "?*")
    ]
    assert len(known) == 3
    for rule in known:
        assert rule["GROUP", ""] == "dialout"
        assert rule["MODE", ""] == "0660"
        assert rule["ENV", "SYSTEMD_WANTS"] == "taptill.service"
    assert known[0]["SYMLINK", ""] == "rfid-reader"
    assert known[0]["ENV", "ID_MM_DEVICE_IGNORE"] == "1"
    assert known[2]["ENV", "LIBINPUT_IGNORE_DEVICE"] == "1"


def test_of_a_reader_that_is_two_devices_one_gets_the_link() -> None:
    linked = [
        rule
        for rule in rules(RULES.read_text("utf-8"))
        if Term("SYMLINK", "", "+=", "input/rfid-reader") in rule
    ]
    assert [Term("ENV", "ID_INPUT_KEYBOARD", "==", "1") in rule for rule in linked] == [True]


WRONG = {
    'MODE="066O"': "MODE 066O is not four octal digits",
    'MODE="0666"': "MODE 0666 lets everybody write",
    'MODE=="0660"': "MODE takes no ==",
    'SYMLINK+="/dev/rfid-reader"': "SYMLINK /dev/rfid-reader starts at the root or has blanks",
    'SYMLINK+="rfid reader"': "SYMLINK rfid reader starts at the root or has blanks",
    'SYMLINK="rfid-reader"': "SYMLINK takes no =",
    'ATTRS{idVendor}=="1A86"': "idVendor 1A86 is not four small hex digits",
    '#ATTRS{idProduct}=="7523 5523"': "idProduct 7523 5523 is not four small hex digits",
    'ATTRS{idVendor}="1a86"': "ATTRS takes no =",
    'GROUP="kiosk"': "GROUP kiosk is not on every system",
    'GOTO="nowhere"': "GOTO nowhere has no LABEL",
    'ENV{SYSTEMD_WANTS}+="taptill.service"': "SYSTEMD_WANTS without the tag systemd",
    'TAG+="sytemd", ENV{SYSTEMD_WANTS}+="x"': "SYSTEMD_WANTS without the tag systemd",
    'COLOUR="red"': "COLOUR takes no =",
}


@pytest.mark.parametrize(("rule", "fault"), WRONG.items())
def test_a_wrong_rule_is_noticed(rule: str, fault: str) -> None:
    assert fault in faults(rule)


def test_udevadm_agrees_where_it_can_verify() -> None:
    udevadm = shutil.which("udevadm", path="/usr/bin:/bin:/usr/sbin:/sbin")
    if not udevadm:
        pytest.skip("no udevadm here; the lint above has looked at the rules")
    asked = subprocess.run(
        [udevadm, "verify", "--help"], capture_output=True, text=True, check=False
    )
    if asked.returncode:
        pytest.skip("udevadm verify came with systemd 254; the lint above has looked at the rules")
    verified = subprocess.run(
        [udevadm, "verify", "--resolve-names=never", str(RULES)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
