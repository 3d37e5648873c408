"""What a till needs to change customers' cards: the office's token, and where its answers go."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from taptill import config as configs
from taptill.backend.staff.client import StaffClient
from taptill.config import Config
from taptill.domain.customer import Snapshot
from taptill.domain.entry import Draft
from taptill.readers.normaliser import Normaliser
from taptill.wiring.backend import office
from taptill.wiring.readers import card_rules


class RowKeeper(Protocol):
    """The till's own copy of the customers; neither method raises."""

    def store(self, snapshots: list[Snapshot]) -> None:
        """Store these rows as seen now."""

    async def keep(self, snapshot: Snapshot, *, card_wins: bool = False) -> bool:
        """Store a row; return whether the disk has it, once it has.

        `card_wins`: card and block are stored also where a newer row is.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class CardParts:
    """What changes of cards are made with.

    `connect` returns a client that acts for a person, and raises ConfigError where no token can be
    read. `rules` are those of the readers of cards. `append` commits entries, and raises
    JournalError. `seen` is told of each row that was read.
    """

    connect: Callable[[str], StaffClient]
    rules: Sequence[Normaliser]
    append: Callable[[Sequence[Draft]], Awaitable[Any]]
    rows: RowKeeper
    seen: Callable[[Snapshot], Awaitable[None]]


def card_parts(
    config: Config,
    append: Callable[[Sequence[Draft]], Awaitable[Any]],
    rows: RowKeeper,
    seen: Callable[[Snapshot], Awaitable[None]],
) -> CardParts:
    """Return what changes of cards are made with, for a config that names an office's token."""

    def connect(staff: str) -> StaffClient:  # the token is read anew each time
        return office(config, configs.read_office_token(config), staff or None, more_fields={})

    return CardParts(
        connect=connect,
        rules=card_rules(config.readers),
        append=append,
        rows=rows,
        seen=seen,
    )
