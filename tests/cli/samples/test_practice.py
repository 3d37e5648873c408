"""Practising sells as the site does, and has nothing of its books."""

import dataclasses
from pathlib import Path

from tests.config.files import text

from taptill.cli.samples.practice import TAKEN_OVER, practising
from taptill.config import parse
from taptill.wiring.readers import check_reader

URL = "http://127.0.0.1:1"
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
    config = practising(site, URL)
    assert all(getattr(config, table) == getattr(site, table) for table in TAKEN_OVER)


def test_nothing_of_it_names_a_place_of_the_site() -> None:
    """Every other table is what an empty file would give, but for the address of its service."""
    site = parse(SITE, check_reader)
    plain = practising(parse(text(), check_reader), URL)
    config = practising(site, URL)
    others = {field.name for field in dataclasses.fields(config)} - {*TAKEN_OVER, "warnings"}
    assert {name for name in others if getattr(config, name) != getattr(plain, name)} == set()
    assert config.backend.base_url == URL
    assert (config.backend.token_file, config.backend.office_token_file) == (None, None)
    assert (config.journal.mirror, config.metrics.textfile) == (None, None)
    assert config.receipt.printer == ""
    assert {reader.driver for reader in config.readers} == {"simulated", "typed"}
    assert "/etc" not in str([getattr(config, name) for name in sorted(others)])


def test_its_code_reads_no_token_of_the_site() -> None:
    source = Path(practising.__code__.co_filename).read_text("utf-8")
    assert "read_token(" not in source
