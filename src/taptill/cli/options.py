"""The options that several commands share, and the journal that they select."""

import os
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from taptill import config as configs
from taptill.domain.errors import JournalError, UsageError
from taptill.journal.queries import JournalQueries

WORDS_MAX = 200


class Words(click.ParamType[str]):
    """A short text for the journal: one line that is not empty."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text without surrounding spaces; fail where that is empty or too long."""
        words = value.strip()
        if not words or len(words) > WORDS_MAX or not words.isprintable():
            self.fail(f"write 1 to {WORDS_MAX} printable characters", param, ctx)
        return words


class ReadPath(click.Path):
    """A file or folder of the till; who may read it is said where this account may not."""

    def __init__(
        self, *, exists: bool = False, dir_okay: bool = True, allow_dash: bool = False
    ) -> None:
        super().__init__(
            exists=exists,
            dir_okay=dir_okay,
            readable=False,
            allow_dash=allow_dash,
            path_type=Path,
        )

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path. Errors: UsageError where it may not be read."""
        path = super().convert(value, param, ctx)
        assert isinstance(path, Path)
        if not _may_read(path):
            command = f"use `sudo {ctx.command_path if ctx else 'taptill'}`"
            problem = f"{path} cannot be read by this account: {command}"
            raise UsageError(problem=f"{problem}, or run it as the till's account")
        return path


def _may_read(path: Path) -> bool:
    """Return whether this account may read a file or folder, or would see that there is none."""
    try:
        path.stat()
    except PermissionError:
        return False
    except OSError:
        return True  # whoever opens it says what is wrong
    return os.access(path, os.R_OK)


STATE = click.option("--state-dir", type=ReadPath(), help="The folder of journal and cache.")
FILE = click.option(
    "--file",
    "archive",
    type=ReadPath(dir_okay=False),
    help="Read this archive of a closed year instead.",
)
CONFIG = click.option("--config", "option", type=ReadPath(), help="The config file.")
PLAIN = click.option(
    "--plain/--screen",
    default=None,
    help="Lines for screen readers and Braille, or the screen; else as [ui] plain says.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Answer for a script.")
STAFF = click.option(
    "--staff", required=True, type=Words(), help="Who decides: a name for the journal."
)
STAFF_NAMED = click.option(
    "--staff", type=Words(), help="Who does this, for the record; this account where none is named."
)
REASON = click.option(
    "--reason", required=True, type=Words(), help="Why, in a few words for the journal."
)


def journal_at(state_dir: Path | None) -> Path:
    """Return the path of a journal that exists; raise JournalError where there is none."""
    path = configs.journal_path(configs.state_dir(state_dir))
    if not path.exists():
        raise JournalError(path=path, detail="there is none; name its folder with --state-dir")
    return path


def journal_queries(state_dir: Path | None) -> closing[JournalQueries]:
    """Open a journal that exists for reading only, so a till may run on it meanwhile."""
    return closing(JournalQueries(journal_at(state_dir)))
