"""`customers add --card` and `bind-card`: a card id is checked as the till would."""

from pathlib import Path

import pytest
from tests.cli.test_customers_command import CustomersCommand
from tests.fakes.service import RunningService

pytestmark = pytest.mark.slow


@pytest.fixture
def desk(tmp_path: Path, service: RunningService) -> CustomersCommand:
    """An office whose till has a reader of UIDs."""
    desk = CustomersCommand(tmp_path, service)
    nfc = 'driver = "nfc"\nport = "/dev/rfid-reader"'
    desk.config.write_text(desk.config.read_text().replace('driver = "simulated"', nfc))
    return desk


def test_blanks_around_a_card_id_are_trimmed(desk: CustomersCommand) -> None:
    customer = desk.added("Trimmed Blanks", "--card", " 04C0FFEE ")
    assert "card 04C0FFEE," in desk.done("show", str(customer))
    desk.done("bind-card", str(customer), "04C0FFEF\t")
    assert "card 04C0FFEF," in desk.done("show", str(customer))


def test_a_spelling_that_no_tap_gives_is_told_with_the_right_one(desk: CustomersCommand) -> None:
    refusal = desk.run("add", "Small Letters", "--card", "04:c0:ff:ee:01:02:03")
    assert refusal.returncode == 64
    assert "no tap of this till gives 04:c0:ff:ee:01:02:03: write 04C0FFEE010203" in refusal.stderr
    nobody = desk.run("find", "--name", "Small Letters")
    assert (nobody.returncode, nobody.stdout) == (1, "")


def test_a_number_that_is_new_at_every_tap_is_refused(desk: CustomersCommand) -> None:
    customer = desk.added("With A Phone", "--external-id", "phone-1")
    refusal = desk.run("bind-card", str(customer), "08A1B2C3")
    assert refusal.returncode == 64
    assert "is new at every tap: a phone or a passport, not a card" in refusal.stderr
    assert "no card," in desk.done("show", str(customer))


def test_who_knows_better_may_have_it_as_it_is(desk: CustomersCommand) -> None:
    customer = desk.added("Of Another CommandSite", "--card", "0013530444x", "--as-it-is")
    assert "card 0013530444x," in desk.done("show", str(customer))
    desk.done("bind-card", str(customer), "")
    assert "no card," in desk.done("show", str(customer))


@pytest.fixture
def office(tmp_path: Path, service: RunningService) -> CustomersCommand:
    """An office whose config has `[backend]` alone, of customers whose cards are in capitals."""
    office = CustomersCommand(tmp_path, service)
    folder = office.config.parent
    alone = f'[backend]\nbase_url = "{service.url}"\noffice_token_file = "{folder}/office"\n'
    office.config.write_text(alone)
    return office


@pytest.mark.parametrize("card", ["08A1B2C3", "08:a1:b2:c3", "01FE0102030405AA"])
def test_a_random_number_is_refused_without_any_reader(office: CustomersCommand, card: str) -> None:
    refusal = office.run("add", "Random Number", "--card", card)
    assert refusal.returncode == 64
    assert "is new at every tap: a phone or a passport, not a card" in refusal.stderr
    nobody = office.run("find", "--name", "Random Number")
    assert (nobody.returncode, nobody.stdout) == (1, "")


@pytest.mark.parametrize("card", ["00000000", "FFFFFFFFFF"])
def test_a_failed_reading_is_refused_without_any_reader(
    office: CustomersCommand, card: str
) -> None:
    refusal = office.run("add", "Blank Card", "--card", card)
    assert refusal.returncode == 64
    assert "is what a reader says when it fails" in refusal.stderr


@pytest.mark.parametrize("card", ["2.19E+26", "2,19E+26", "1E+05"])
def test_a_number_that_a_spreadsheet_has_shortened_is_refused(
    office: CustomersCommand, card: str
) -> None:
    refused = office.run("add", "From A List", "--card", card)
    assert refused.returncode == 64
    assert "is what a spreadsheet makes of a long number" in refused.stderr
    customer = office.added("From A List", "--card", card, "--as-it-is")
    office.done("bind-card", str(customer), "")


@pytest.mark.parametrize("card", ["62e3086cf1", "62:E3:08:6C:F1"])
def test_without_a_reader_the_other_cards_tell_how_one_is_spelled(
    office: CustomersCommand, card: str
) -> None:
    refusal = office.run("add", "Spelled Otherwise", "--card", card)
    assert refusal.returncode == 64
    right = "is spelled unlike the office's other cards: write 62E3086CF1; --as-it-is"
    assert f"{card} {right}" in refusal.stderr


def test_without_a_reader_blanks_go_and_who_knows_better_has_it(office: CustomersCommand) -> None:
    customer = office.added("Office Alone", "--card", " 62E3086CF2 ")
    assert "card 62E3086CF2," in office.done("show", str(customer))
    office.done("bind-card", str(customer), "62e3086cf3", "--as-it-is")
    assert "card 62e3086cf3," in office.done("show", str(customer))
    office.done("bind-card", str(customer), "")
    assert "no card," in office.done("show", str(customer))


def test_a_reader_that_types_refuses_a_random_number_too(desk: CustomersCommand) -> None:
    reader = 'driver = "keyboard"\nport = "/dev/input/rfid-reader"\ncard_id = ["text"]'
    nfc = 'driver = "nfc"\nport = "/dev/rfid-reader"'
    desk.config.write_text(desk.config.read_text().replace(nfc, reader))
    refusal = desk.run("add", "Random Number", "--card", "08A1B2C3")
    assert refusal.returncode == 64
    assert "is new at every tap" in refusal.stderr
