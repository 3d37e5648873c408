"""The command `taptill demo`: a till beside a service with sample customers."""

import os
import tempfile
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from taptill import config as configs
from taptill.cli.run import Samples, show
from taptill.cli.samples.service import OFFICE_TOKEN, SAMPLE_READERS, legend_of, sample_service
from taptill.cli.technical.log import configure_logging
from taptill.domain.staff.member import Role
from taptill.domain.staff.pins import hash_pin
from taptill.wiring.readers import check_reader

_CONFIG = """
[till]
name = "demo"
language = "{language}"
repayments = true

[backend]
base_url = "{url}"
token_file = "{token}"
office_token_file = "{office_token}"
{readers}{serial}
[limits]
credit_ceiling = "50.00"

[settlement]
strategy = "debt"

[[goods]]
key = "c"
name = "Coffee"
price = "1.50"
group = "Hot drinks"
[[goods]]
key = "e"
name = "Espresso"
price = "1.20"
group = "Hot drinks"
[[goods]]
key = "w"
name = "Water"
price = "1.20"
group = "Cold drinks"
barcode = "40123455"
[[goods]]
key = "j"
name = "Juice"
price = "2.00"
group = "Cold drinks"
[[goods]]
key = "b"
name = "Bottle back"
price = "-0.25"
group = "Cold drinks"
[[goods]]
key = "s"
name = "Sandwich"
price = "3.80"
group = "To eat"
[[goods]]
key = "k"
name = "Cake"
price = "2.20"
group = "To eat"
[[goods]]
name = "Crisps"
price = "1.00"
group = "To eat"
{staff}"""

_SERIAL = """
[[reader]]
driver = "serial"
port = "{port}"
family = "rdm6300"
"""

_STAFF = """
[[staff]]
name = "{name}"
role = "{role}"
pin_hash = "{pin_hash}"
"""

_PEOPLE = (("Jo", Role.CASHIER, "1111"), ("Kim", Role.SUPERVISOR, "2222"))


@click.command()
@click.option("--serial", is_flag=True, help="Also open a pseudo-terminal as an RDM6300 reader.")
@click.option("--staff", is_flag=True, help="Somebody must log in: Jo, PIN 1111, or Kim, PIN 2222.")
@click.option(
    "--language", type=click.Choice(["en", "de", "fr", "es"]), default="en", show_default=True
)
@click.option("--plain", is_flag=True, help="Lines for screen readers and Braille, not the screen.")
def demo(*, serial: bool, staff: bool, language: str, plain: bool) -> int:
    """Try it: capital letters tap sample cards. Nothing is left behind.

    Small letters ring up goods, PgDn turns to more of them; 40123455, pasted, is the barcode of
    the water. With --staff, log in as Jo, and F9 lets a refusal pass by the PIN of Kim, a
    supervisor; log in as Kim, and F6 binds and blocks cards.

    \b
    Examples:
      taptill demo
      taptill demo --staff
      taptill demo --plain
      taptill demo --serial   (then, in another terminal, as the screen says:)
      printf '\\00262E3086CED08\\003' > /dev/pts/N
    """
    with (
        tempfile.TemporaryDirectory(prefix="taptill-demo-") as folder,
        _serial_line(is_wanted=serial) as line,
    ):
        place, (port, card_end) = Path(folder), line
        with sample_service(place) as url:
            text = _CONFIG.format(
                readers=SAMPLE_READERS,
                url=url,
                token=place / "token",
                office_token=place / OFFICE_TOKEN,
                language=language,
                serial=_SERIAL.format(port=port) if port else "",
                staff=_staff() if staff else "",
            )
            (place / "config.toml").write_text(text, "utf-8")
            config = configs.load(place / "config.toml", check_reader)
            state = configs.state_dir(place / "state")
            configure_logging(state)
            return _show(config, state, card_end, is_plain=plain)


def _staff() -> str:
    """Return the tables of the sample staff, whose PINs are hashed anew: some hundredths of a s."""
    return "".join(
        _STAFF.format(name=name, role=role, pin_hash=hash_pin(pin)) for name, role, pin in _PEOPLE
    )


def _show(config: configs.Config, state: Path, card_end: str, *, is_plain: bool) -> int:
    from taptill.service.sample import DEMO_CARDS, DEMO_UNKNOWN  # noqa: PLC0415 - an extra

    cards = (*DEMO_CARDS, DEMO_UNKNOWN)
    legend = legend_of((card.key for card in cards), config)
    if card_end:
        legend = ((">", f"RDM6300 bytes to {card_end}"), *legend)
    samples = Samples(
        cards={card.key: card.card_id for card in cards},
        legend=legend,
        staff=", ".join(f"{name} {pin}" for name, _, pin in _PEOPLE) if config.staff else "",
    )
    return show(config, state, configs.read_token(config), samples=samples, is_plain=is_plain)


@contextmanager
def _serial_line(*, is_wanted: bool) -> Iterator[tuple[str, str]]:
    """Open two joined pseudo-terminals; return the paths of the till's port and of its input.

    Two are needed because one path cannot be read by the till and written by a visitor.
    """
    if not is_wanted:
        yield "", ""
        return
    till_master, till_end = os.openpty()
    card_master, card_end = os.openpty()
    for end in (till_end, card_end):
        tty.setraw(end)

    def relay() -> None:
        while True:
            os.write(till_master, os.read(card_master, 1024))

    threading.Thread(target=relay, name="demo serial line", daemon=True).start()
    yield os.ttyname(till_end), os.ttyname(card_end)
