"""Which settings make a reader, and which mistakes are reported for others."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.readers.lines import Inbox, RealClock

from taptill.readers.device import ReaderSettings
from taptill.readers.opening import open_reader
from taptill.readers.registry import settings_problems
from taptill.readers.registry.built_in import BUILT_IN

SRC = Path(__file__).parents[2] / "src"
RECORDINGS = Path(__file__).parents[1] / "recordings"
RECORDING = RECORDINGS / "em18-composed-a-card-held-then-a-frame-cut-short.txt"
PLAIN = ReaderSettings("counter", "serial", "/dev/rfid-reader", "rdm6300")

WRONG: dict[str, tuple[ReaderSettings, list[str]]] = {
    "nothing": (PLAIN, []),
    "nothing, with everything set": (
        replace(PLAIN, steps=("8H10D",), baud=19200, dtr=True, rts=False),
        [],
    ),
    "no port": (replace(PLAIN, port=""), ["port: the driver 'serial' needs one"]),
    "no port for a front end": (
        ReaderSettings("counter", "nfc"),
        ["port: the driver 'nfc' needs one"],
    ),
    "nothing: a simulated reader needs no port": (ReaderSettings("demo", "simulated"), []),
    "a misspelt driver": (
        replace(PLAIN, driver="seriel"),
        ["driver: unknown driver 'seriel', nearest is 'serial'"],
    ),
    "a misspelt family": (
        replace(PLAIN, family="rdm630"),
        ["family: unknown family 'rdm630', nearest is 'rdm6300'"],
    ),
    "a misspelt step": (
        replace(PLAIN, steps=("8H10d",)),
        ["card_id: unknown step '8H10d', nearest is '8H10D'"],
    ),
    "a step that does not fit what the family delivers": (
        replace(PLAIN, family="line", steps=("HEX",)),
        [
            (
                "card_id: 'HEX' takes octets, here is text: "
                "read it first, with 'from-hex' or 'from-dec 4'"
            )
        ],
    ),
    "an option of another family": (
        replace(PLAIN, options={"end": "\r"}),
        ["options: this family takes no options: end"],
    ),
    "an option of no driver": (
        ReaderSettings("demo", "simulated", options={"skript": "x"}),
        ["options: unknown option 'skript', nearest is 'script'"],
    ),
    "an option of an empty front end": (
        ReaderSettings("counter", "nfc", "usb:072f:2200", options={"brty": "106A"}),
        ["options: unknown option 'brty', known: technologies"],
    ),
    "nothing: a front end of one technology": (
        ReaderSettings("counter", "nfc", "/dev/rfid-reader", options={"technologies": "212F"}),
        [],
    ),
    "a technology that names no customer": (
        ReaderSettings("counter", "nfc", "/dev/rfid-reader", options={"technologies": "106A 106B"}),
        ["options: technologies is of 106A, 212F"],
    ),
    "no technology": (
        ReaderSettings("counter", "nfc", "/dev/rfid-reader", options={"technologies": " "}),
        ["options: technologies is of 106A, 212F"],
    ),
    "nothing: a front end by its place": (ReaderSettings("counter", "nfc", "usb:001:004"), []),
    "a front end whose faults nfcpy would hide": (
        ReaderSettings("counter", "nfc", "usb:072f"),
        ["port: name it usb:VVVV:PPPP, as lsusb does: else no fault can be told"],
    ),
    "nothing: a recording names its family": (ReaderSettings("x", "replay", str(RECORDING)), []),
    "a recording that is none": (
        ReaderSettings("x", "replay", __file__),
        [f"port: {__file__}: the first line is not '# taptill recording, family NAME'"],
    ),
    "a recording that is not there": (
        ReaderSettings("x", "replay", "/nothing"),
        ["port: /nothing cannot be read: No such file or directory"],
    ),
    "a recording of a family that nobody knows": (
        ReaderSettings("x", "replay", str(RECORDING), "em19"),
        ["family: unknown family 'em19', nearest is 'em18'"],
    ),
    "times out of bounds": (
        replace(PLAIN, hold_ms=0),
        ["hold_ms: 0 is not within 50 to 10000"],
    ),
    "a speed out of bounds": (replace(PLAIN, baud=0), ["baud: 0 is not within 1 to 4000000"]),
    "all mistakes at once": (
        ReaderSettings(
            "counter", "serial", "", "lime", steps=("8H10DD",), baud=-1, same_card_delay_ms=-1
        ),
        [
            "same_card_delay_ms: -1 is not within 0 to 60000",
            "port: the driver 'serial' needs one",
            "baud: -1 is not within 1 to 4000000",
            "family: unknown family 'lime', nearest is 'line'",
            "card_id: unknown step '8H10DD', nearest is '8H10D'",
        ],
    ),
    "a wrong step behind an unknown driver": (
        replace(PLAIN, driver="seriel", steps=("take-last", "HEX")),
        [
            "driver: unknown driver 'seriel', nearest is 'serial'",
            "card_id: 'take-last' takes one number from 1 to 40",
        ],
    ),
    "steps for text behind an unknown family": (
        replace(PLAIN, family="lime", steps=("from-hex", "8H10D")),
        ["family: unknown family 'lime', nearest is 'line'"],
    ),
}


@pytest.mark.parametrize(("settings", "problems"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong(settings: ReaderSettings, problems: list[str]) -> None:
    assert settings_problems(settings) == problems


def test_a_reader_with_a_mistake_is_not_opened() -> None:
    with pytest.raises(ValueError, match="nearest is 'nfc'"):
        open_reader(replace(PLAIN, driver="nfcc"), Inbox().deliver, RealClock())


def test_looking_for_mistakes_imports_no_device_package() -> None:
    program = (
        "import sys\n"
        "from taptill.readers.device import ReaderSettings\n"
        "from taptill.readers.registry import settings_problems\n"
        f"for name in {[*BUILT_IN]}:\n"
        "    settings_problems(ReaderSettings('x', name, 'x', 'line'))\n"
        "print(sorted({'serial', 'nfc', 'usb1', 'evdev'} & set(sys.modules)))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"


IS_POLLED = {
    ("serial", "/dev/rfid-reader", "rdm6300"): False,
    ("serial", "/dev/rfid-reader", "twn4-simple"): True,
    ("replay", str(RECORDING), ""): False,
    ("replay", str(RECORDING), "twn4-simple"): True,
    ("nfc", "/dev/rfid-reader", ""): True,
    ("keyboard", "413d:2107", ""): False,
    ("pcsc", "ACR122U", ""): True,
    ("simulated", "", ""): False,
}


@pytest.mark.parametrize(("words", "is_polled"), IS_POLLED.items(), ids=map("-".join, IS_POLLED))
def test_which_readers_say_that_there_is_no_card(
    words: tuple[str, str, str], *, is_polled: bool
) -> None:
    driver, port, family = words
    settings = ReaderSettings("counter", driver, port, family)
    assert BUILT_IN[driver].is_polled(settings) is is_polled


PLUGIN_SOURCE = """
from dataclasses import replace

