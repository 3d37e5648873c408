"""The command `taptill run`: the till on this terminal."""

import asyncio
import codecs
import gc
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import partial
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING

import click

from taptill import config as configs
from taptill.cli.console import in_colours
from taptill.cli.options import PLAIN, ReadPath
from taptill.cli.technical.crash import dumping, noting_end
from taptill.cli.technical.log import configure_logging
from taptill.cli.technical.systemd import feed_watchdog, notify
from taptill.config import Config
from taptill.domain.errors import CurrencyError, ScreenError, UsageError
from taptill.journal.identity import refuse_moved
from taptill.wiring.fleet.runs import STATUS, Runs
from taptill.wiring.opening import OpenJournal, is_known_backend, open_journal
from taptill.wiring.readers import check_reader

if TYPE_CHECKING:
    from taptill.operations.card_desk import CardDesk
    from taptill.operations.case_desk import CaseDesk
    from taptill.ui.screen_settings import ScreenSettings
    from taptill.ui.texts import Texts
    from taptill.wiring.cards.parts import CardParts
    from taptill.wiring.late_till import LateTill
    from taptill.wiring.sending import Sender

Cards = Mapping[str, str]
"""Card ids of the simulated reader by the capital letter that shows them."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What a demonstration offers: cards by their letters, and what tells of them and of PINs."""

    cards: Cards = field(default_factory=dict)
    legend: tuple[tuple[str, str], ...] = ()
    staff: str = ""
    is_practice: bool = False


NO_SAMPLES = Samples()

ASKING_S_MAX = 4.0
"""For so many seconds the service may say that it keeps other money, which refuses the start.

A till asks before its first screen. Where it has run for this backend and currency before, it asks
behind the screen: it shall not wait for a slow network, and before an answer within 0.4 s nobody
can sell, because Enter does not count so soon after a tap.
"""


@click.command()
@click.option("--config", "option", type=ReadPath(), help="The config file.")
@click.option("--state-dir", type=ReadPath(), help="Where journal and cache lie.")
@PLAIN
def run(option: Path | None, state_dir: Path | None, plain: bool | None) -> int:  # noqa: FBT001
    """Run the till on this terminal; ctrl+q twice leaves it.

    \b
    Examples:
      taptill run
      taptill run --config ./config.toml --state-dir ./state
      taptill run --plain
    """
    path = configs.find_config(option)
    config = configs.load(path, check_reader)
    state = configs.state_dir(state_dir)
    journal = configs.journal_path(state)
    folders = configs.other_state_dirs(state)
    other_journals = [(folder / journal.name).resolve() for folder in folders]
    refuse_moved((path for path in other_journals if path != journal), config.till.name)
    configure_logging(state)
    token = configs.read_token(config)
    is_plain = config.ui.plain if plain is None else plain
    need_terminal(is_plain=is_plain)
    if not is_known_backend(config, state):
        _refuse_misfit(config, token)
    return show(config, state, token, path, is_plain=is_plain)


def show(
    config: Config,
    state: Path,
    token: str,
    path: Path | None = None,
    samples: Samples = NO_SAMPLES,
    *,
    is_plain: bool = False,
) -> int:
    """Run the till screen until it is left, and return the exit status.

    What may refuse the start comes before the screen, and behind its first frame all the rest.
    `path` is the config's file, whose goods and staff may change meanwhile. `is_plain`: lines are
    said in the place of the screen.
    """
    need_terminal(is_plain=is_plain)
    gc.disable()  # until the till is built: what is imported and built stays
    with ExitStack() as files:
        opened = open_journal(config, state)
        files.callback(opened.journal.close)
        # Invented sales are no status of the site, whose folder the environment may name.
        place = configs.runtime_dir(state) if samples == NO_SAMPLES else state
        runs, status_file = Runs(state), place / STATUS
        start = _TillStart(
            config, state, token, opened, files=files, path=path, runs=runs, status_file=status_file
        )
        with noting_end(state, runs, opened.clock, status_file), dumping(state):
            return _say(start, samples) if is_plain else _show(start, samples)


