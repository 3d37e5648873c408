"""A console of some size in, the font and the switches that the till finds on it out."""

import os
import pty
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.project.sources import ROOT
from tests.systemd.test_systemd_unit import UNIT, analyze, needs_systemd

SCRIPT = ROOT / "systemd" / "console.sh"
CONSOLE_UNIT = ROOT / "systemd" / "taptill-console.service"
RULES = ROOT / "udev" / "95-taptill-console.rules"
DEFAULTS = ROOT / "systemd" / "taptill-console.default"
SCORE_MAX = 15  # tenths: 1.5

# A font of so many dots: heightxwidth, or the height of one that is eight dots wide.
SETFONT = """#!/bin/sh
size=${{3##*TerminusBold}}
case $size in *x*) high=${{size%x*}} wide=${{size#*x}} ;; *) high=$size wide=8 ;; esac
echo "setfont $3" >>{folder}/called
[ "$3" != absent ] || exit 1
stty rows $(({height} / high)) columns $(({width} / wide)) <"$2"
"""
SETLEDS = '#!/bin/sh\necho "setleds $*" >>{folder}/called\n'


@dataclass(frozen=True)
class Panel:
    folder: Path

    def run(self, width: int, height: int, font: str = "") -> tuple[list[str], bytes]:
        """Return the programs that were called on a panel of so many dots, and what was written."""
        programs = self.folder / "bin"
        programs.mkdir()
        for name, text in {"setfont": SETFONT, "setleds": SETLEDS}.items():
            program = programs / name
            program.write_text(text.format(folder=self.folder, width=width, height=height))
            program.chmod(0o755)
        ours, console = pty.openpty()
        environment = {"PATH": f"{programs}:/usr/bin:/bin", "FONT": font}
        words = ["sh", str(SCRIPT), os.ttyname(console)]
        subprocess.run(words, env=environment, check=True, timeout=30, capture_output=True)
        written = os.read(ours, 1000)
        os.close(ours)
        os.close(console)
        return (self.folder / "called").read_text().splitlines(), written


@pytest.mark.parametrize(
    ("width", "height", "font"),
    [
        (1920, 1080, "32x16"),
        (1280, 800, "32x16"),
        (1024, 600, "24x12"),
        (800, 480, "20x10"),
        (640, 480, "16"),
        (480, 320, "16"),  # nothing fits: the smallest, and the till shows less
        (480, 800, "16"),  # a panel that stands upright
    ],
)
def test_letters_are_as_large_as_80_by_24_allow(
    width: int, height: int, font: str, tmp_path: Path
) -> None:
    called, _ = Panel(tmp_path).run(width, height)
    fonts = [words for words in called if words.startswith("setfont")]
    assert fonts[-1] == f"setfont Uni2-TerminusBold{font}"


def test_a_site_chooses_its_own_font(tmp_path: Path) -> None:
    called, _ = Panel(tmp_path).run(800, 480, "Uni2-TerminusBold28x14")
    assert called == ["setfont Uni2-TerminusBold28x14", "setleds -D +num"]


def test_the_keypad_types_digits_and_nothing_gets_dark_even_without_that_font(
    tmp_path: Path,
) -> None:
    called, written = Panel(tmp_path).run(800, 480, "absent")
    assert called == ["setfont absent", "setleds -D +num"]
    assert written == b"\x1b[9;0]\x1b[14;0]"


def test_the_unit_reads_the_file_that_the_installer_puts_there() -> None:
    lines = CONSOLE_UNIT.read_text("utf-8").splitlines()
    assert "EnvironmentFile=-/etc/default/taptill-console" in lines
    settings = [line for line in DEFAULTS.read_text("utf-8").splitlines() if "=" in line]
    assert [line for line in settings if not line.startswith("#")] == ["FONT="]
    assert "ExecStart=-/bin/sh /opt/taptill/current/systemd/console.sh" in lines


def test_it_opens_the_console_also_while_that_belongs_to_the_till() -> None:
    capabilities = "CapabilityBoundingSet=CAP_SYS_TTY_CONFIG CAP_DAC_OVERRIDE"
    assert capabilities in CONSOLE_UNIT.read_text("utf-8").splitlines()


def test_it_is_done_before_the_till_and_keeps_no_till_from_starting() -> None:
    assert "Before=taptill.service" in CONSOLE_UNIT.read_text("utf-8")
    till = UNIT.read_text("utf-8")
    assert "Wants=taptill-console.service" in till
    assert "Requires=taptill-console" not in till


def test_a_graphics_driver_that_comes_late_gets_the_font_too() -> None:
    """After the rule of Debian's console-setup, which sets the system's font at the same event."""
    rules = RULES.read_text("utf-8")
    assert RULES.name > "90"
    run = 'RUN+="/usr/bin/systemctl --no-block restart taptill-console.service"'
    active = [line for line in rules.splitlines() if not line.startswith("#")]
    assert [line.split(", ")[1:] for line in active] == [
        ['SUBSYSTEM=="vtconsole"', 'KERNEL=="vtcon*"', run],
        ['SUBSYSTEM=="graphics"', 'KERNEL=="fb[0-9]*"', run],
    ]


@needs_systemd
def test_systemd_takes_the_unit_and_finds_it_well_shut() -> None:
    verdict = analyze("verify", "--man=no", "--recursive-errors=no", CONSOLE_UNIT)
    said = [line for line in verdict.stderr.splitlines() if CONSOLE_UNIT.name in line]
    assert (verdict.returncode, said) == (0, [])
    score = analyze("security", "--offline=true", f"--threshold={SCORE_MAX}", CONSOLE_UNIT)
    assert score.returncode == 0, score.stdout


@pytest.mark.parametrize("script", ["systemd/console.sh", "release/install.sh"])
def test_shellcheck_has_nothing_to_say(script: str) -> None:
    shellcheck = shutil.which("shellcheck")
    if not shellcheck:
        pytest.skip("shellcheck is not installed")
    verdict = subprocess.run(
        [shellcheck, str(ROOT / script)], capture_output=True, text=True, check=False
    )
    assert (verdict.returncode, verdict.stdout) == (0, "")
