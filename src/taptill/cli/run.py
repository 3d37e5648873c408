"""`taptill run` in, the till on this terminal out."""

import asyncio
import codecs
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from traceback import extract_tb

import click

from taptill import config as configs
from taptill.cli.console import in_colours
from taptill.cli.log import log_beside
from taptill.cli.systemd import feed_watchdog, notify
from taptill.config import Config
from taptill.domain.errors import ScreenError, UsageError
from taptill.journal.identity import refuse_moved
from taptill.wiring import House, build, check_reader, refuse_misfit

Cards = Mapping[str, str]
"""Capital letter -> card id, for the simulated reader."""

ASKING_S_MAX = 4.0
"""So long the start waits for the service to say what money it keeps."""


@click.command()
@click.option("--config", "option", type=click.Path(path_type=Path), help="The config file.")
@click.option("--state-dir", type=click.Path(path_type=Path), help="Where journal and cache lie.")
def run(option: Path | None, state_dir: Path | None) -> int:
    """Run the till on this terminal; ctrl+q twice leaves it.

    \b
    Examples:
      taptill run
      taptill run --config ./config.toml --state-dir ./state
    """
    config = configs.load(configs.find_config(option), check_reader)
    state = configs.state_dir(state_dir)
    here = configs.journal_path(state)
    others = [(one / here.name).resolve() for one in configs.other_state_dirs(state)]
    refuse_moved((one for one in others if one != here), config.till.name)
    log_beside(state)
    token = configs.read_token(config)
    need_terminal()
    asyncio.run(refuse_misfit(config, token, ASKING_S_MAX))
    return show(config, state, token)


def show(
    config: Config,
    state: Path,
    token: str,
    cards: Cards | None = None,
    legend: tuple[tuple[str, str], ...] = (),
) -> int:
    """Run the till screen until it is left; give the exit status."""
    need_terminal()
    house = build(config, state, token)
    try:
        return _show(house, config, cards or {}, legend)
    finally:
        house.close()


def need_terminal() -> None:
    """Refuse to run where there is nothing to draw on, or where that would not be readable."""
    if not sys.stdin.isatty() or not sys.stderr.isatty():
        raise UsageError(problem="the till draws on a terminal: run it in one, or as a service")
    if codecs.lookup(sys.stderr.encoding).name != "utf-8":
        raise UsageError(
            problem=f"this terminal is set to {sys.stderr.encoding}, the screen needs UTF-8: "
            "set the terminal to UTF-8 and start the till with LC_ALL=C.UTF-8"
        )


def _show(house: House, config: Config, cards: Cards, legend: tuple[tuple[str, str], ...]) -> int:
    from taptill.ui import texts  # noqa: PLC0415 - a refused start needs no screen
    from taptill.ui.app import TillApp  # noqa: PLC0415
    from taptill.ui.screen_settings import ScreenPrivacy, ScreenSettings, ShowDebt, ShowName  # noqa: PLC0415
    from taptill.ui.themes import CONSOLE_PALETTE, choose_theme  # noqa: PLC0415

    privacy = ScreenPrivacy(ShowName(config.privacy.show_name), ShowDebt(config.privacy.show_debt))
    settings = ScreenSettings(
        texts=texts.load(config.till.language),
        currency=config.till.currency,
        privacy=privacy,
        legend=legend,
    )

    def shower(card_id: str) -> Callable[[], None]:
        return lambda: house.present(card_id)

    async def live() -> None:
        notify("READY=1")
        async with asyncio.TaskGroup() as group:
            group.create_task(house.run())
            group.create_task(feed_watchdog(house.journal.alive))

    console = configs.terminal() == "linux"
    theme = choose_theme(config.ui.theme, configs.terminal())
    keys = house.key_taker({letter: shower(card_id) for letter, card_id in cards.items()})
    app = TillApp(keys, live, settings, theme, console=console)
    with in_colours(CONSOLE_PALETTE if theme == "console" else ()):
        fault = app.run()
    if console:
        # A console has no second screen: what the last customer saw would stay.
        with suppress(OSError):  # or it is gone
            click.echo("\x1b[2J\x1b[H", nl=False, err=True)
    notify("STOPPING=1")
    if fault is not None:
        raise fault
    if app.fault is not None:
        raise ScreenError(fault=type(app.fault).__name__, place=_place(app.fault)) from app.fault
    return app.return_code or 0


def _place(fault: Exception) -> str:
    """Name where it happened; what was said may name a customer."""
    frames = extract_tb(fault.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "the screen"
