"""The command `taptill run`: the till on this terminal."""

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
from taptill.cli.log import configure_logging
from taptill.cli.systemd import feed_watchdog, notify
from taptill.config import Config
from taptill.domain.errors import ScreenError, UsageError
from taptill.journal.identity import refuse_moved
from taptill.wiring import TillRuntime, build, check_reader, refuse_misfit

Cards = Mapping[str, str]
"""Card ids of the simulated reader by the capital letter that shows them."""

ASKING_S_MAX = 4.0
"""Longest time in seconds that the start waits for the service to say what money it keeps."""


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
    journal = configs.journal_path(state)
    folders = configs.other_state_dirs(state)
    other_journals = [(folder / journal.name).resolve() for folder in folders]
    refuse_moved((path for path in other_journals if path != journal), config.till.name)
    configure_logging(state)
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
    """Run the till screen until it is left, and return the exit status."""
    need_terminal()
    runtime = build(config, state, token)
    try:
        return _show(runtime, config, cards or {}, legend)
    finally:
        runtime.close()


def need_terminal() -> None:
    """Raise UsageError where there is no terminal, or one that cannot show UTF-8."""
    if not sys.stdin.isatty() or not sys.stderr.isatty():
        raise UsageError(problem="the till draws on a terminal: run it in one, or as a service")
    if codecs.lookup(sys.stderr.encoding).name != "utf-8":
        raise UsageError(
            problem=f"this terminal is set to {sys.stderr.encoding}, the screen needs UTF-8: "
            "set the terminal to UTF-8 and start the till with LC_ALL=C.UTF-8"
        )


def _show(
    runtime: TillRuntime, config: Config, cards: Cards, legend: tuple[tuple[str, str], ...]
) -> int:
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

    def tap_of(card_id: str) -> Callable[[], None]:
        return lambda: runtime.present(card_id)

    async def live() -> None:
        notify("READY=1")
        async with asyncio.TaskGroup() as group:
            group.create_task(runtime.run())
            group.create_task(feed_watchdog(runtime.journal.alive))

    console = configs.terminal() == "linux"
    theme = choose_theme(config.ui.theme, configs.terminal())
    keys = runtime.key_taker({letter: tap_of(card_id) for letter, card_id in cards.items()})
    app = TillApp(keys, live, settings, theme, console=console)
    with in_colours(CONSOLE_PALETTE if theme == "console" else ()):
        fault = app.run()
    if console:
        # A console has no alternate screen: what the last customer saw would stay on it.
        with suppress(OSError):  # the terminal may be gone
            click.echo("\x1b[2J\x1b[H", nl=False, err=True)
    notify("STOPPING=1")
    if fault is not None:
        raise fault
    if app.fault is not None:
        raise ScreenError(fault=type(app.fault).__name__, place=_place(app.fault)) from app.fault
    return app.return_code or 0


def _place(fault: Exception) -> str:
    """Return file and line of a fault, without its message, which may name a customer."""
    frames = extract_tb(fault.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "the screen"
