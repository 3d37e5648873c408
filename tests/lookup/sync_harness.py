"""A fake server of pages, a real cache and the sync between them; answers can be wrong."""

from collections.abc import Callable, Sequence

from tests.customer_cache.conftest import page
from tests.fakes.clock import FakeClock

from taptill.customer_cache.cache import CustomerCache
from taptill.domain.customer import Snapshot, stamp
from taptill.domain.errors import UnreachableError
from taptill.lookup.sync import Page, PageSource, Sync, SyncPolicy

POLICY = SyncPolicy(page_size=3, sync_s=60, full_sync_s=86_400)
LARGE_PAGES = SyncPolicy(page_size=1_000, sync_s=60, full_sync_s=86_400)
AWAY = UnreachableError(place="there", detail="x")


class Server:
    """Rows that change; `faults` are raised one per request, `after_page` runs after each page.

    `lies` holds what is returned or raised instead of the page behind an id, one per request.
    """

    def __init__(self, clock: FakeClock, *rows: Snapshot) -> None:
        self.rows = {row.customer.id: row for row in rows}
        self.faults: list[Exception] = []
        self.lies: dict[int, list[Page | Exception]] = {}
        self.requests: list[tuple[float, int, str]] = []
        self.after_page: Callable[[int], None] = lambda _: None
        self._clock = clock
        self._began_s = clock.monotonic()

    async def page(self, after_id: int, limit: int, since: str = "") -> Page:
        self.requests.append((self._clock.monotonic() - self._began_s, after_id, since))
        if self.faults:
            raise self.faults.pop(0)
        if self.lies.get(after_id):
            lie = self.lies[after_id].pop(0)
            if isinstance(lie, Exception):
                raise lie
            return lie
        since_instant = stamp(since)
        snapshots = [
            self.rows[customer_id]
            for customer_id in sorted(self.rows)
            if customer_id > after_id
            and (since_instant is None or newer(self.rows[customer_id], since))
        ]
        self.after_page(after_id)
        return page(*snapshots[:limit])


def newer(row: Snapshot, since: str) -> bool:
    left, right = stamp(row.updated_at), stamp(since)
    return left is not None and right is not None and left > right


class SyncHarness:
    """A fake server, a cache and the sync between them."""

    def __init__(self, clock: FakeClock, cache: CustomerCache, server: Server) -> None:
        self.clock = clock
        self.cache = cache
        self.server = server
        self.sighted: list[int] = []
        self.sync = self.another_sync()

    def another_sync(
        self, policy: SyncPolicy = POLICY, *, source: PageSource | None = None
    ) -> Sync:
        """Return a sync from `source`, by itself the server, into the same cache."""
        return Sync(
            source or self.server,
            self.cache,
            clock=self.clock,
            policy=policy,
            on_snapshots=self._sighted,
        )

    async def _sighted(self, snapshots: Sequence[Snapshot]) -> None:
        self.sighted += [snapshot.customer.id for snapshot in snapshots]

    def since(self) -> list[str]:
        """Return the `since` of each sync, taken from the request for its first page."""
        return [since for _, after_id, since in self.server.requests if after_id == 0]
