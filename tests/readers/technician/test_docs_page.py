"""docs/readers.md in, what it leaves out or invents out."""

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
    told = {
        name: (int(baud), output_kind, polled == "yes")
        for name, baud, output_kind, polled, _ in FAMILY.findall(PAGE)
    }
    assert told == {
        name: (one.baud, one.output_kind.value, isinstance(one.decoder({}), PolledDecoder))
        for name, one in FAMILIES.items()
    }


def test_every_step_stands_there_and_none_that_is_not() -> None:
    section = PAGE.partition("| Steps |")[2].partition("\n## ")[0]
    told = {words.split()[0] for words in re.findall(r"`([^`]+)`", section)}
    tables = (
        conversion_steps.TEXT_FILTERS,
        conversion_steps.PARSERS,
        conversion_steps.BYTE_TRANSFORMS,
        conversion_steps.FORMATTERS,
    )
    assert told == {word for table in tables for word in table}


@pytest.mark.parametrize(("spelled", "words"), SPELLING.findall(PAGE))
def test_every_worked_example_is_right(spelled: str, words: str) -> None:
    rule = build_normaliser(re.findall('"([^"]+)"', words), RawKind.UID)
    found = rule.card_id(EM_CARD)
    assert not isinstance(found, CardTrouble)
    assert found == spelled


def test_every_state_that_needs_help_has_some() -> None:
    section = PAGE.partition("## When it does not work")[2]
    told = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert told == set(ReaderState) - {ReaderState.OK, ReaderState.OPENING}
