"""The command `taptill practice`: the site's own till, on invented cards and books of its own."""

import tempfile
from dataclasses import replace
from pathlib import Path

import click

from taptill import config as configs
from taptill.cli.options import PLAIN, ReadPath
from taptill.cli.run import Samples, need_terminal, show
from taptill.cli.samples.service import OFFICE_TOKEN, SAMPLE_READERS, legend_of, sample_service
from taptill.cli.technical.log import configure_logging
from taptill.config import Config
from taptill.config.tables import ReceiptConfig
from taptill.domain.staff.pins import hash_pin
from taptill.wiring.readers import check_reader

TAKEN_OVER = ("till", "lookup", "limits", "offline", "privacy", "ui", "goods")
"""The tables that are the site's as they are: how it sells, and what.

Its staff and its receipts are changed by as little as practising needs. All others are of
practising.
"""

SAMPLE_PIN = "0000"
"""The PIN, while practising, of staff who have a card and no PIN: no real card can be held up."""

_OWN = """
[backend]
base_url = "{url}"
token_file = ""
office_token_file = "{office_token}"
{readers}[settlement]
strategy = "debt"
"""


@click.command()
@click.option("--config", "option", type=ReadPath(), help="The config file.")
@PLAIN
def practice(option: Path | None, plain: bool | None) -> int:  # noqa: FBT001
    """Practise with this site's goods and staff: capital letters tap invented cards.

    Nothing of it reaches the books: journal, backend and customers are made for it, and are gone
    when it is left (ctrl+q twice). What it prints says that it is practice.

    \b
    Examples:
      taptill practice
      taptill practice --config ./config.toml
      taptill practice --plain
    """
    site = configs.load(configs.find_config(option), check_reader)
    is_plain = site.ui.plain if plain is None else plain
    need_terminal(is_plain=is_plain)
    with tempfile.TemporaryDirectory(prefix="taptill-practice-") as folder:
        place = Path(folder)
        with sample_service(place, site.till.currency) as url:
            config = practising(site, url, place / OFFICE_TOKEN)
            state = configs.state_dir(place / "state")
            configure_logging(state)
            # Not `read_token`, which takes the site's credential first.
            token = (place / "token").read_text("ascii")
            samples = _samples(config, _without_pin(site))
            return show(config, state, token, samples=samples, is_plain=is_plain)


def practising(site: Config, url: str, office_token: Path) -> Config:
    """Return a config that sells as the site does, and has nothing of it besides."""
    text = _OWN.format(url=url, office_token=office_token, readers=SAMPLE_READERS)
    own = configs.parse(text, check_reader)
    taken_over = {table: getattr(site, table) for table in TAKEN_OVER}
    pin_hash = hash_pin(SAMPLE_PIN)
    staff = tuple(replace(one, pin_hash=one.pin_hash or pin_hash) for one in site.staff)
    return replace(own, **taken_over, staff=staff, receipt=_marked(site))


def _marked(site: Config) -> ReceiptConfig:
    """Return how the site prints; each slip begins and ends with the mark of practising."""
    from taptill.ui.texts import load  # noqa: PLC0415 - most commands need none

    mark = load(site.till.language).say("practice.slip")
    receipt = site.receipt
    header, footer = f"{mark}\n{receipt.header}", f"{receipt.footer}\n{mark}"
    return replace(receipt, header=header.strip(), footer=footer.strip())


def _without_pin(site: Config) -> tuple[str, ...]:
    return tuple(one.name for one in site.staff if not one.pin_hash)


def _samples(config: Config, without_pin: tuple[str, ...]) -> Samples:
    from taptill.service.sample import DEMO_CARDS, DEMO_UNKNOWN  # noqa: PLC0415 - an extra

    cards = (*DEMO_CARDS, DEMO_UNKNOWN)
    return Samples(
        cards={card.key: card.card_id for card in cards},
        legend=legend_of((card.key for card in cards), config),
        staff=f"{SAMPLE_PIN} ({', '.join(without_pin)})" if without_pin else "",
        is_practice=True,
    )
