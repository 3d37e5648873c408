"""Foreign text is harmless and no cell is cut in half."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from taptill.ui.glyphs import CONSOLE_GLYPHS
from taptill.ui.rows import ColourRole, Run, bare, clean, clip, frame, justify, pad, wrap

CLEANED = {
    "a plain name stays": ("Ada Byron", "Ada Byron"),
    "an escape sequence loses its escape": ("\x1b[2JAda", "?[2JAda"),
    "line breaks and tabs are blanks": ("Ada\r\n\tByron\u2028X", "Ada Byron X"),
    "a bell and a null are question marks": ("A\x07B\x00", "A?B?"),
    "direction marks vanish": ("\u202eadA\u202c \u2066x\u2069", "adA x"),
    "zero width vanishes": ("A\u200b\u200d\ufeffda\u00ad", "Ada"),
    "markup is just letters": ("[red]Ada[/red]", "[red]Ada[/red]"),
    "accents are composed": ("Zoe\u0308", "Zoë"),
    "of piled-up accents one stays": ("A\u0335\u0336\u0337\u0338", "A\u0335"),
    "invisible letters alone are a question mark": ("\u3164\u2800 \u200b", "?"),
    "an empty name is a question mark": ("", "?"),
    "a lone surrogate is a question mark": ("A\ud800", "A?"),
    "variation selectors and tags vanish": ("A\ufe0f\U000e0041", "A"),
    "private characters are question marks": ("\ue000", "?"),
}


@pytest.mark.parametrize(("text", "cleaned_text"), CLEANED.values(), ids=CLEANED)
def test_clean(text: str, cleaned_text: str) -> None:
    assert clean(text) == cleaned_text


def test_on_the_console_what_the_font_lacks_is_a_question_mark() -> None:
    assert clean("Zoë 王 Ω Жан ✓", console=True) == "Zoë ? Ω Жан ?"
    assert clean("王 ✓") == "王 ✓"


@given(st.text(), st.booleans())
def test_clean_leaves_one_line_of_visible_characters(text: str, console: bool) -> None:  # noqa: FBT001
    cleaned_text = clean(text, console=console)
    assert cleaned_text.strip() == cleaned_text != ""
    assert not {unicodedata.category(character) for character in cleaned_text} & {
        "Cc",
        "Cf",
        "Cs",
        "Zl",
        "Zp",
    }
    assert clean(cleaned_text, console=console) == cleaned_text
    if console:
        assert set(cleaned_text) <= CONSOLE_GLYPHS


@given(st.text("ab 王é한-", max_size=60), st.integers(1, 40))
def test_clipped_and_padded_text_has_its_width(text: str, width: int) -> None:
    assert cell_len(clip(text, width)) <= width
    assert cell_len(pad(text, width)) == width
    assert (clip(text, width) == text) == (cell_len(text) <= width)


@given(st.text("ab 王é한-", max_size=120), st.integers(2, 40))
def test_wrapped_text_loses_nothing_and_fits(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_wide_letter_at_the_edge_is_not_halved() -> None:
    assert clip("王小明", 4) == "王…"
    assert pad("王小明", 4) == "王… "
    assert justify("王小明王小明", "3.00", 12) == "王小明… 3.00"


def test_a_colon_after_a_blank_does_not_begin_a_line() -> None:
    assert wrap("La caisse ouvre son journal : attendre", 27) == [
        "La caisse ouvre son",
        "journal : attendre",
    ]


def test_a_pair_of_arrows_stays_on_one_line_and_no_line_begins_with_a_dot() -> None:
    assert wrap("Type a time; ↑ ↓ choose", 15) == ["Type a time;", "↑ ↓ choose"]
    assert wrap("wrong amount · wrong customer", 12) == ["wrong", "amount ·", "wrong", "customer"]


@pytest.mark.parametrize("text", ["a", "a" * 10, "a" * 30], ids=len)
def test_a_coloured_text_stands_in_line_with_others_and_is_as_long(text: str) -> None:
    framed = frame("", [Run(text), Run(text, ColourRole.WARN)], 14, 4)
    plain, coloured = ("".join(run.text for run in row) for row in framed[1:3])
    assert plain == coloured
    unframed = bare([Run(f" {text}"), Run(f" {text}", ColourRole.WARN)], 12, 2)
    plain, coloured = ("".join(run.text for run in row) for row in unframed)
    assert plain.rstrip(" …a") == coloured.rstrip(" …a")
    assert len(plain) == len(coloured) == 12
