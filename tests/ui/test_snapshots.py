"""Every state of the till screen, as text; SNAPSHOTS=write in the environment writes the files."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.ui.drawing import characters, drawn
from tests.ui.states import LEGEND, OFFERED, OFFLINE, READY, SETTINGS, STATES

from taptill.ui.layout import WIDTH_MIN
from taptill.ui.modes.help import Overlay
from taptill.ui.texts import LANGUAGES, load
from taptill.ui.views import draw_screen

FOLDER = Path(__file__).with_name("snapshots")
SIZES = ((80, 24), (100, 30))
SMALL = ((50, 15), (66, 20))


def compare(name: str, drawing: str) -> None:
    """Compare a drawing with its file."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get("SNAPSHOTS") == "write":
        path.write_text(drawing, "utf-8")
    assert drawing == path.read_text("utf-8")


@pytest.mark.parametrize("name", STATES)
def test_a_state_looks_as_drawn(name: str) -> None:
    compare(name, "\n".join(drawn(draw_screen(STATES[name], SETTINGS, size)) for size in SIZES))


@pytest.mark.parametrize(
    "name", ["ready", "confirm", "paid", "declined-no-credit", "reader-missing"]
)
def test_small_terminals_fold_as_drawn(name: str) -> None:
    compare(
        f"small-{name}",
        "\n".join(drawn(draw_screen(STATES[name], SETTINGS, size)) for size in SMALL),
    )


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_banners_read_as_drawn_in_every_language(language: str) -> None:
    settings = replace(SETTINGS, texts=load(language))
    bands = [
        f"{name}\n" + "\n".join(map(characters, draw_screen(view, settings, (80, 24)).banner))
        for name, view in STATES.items()
    ]
    compare(f"bands-{language}", "\n\n".join(bands) + "\n")


def test_help_and_leaving_and_sample_cards_look_as_drawn() -> None:
    waiting = replace(READY, status=OFFLINE)
    asides = [
        draw_screen(READY, SETTINGS, (80, 24), Overlay.HELP),
        draw_screen(OFFERED, SETTINGS, (80, 24), Overlay.HELP),
        draw_screen(READY, SETTINGS, (80, 24), Overlay.LEAVE),
        draw_screen(waiting, SETTINGS, (80, 24), Overlay.LEAVE),
        draw_screen(READY, replace(SETTINGS, legend=LEGEND), (80, 24)),
        draw_screen(READY, replace(SETTINGS, legend=LEGEND), (50, 15)),
    ]
    compare("asides", "\n".join(map(drawn, asides)))


def test_below_the_smallest_size_a_plain_sentence_says_so() -> None:
    tiny = draw_screen(READY, SETTINGS, (WIDTH_MIN - 10, 6))
    assert "50 by 15" in " ".join("".join(map(characters, tiny.banner)).split())
    assert not tiny.status
    assert not tiny.sale


def test_no_snapshot_is_left_over() -> None:
    expected_names = {
        *STATES,
        "asides",
        *(f"bands-{language}" for language in LANGUAGES if language != "en"),
    }
    file_names = {path.stem for path in FOLDER.glob("*.txt")}
    others = ("small-", "page-", "goods-", "mode-", "plain-", "touch-")
    assert {name for name in file_names if not name.startswith(others)} == expected_names