def _refuse_misfit(config: Config, token: str) -> None:
    from taptill.wiring.backend import ask_for_misfit  # noqa: PLC0415 - it needs the HTTP client

    asyncio.run(ask_for_misfit(config, token, ASKING_S_MAX))


def need_terminal(*, is_plain: bool = False) -> None:
    """Raise UsageError where there is no terminal, or one that cannot show UTF-8.

    `is_plain`: lines are said, which may also go into a pipe; only the keys need a terminal.
    """
    output = sys.stdout if is_plain else sys.stderr
    if is_plain and not sys.stdin.isatty():
        raise UsageError(problem="the till reads its keys from a terminal: run it in one")
    if not is_plain and not (sys.stdin.isatty() and output.isatty()):
        raise UsageError(problem="the till draws on a terminal: run it in one, or as a service")
    if codecs.lookup(output.encoding).name != "utf-8":
        raise UsageError(
            problem=f"this terminal is set to {output.encoding}, the screen needs UTF-8: "
            "set the terminal to UTF-8 and start the till with LC_ALL=C.UTF-8"
        )


@dataclass(frozen=True, slots=True)
class _Screen:
    """What the till needs of its screen: the texts of its language, and the terminal's bell."""

    texts: "Texts"
    ring: Callable[[], None] | None


@dataclass(frozen=True, slots=True)
class _TillStart:
    """What the till behind the screen is built from; `files` are closed when the screen ends."""

    config: Config
    state: Path
    token: str
    opened: OpenJournal
    _: KW_ONLY
    files: ExitStack
    path: Path | None
    runs: Runs
    status_file: Path

    async def run(self, till: "LateTill", cards: Cards, screen: "_Screen") -> None:
        """Open the readers, build all the rest while they open, and work until cancelled."""
        from taptill.wiring.card_readers import CardReaders  # noqa: PLC0415 - behind the frame

        readers = CardReaders(self.config, self.opened.clock)
        try:
            readers.start()
            from taptill.wiring.backend import refuse_misfit  # noqa: PLC0415 - while they open
            from taptill.wiring.runtime import TillSetup, build  # noqa: PLC0415 - the same

            setup = TillSetup(
                self.config,
                self.state,
                self.token,
                path=self.path,
                desk_of=self._conflict_desk,
                card_desk_of=_card_desk,
                runs=self.runs,
                status_file=self.status_file,
                notify=notify,
                texts=screen.texts,
                ring=screen.ring,
            )
            self.runs.begin(self.opened.clock.now())
            runtime = build(setup, self.opened, readers)
            self.files.callback(runtime.close)
            till.connect(
                runtime.key_taker(
                    {letter: partial(readers.present, card_id) for letter, card_id in cards.items()}
                )
            )
            self.runs.ready()
            notify("READY=1")
            gc.freeze()  # never to be searched for garbage: that would take longer than a tap
            gc.enable()
            async with asyncio.TaskGroup() as group:
                group.create_task(runtime.run())
                group.create_task(feed_watchdog(runtime.journal.alive))
                group.create_task(refuse_misfit(runtime.api, ASKING_S_MAX))
        except ExceptionGroup as faults:
            misfits = faults.subgroup(CurrencyError)
            raise misfits.exceptions[0] if misfits else faults from None
        finally:
            await readers.stop()

    def _conflict_desk(self, sender: "Sender") -> "CaseDesk":
        from taptill.operations.case_desk import CaseDesk  # noqa: PLC0415 - for its page

        return CaseDesk(sender, self.state, float(self.config.settlement.late_max_s))


def _card_desk(parts: "CardParts") -> "CardDesk":
    from taptill.operations.card_desk import CardDesk  # noqa: PLC0415 - for its page

    return CardDesk(parts)