from taptill.readers.device import ReaderSettings
from taptill.readers.drivers.serial import SerialReader
from taptill.readers.frames import RawKind
from taptill.readers.frames.delimited import DelimitedDecoder, DelimitedFormat
from taptill.readers.frames.families import Family
from taptill.readers.registry import settings_problems
from taptill.readers.registry.driver import Driver

DRIVER = Driver(
    make_device=lambda settings: None,
    output_kind=lambda settings: RawKind.UID,
    problems=lambda settings: ["no!"],
)
FAMILY = Family(RawKind.NUMBER, 4800, lambda options: DelimitedDecoder(DelimitedFormat(digits=6)))
NONE = "no driver"
BOX = replace(DRIVER, problems=lambda settings: [], package="acme_box", extra="acme")

if __name__ == "__main__":
    for name in ("acme-rfid", "acme-none", "acme-rfit", "acme-box"):
        print(settings_problems(ReaderSettings("x", name)))
    for name in ("acme-six", "acme-none", "acme-sex"):
        print(settings_problems(ReaderSettings("x", "serial", "/dev/x", name, steps=("6H8D",))))
    settings = ReaderSettings("x", "serial", "/dev/x", "acme-six")
    print(SerialReader(settings)._configured_port().baudrate)
"""
ENTRY_POINTS = """
[taptill.readers]
acme-rfid = acme:DRIVER
acme-none = acme:NONE
acme-box = acme:BOX

[taptill.families]
acme-six = acme:FAMILY
acme-none = acme:NONE
"""


def test_another_package_may_add_a_driver_and_a_family(tmp_path: Path) -> None:
    (tmp_path / "acme.py").write_text(PLUGIN_SOURCE, encoding="utf-8")
    dist_info = tmp_path / "acme-1.0.dist-info"
    dist_info.mkdir()
    (dist_info / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    (dist_info / "METADATA").write_text("Name: acme\nVersion: 1.0\n", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "acme"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{SRC}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines() == [
        "['no!']",
        """["driver: the entry point of 'acme-none' is not a Driver"]""",
        """["driver: unknown driver 'acme-rfit', nearest is 'acme-rfid'"]""",
        """["driver: the driver 'acme-box' needs the extra 'acme': pip install 'taptill[acme]'"]""",
        "[]",
        """["family: the entry point of 'acme-none' is not a Family"]""",
        """["family: unknown family 'acme-sex', nearest is 'acme-six'"]""",
        "4800",
    ]
