"""A time of the day as people write it."""

import re
from datetime import time

_WALL_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def parse_wall_time(text: str) -> time:
    """Return a time of the day written as `04:00`; ValueError for any other text."""
    if not _WALL_TIME.fullmatch(text):  # `fromisoformat` takes `0400Z` as well, with its zone
        raise ValueError(f"{text!r} is no time as 04:00")
    return time.fromisoformat(text)
