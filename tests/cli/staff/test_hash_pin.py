"""`taptill staff hash-pin`: the line for the config."""

import tomllib

import pytest
from click.testing import CliRunner

from taptill.cli.staff import staff
from taptill.domain.errors import UsageError
from taptill.domain.staff.pins import pin_matches


def test_a_pin_on_standard_input_gives_the_line_of_the_config() -> None:
    result = CliRunner().invoke(staff, ["hash-pin"], input="2580\n", catch_exceptions=False)
    (line,) = result.output.splitlines()
    assert pin_matches("2580", tomllib.loads(line)["pin_hash"])
    assert "2580" not in line


@pytest.mark.parametrize("text", ["", "12\n", "abcd\n", "1" * 500])
def test_what_is_no_pin_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="4 to 12 digits"):
        CliRunner().invoke(staff, ["hash-pin"], input=text, catch_exceptions=False)
