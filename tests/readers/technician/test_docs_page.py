"""docs/readers.md says of families, steps and states what the code says."""

import re
from pathlib import Path

import pytest

from taptill.domain.tap import CardTrouble, ReaderState
from taptill.readers import conversion_steps
from taptill.readers.frames import PolledDecoder, RawKind
from taptill.readers.frames.families import FAMILIES
from taptill.readers.normaliser import build_normaliser

PAGE = (Path(__file__).parents[3] / "docs" / "readers.md").read_text("utf-8")
FAMILY = re.compile(
    r"^\| `([\w-]+)` \| .* \| (\d+) \| (\w+) \| (yes|no) \| (yes|no) \|$", re.MULTILINE
)
SPELLING = re.compile(r"^\| `([\d,A-F]+)`[^|]* \| `\[(.*)\]` \|$", re.MULTILINE)
EM_CARD = "01026F6C3A"


def test_every_wire_format_stands_there_as_it_is() -> None:
    rows = {
        name: (int(baud), output_kind, polls == "yes")
        for name, baud, output_kind, polls, _ in FAMILY.findall(PAGE)
    }
    assert rows == {
        name: (family.baud, family.output_kind.value, isinstance(family.decoder({}), PolledDecoder))
        for name, family in FAMILIES.items()
    }


def test_every_step_stands_there_and_none_that_is_not() -> None:
    section = PAGE.partition("| Steps |")[2].partition("\n## ")[0]
    step_names = {words.split()[0] for words in re.findall(r"`([^`]+)`", section)}
    tables = (
        conversion_steps.TEXT_FILTERS,
        conversion_steps.PARSERS,
        conversion_steps.BYTE_TRANSFORMS,
        conversion_steps.FORMATTERS,
    )
    assert step_names == {word for table in tables for word in table}


@pytest.mark.parametrize(("expected_id", "words"), SPELLING.findall(PAGE))
def test_every_worked_example_is_right(expected_id: str, words: str) -> None:
    rule = build_normaliser(re.findall('"([^"]+)"', words), RawKind.UID)
    card_id = rule.card_id(EM_CARD)
    assert not isinstance(card_id, CardTrouble)
    assert card_id == expected_id


def test_every_state_that_needs_help_has_some() -> None:
    section = PAGE.partition("## When it does not work")[2]
    states = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert states == set(ReaderState) - {ReaderState.OK, ReaderState.OPENING}
