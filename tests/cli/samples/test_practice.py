"""Practising sells as the site does, and has nothing of its books."""

import dataclasses
from pathlib import Path

import pytest
from tests.config.files import text
from tests.service.conftest import equals, where
from tests.slips.samples import cash_slips, slip, void_slip

from taptill.cli.samples.practice import (
    SAMPLE_PIN,
    TAKEN_OVER,
    _samples,
    _without_pin,
    practising,
)
from taptill.cli.samples.service import add_samples, legend_of
from taptill.config import parse
from taptill.domain.currencies.writing import amount
from taptill.domain.money import Currency, Money
from taptill.domain.slips.report_slip import ReportSlip
from taptill.domain.staff.pins import hash_pin, pin_matches
from taptill.service.database import open_database
from taptill.service.sample import DEMO_CARDS, DEMO_UNKNOWN
from taptill.service.store import Store
from taptill.slips.layout import lay_out_report, lay_out_slip
from taptill.ui.layout import inner_size, lay_out
from taptill.ui.texts import LANGUAGES, load
from taptill.wiring.devices.printing import paper_of
from taptill.wiring.readers import check_reader

SLIPS = (slip(), void_slip(), *cash_slips().values())
MARKED = ("staff", "receipt", "warnings")
"""What is the site's, but changed for practising."""

URL = "http://127.0.0.1:1"
OFFICE = Path("/tmp/practice/office-token")
SITE = (
    text(
        till='name = "bar"\nlanguage = "fr"\nmode = "self-service"',
        backend='token_file = "/etc/taptill/api-token"\noffice_token_file = "/etc/office"\n'
        'headers = {"X-Tenant" = "bar"}\nclient_cert = "/etc/cert"\nclient_key = "/etc/key"',
        journal='mirror = "/media/stick/journal.db"',
        metrics='textfile = "/var/lib/node/taptill.prom"',
        receipt='printer = "/dev/usb/lp0"',
        settlement="share_debt_data = true",
    )
    + '\n[[goods]]\nkey = "t"\nname = "Tea"\nprice = "1.20"\n'
)


def test_it_sells_what_the_site_sells_and_as_it_does() -> None:
    site = parse(SITE, check_reader)
    config = practising(site, URL, OFFICE)
    assert all(getattr(config, table) == getattr(site, table) for table in TAKEN_OVER)


def test_nothing_of_it_names_a_place_of_the_site() -> None:
    """Every other table is what an empty file would give, but for the address of its service."""
    site = parse(SITE, check_reader)
    plain = practising(parse(text(), check_reader), URL, OFFICE)
    config = practising(site, URL, OFFICE)
    others = {field.name for field in dataclasses.fields(config)} - {*TAKEN_OVER, *MARKED}
    assert {name for name in others if getattr(config, name) != getattr(plain, name)} == set()
    assert config.backend.base_url == URL
    assert (config.backend.token_file, config.backend.office_token_file) == (None, OFFICE)
    assert (config.journal.mirror, config.metrics.textfile) == (None, None)
    assert {reader.driver for reader in config.readers} == {"simulated", "typed"}
    assert "/etc" not in str([getattr(config, name) for name in sorted(others)])


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_slip_begins_and_ends_with_the_mark_of_practising(language: str) -> None:
    site = parse(
        text(
            till=f'name = "bar"\nlanguage = "{language}"',
            receipt='printer = "/dev/usb/lp0"\nheader = "The bar"\nfooter = "Come again"',
        ),
        check_reader,
    )
    paper, words = paper_of(practising(site, URL, OFFICE)), load(language)
    mark = paper.page.shown(words.say("practice.slip"))
    printed = [lay_out_slip(one, paper, words) for one in SLIPS]
    assert all(lines[0].text.strip() == lines[-1].text.strip() == mark for lines in printed)
    report = ReportSlip(till="bar", title="X", at="2026-11-01T10:00:00Z", rows=())
    assert lay_out_report(report, paper, words)[0].text.strip() == mark
    assert mark not in str(lay_out_slip(SLIPS[0], paper_of(site), words))


def test_staff_who_have_only_a_card_have_a_pin_while_they_practise() -> None:
    own = hash_pin("4711")
    site = parse(
        text()
        + '[[staff]]\nname = "Jo"\nrole = "cashier"\ncard_id = "A1B2C3D4"\n'
        + f'[[staff]]\nname = "Kim"\nrole = "supervisor"\npin_hash = "{own}"\n',
        check_reader,
    )
    jo, kim = practising(site, URL, OFFICE).staff
    assert pin_matches(SAMPLE_PIN, jo.pin_hash)
    assert kim.pin_hash == own
    assert _samples(site, _without_pin(site)).staff == f"{SAMPLE_PIN} (Jo)"


@pytest.mark.parametrize(
    ("code", "owed"), [("EUR", "-12.30"), ("JPY", "-1230"), ("KWD", "-12.300")]
)
def test_the_invented_amounts_fit_the_sites_currency(code: str, owed: str, tmp_path: Path) -> None:
    """What the service answers is what the legend of the cards says."""
    currency = Currency.named(code)
    add_samples(tmp_path / "customers.db", tmp_path, currency)
    engine = open_database(tmp_path / "customers.db")
    store = Store(engine)
    query = {"conditions": where(equals("name", "Ada Byron")), "fields": {"totalDebt": True}}
    (ada,) = store.select(store.entities["Customers"], query)
    engine.dispose()
    assert currency.parse(str(ada["totalDebt"])) == currency.parse(owed)
    config = parse(text(till=f'name = "bar"\ncurrency = "{code}"'), check_reader)
    in_advance = amount(currency.parse(owed.strip("-")), currency, "en")
    assert in_advance in dict(legend_of(["A"], config))["A"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sample_card_is_explained_in_the_tills_language(language: str) -> None:
    config = parse(text(till=f'name = "bar"\nlanguage = "{language}"'), check_reader)
    cards = (*DEMO_CARDS, DEMO_UNKNOWN)
    legend = legend_of((card.key for card in cards), config)
    assert [key for key, _ in legend] == [card.key for card in cards]
    assert amount(Money(1230), config.till.currency, language) in legend[0][1]
    cells = inner_size(lay_out(80, 24).customer, lay_out(80, 24))[0]
    assert [line for line in legend if len(" ".join(line)) > cells] == []
