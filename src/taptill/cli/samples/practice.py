"""The command `taptill practice`: the site's own till, on invented cards and books of its own."""

import tempfile
from dataclasses import replace
from pathlib import Path

import click

from taptill import config as configs
from taptill.cli.run import Samples, show
from taptill.cli.samples.service import SAMPLE_READERS, sample_service, with_signs
from taptill.cli.technical.log import configure_logging
from taptill.config import Config
from taptill.domain.errors import UsageError
from taptill.wiring.readers import check_reader

TAKEN_OVER = ("till", "lookup", "limits", "offline", "privacy", "ui", "goods", "staff")
"""The tables that are the site's: how it sells, what, and by whom. All others are of practising."""

_CENTS = 2

_OWN = """
[backend]
base_url = "{url}"
token_file = ""
{readers}[settlement]
strategy = "debt"
"""


@click.command()
@click.option("--config", "option", type=click.Path(path_type=Path), help="The config file.")
def practice(option: Path | None) -> int:
    """Practise with this site's goods and staff: capital letters tap invented cards.

    Nothing of it reaches the books: journal, backend and customers are made for it, and are gone
    when it is left (ctrl+q twice).

    \b
    Examples:
      taptill practice
      taptill practice --config ./config.toml
    """
    site = configs.load(configs.find_config(option), check_reader)
    currency = site.till.currency
    if currency.digits < _CENTS:
        problem = f"the invented customers' amounts have cents, and {currency.code} has none"
        raise UsageError(problem=problem)
    with tempfile.TemporaryDirectory(prefix="taptill-practice-") as folder:
        place = Path(folder)
        with sample_service(place, currency.code) as url:
            config = practising(site, url)
            state = configs.state_dir(place / "state")
            configure_logging(state)
            # Not `read_token`, which takes the site's credential first.
            return show(
                config, state, (place / "token").read_text("ascii"), samples=_samples(config)
            )


def practising(site: Config, url: str) -> Config:
    """Return a config that sells as the site does, and has nothing of it besides."""
    own = configs.parse(_OWN.format(url=url, readers=SAMPLE_READERS), check_reader)
    return replace(own, **{table: getattr(site, table) for table in TAKEN_OVER})


def _samples(config: Config) -> Samples:
    from taptill.service.sample import DEMO_CARDS, DEMO_UNKNOWN  # noqa: PLC0415 - an extra

    cards = (*DEMO_CARDS, DEMO_UNKNOWN)
    return Samples(
        cards={card.key: card.card_id for card in cards},
        legend=tuple((card.key, with_signs(card.shows, config)) for card in cards),
        is_practice=True,
    )
