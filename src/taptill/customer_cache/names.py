"""The cache's file in, an index of all customers' names out; read in a thread."""

import asyncio
import logging
from contextlib import closing
from pathlib import Path

from taptill.customer_cache.rows import IS_GONE
from taptill.customer_cache.schema import FAULTS
from taptill.domain.people.names import NameIndex
from taptill.sqlite_files import connect_read_only

log = logging.getLogger("taptill.cache")

_NAMES = "SELECT id, name, external_id FROM customers WHERE gone != ?"


async def read_names(path: Path) -> NameIndex:
    """Return the names of all customers but those who are gone; none where they cannot be read."""
    return await asyncio.to_thread(_read, path)


def _read(path: Path) -> NameIndex:
    try:
        with closing(connect_read_only(path)) as cache:
            return NameIndex(cache.execute(_NAMES, (IS_GONE,)))
    except FAULTS as fault:
        log.warning("cache.no_names", extra={"detail": type(fault).__name__})
        return NameIndex(())