def _screen_settings(config: Config, samples: Samples) -> "ScreenSettings":
    from taptill.checkout.modes.mode import TillMode  # noqa: PLC0415 - a refused start needs none
    from taptill.ui import texts  # noqa: PLC0415
    from taptill.ui.screen_settings import ScreenPrivacy, ScreenSettings, ShowDebt, ShowName  # noqa: PLC0415

    mode = TillMode(config.till.mode)
    return ScreenSettings(
        texts=texts.load(config.till.language),
        currency=config.till.currency,
        privacy=ScreenPrivacy(
            ShowName(config.privacy.show_name), ShowDebt(config.privacy.show_debt)
        ),
        legend=samples.legend,
        staff_legend=samples.staff,
        mode=mode,
        is_practice=samples.is_practice,
        touch=config.ui.touch and mode.is_unattended and configs.terminal() != "linux",
        customer_amounts=config.till.customer_amounts,
        prints_each_sale=config.receipt.when == "always",
        guards_leaving=mode.is_unattended and bool(config.staff),
    )


def _show(start: _TillStart, samples: Samples) -> int:
    from taptill.ui.app import TillApp  # noqa: PLC0415 - a refused start needs no screen
    from taptill.ui.themes import CONSOLE_PALETTE, choose_theme  # noqa: PLC0415
    from taptill.wiring.late_till import LateTill  # noqa: PLC0415

    settings = _screen_settings(start.config, samples)
    console = configs.terminal() == "linux"
    theme = choose_theme(start.config.ui.theme, configs.terminal())
    till = LateTill()
    screen = _Screen(settings.texts, lambda: app.bell())  # noqa: PLW0108 - it is made below
    run_till = partial(start.run, till, samples.cards, screen)
    app = TillApp(till, run_till, settings, theme, console=console)
    with in_colours(CONSOLE_PALETTE if theme == "console" else ()):
        till_fault = app.run(mouse=settings.touch)
    _ignore_signals()
    if console:
        # A console has no alternate screen: what the last customer saw would stay on it.
        with suppress(OSError):  # the terminal may be gone
            click.echo("\x1b[2J\x1b[H", nl=False, err=True)
    return _exit_status(till_fault, app.fault, app.return_code or 0)


def _say(start: _TillStart, samples: Samples) -> int:
    """Run the till as lines; nothing of Textual is imported."""
    from taptill.ui.plain.terminal import PlainTerminal  # noqa: PLC0415 - as the screen
    from taptill.wiring.late_till import LateTill  # noqa: PLC0415

    settings = _screen_settings(start.config, samples)
    settings = replace(settings, console=configs.terminal() == "linux", touch=False)
    till = LateTill()

    def ring() -> None:
        terminal.ring()

    wants_bell = start.config.ui.sound == "bell"  # else not: refusals are said
    screen = _Screen(settings.texts, ring if wants_bell else None)
    run_till = partial(start.run, till, samples.cards, screen)
    keys, output = sys.stdin.fileno(), sys.stdout.fileno()
    terminal = PlainTerminal(till, run_till, settings, keys=keys, output=output)
    sys.stdout.flush()
    till_fault = asyncio.run(terminal.run())
    _ignore_signals()
    return _exit_status(till_fault, terminal.fault, 0)


def _ignore_signals() -> None:
    """Leave: another signal, as a terminal that is gone sends it, must not cut the end short."""
    from taptill.ui.keys.till_port import LEAVING_SIGNALS  # noqa: PLC0415 - imported already

    for number in LEAVING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _exit_status(till_fault: Exception | None, fault: Exception | None, status: int) -> int:
    """Return the exit status; raise what stopped the till, or a ScreenError for `fault`."""
    notify("STOPPING=1")
    if till_fault is not None:
        raise till_fault
    if fault is not None:
        raise ScreenError(fault=type(fault).__name__, place=_place(fault)) from fault
    return status


def _place(fault: Exception) -> str:
    """Return file and line of a fault, without its message, which may name a customer."""
    frames = extract_tb(fault.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "the screen"
