"""`customers add --card` and `bind-card`: a card id is checked as the till would."""

from pathlib import Path

import pytest
from tests.cli.test_customers_command import Desk
from tests.fakes.service import RunningService

pytestmark = pytest.mark.slow


@pytest.fixture
def desk(tmp_path: Path, service: RunningService) -> Desk:
    """An office whose till has a reader of UIDs."""
    desk = Desk(tmp_path, service)
    nfc = 'driver = "nfc"\nport = "/dev/rfid-reader"'
    desk.config.write_text(desk.config.read_text().replace('driver = "simulated"', nfc))
    return desk


def test_blanks_around_a_card_id_are_trimmed(desk: Desk) -> None:
    customer = desk.added("Trimmed Blanks", "--card", " 04C0FFEE ")
    assert "card 04C0FFEE," in desk.done("show", str(customer))
    desk.done("bind-card", str(customer), "04C0FFEF\t")
    assert "card 04C0FFEF," in desk.done("show", str(customer))


def test_a_spelling_that_no_tap_gives_is_told_with_the_right_one(desk: Desk) -> None:
    refused = desk.run("add", "Small Letters", "--card", "04:c0:ff:ee:01:02:03")
    assert refused.returncode == 64
    assert "no tap of this till gives 04:c0:ff:ee:01:02:03: write 04C0FFEE010203" in refused.stderr
    nobody = desk.run("find", "--name", "Small Letters")
    assert (nobody.returncode, nobody.stdout) == (1, "")


def test_a_number_that_is_new_at_every_tap_is_refused(desk: Desk) -> None:
    customer = desk.added("With A Phone", "--external-id", "phone-1")
    refused = desk.run("bind-card", str(customer), "08A1B2C3")
    assert refused.returncode == 64
    assert "is new at every tap: a phone or a passport, not a card" in refused.stderr
    assert "no card," in desk.done("show", str(customer))


def test_who_knows_better_may_have_it_as_it_is(desk: Desk) -> None:
    customer = desk.added("Of Another Site", "--card", "0013530444x", "--as-it-is")
    assert "card 0013530444x," in desk.done("show", str(customer))
    desk.done("bind-card", str(customer), "")
    assert "no card," in desk.done("show", str(customer))
