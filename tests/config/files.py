"""The smallest config that loads, and the complaints of a config, for tests."""

import pytest

from taptill.config import ReaderCheck, parse
from taptill.domain.errors import ConfigError

SMALLEST = {
    "backend": 'base_url = "https://api.example.org"',
    "settlement": 'strategy = "debt"',
    "[reader]": 'driver = "simulated"',
}


def text(**tables: str) -> str:
    """Return the smallest file with more lines in its tables: `text(till='name = "a"')`."""
    lines_by_table = {name: SMALLEST.get(name, "") for name in (*SMALLEST, *tables)}
    return "\n".join(
        f"[{name}]\n{lines}\n{tables.get(name, '')}" for name, lines in lines_by_table.items()
    )


def complaints(toml: str, check_reader: ReaderCheck = lambda _: ()) -> list[str]:
    """Return all complaints about the text of a file."""
    with pytest.raises(ConfigError) as error:
        parse(toml, check_reader)
    texts = error.value.fields["list"]
    assert isinstance(texts, list)
    assert str(error.value) == "\n".join(texts)
    return texts
