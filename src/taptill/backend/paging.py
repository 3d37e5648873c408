"""Pages of rows in order of id: by comparing ids where the server can, else by offset."""

import logging
from typing import Any

from taptill.backend.rows import parse_id
from taptill.backend.select import Filter, Select, where
from taptill.domain.errors import MalformedError, RefusedError

log = logging.getLogger("taptill.backend")

OFFSETS_MAX = 8
"""So many offsets are remembered: where the last few pages began and ended."""


class Pager:
    """Pages in order of id, for one caller who asks for the next page or the last one again."""

    def __init__(self, select: Select) -> None:
        self._select = select
        self.by_id = True
        """Whether `>` on ids works, as far as is known."""
        self._offsets: dict[tuple[str, int], int] = {}

    async def rows(self, after_id: int, limit: int, since: str) -> list[dict[str, Any]]:
        """Return rows with larger ids, changed after `since`; errors: BackendError."""
        change_filters = [where("updatedAt", ">", since)] if since else []
        if self.by_id:
            try:
                return await self._select.rows([where("id", ">", after_id), *change_filters], limit)
            except RefusedError:
                rows = await self._by_offset(after_id, limit, since, change_filters)
            log.warning("pages.by_offset")
            self.by_id = False
            return rows
        return await self._by_offset(after_id, limit, since, change_filters)

    async def _by_offset(
        self, after_id: int, limit: int, since: str, change_filters: list[Filter]
    ) -> list[dict[str, Any]]:
        """Return the next rows, read from the nearest offset on without those up to `after_id`."""
        offset, first_id = self._offsets.get((since, after_id), 0), None
        while rows := await self._select.rows(change_filters, limit, offset=offset):
            offset += len(rows)
            later = [row for row in rows if parse_id(row) > after_id]
            if later:
                self._remember(since, parse_id(later[-1]), offset)
                return later
            if parse_id(rows[0]) == first_id:
                raise MalformedError(detail="pages repeat: the server ignores offset")
            first_id = parse_id(rows[0])
        return []

    def _remember(self, since: str, last_id: int, offset: int) -> None:
        self._offsets |= {(since, last_id): offset, (since, last_id - 1): offset - 1}
        while len(self._offsets) > OFFSETS_MAX:
            self._offsets.pop(next(iter(self._offsets)))
