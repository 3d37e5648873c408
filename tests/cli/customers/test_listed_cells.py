"""`customers list --csv` is for spreadsheets: no cell of it becomes a formula or another number."""

import csv
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.cli.test_office_desk import BACKEND_ALONE, plain_backend

from taptill.cli import taptill as group

PEOPLE = {
    ("=HYPERLINK(1)", "0012345"): ("'=HYPERLINK(1)", '="0012345"'),
    ("@Ada", "62E30"): ("'@Ada", '="62E30"'),
    ("'-Ada", "1234567890123456"): ("''-Ada", '="1234567890123456"'),
    ("Ada - Byron", "62E3086CED"): ("Ada - Byron", "62E3086CED"),
    ("Ada", "+1"): ("Ada", "'+1"),
}


@pytest.mark.parametrize("person", PEOPLE, ids=str)
def test_a_name_stays_text_and_a_card_keeps_its_zeros(
    tmp_path: Path, person: tuple[str, str]
) -> None:
    (tmp_path / "office").write_text("token")
    (tmp_path / "office").chmod(0o600)
    config = tmp_path / "config.toml"
    name, card = person
    row = {"id": 7, "name": name, "cardId": card, "isBlocked": False, "totalDebt": -3}
    with plain_backend(row) as url:
        config.write_text(BACKEND_ALONE.format(url=url, folder=tmp_path))
        words = ["customers", "list", "--csv", "--config", str(config)]
        result = CliRunner().invoke(group, words)
    (told,) = csv.DictReader(StringIO(result.stdout[1:]))
    assert (told["name"], told["card_id"]) == PEOPLE[person]
    assert (told["total_debt"], told["blocked"]) == ("-3.00", "false")
