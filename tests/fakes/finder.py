"""A finder of customers whose cache and backend say what a test has told them."""

import asyncio

from taptill.domain.card_id import CardId
from taptill.domain.decision import LookupResult, NotFound, Unreachable


class FakeFinder:
    """`known` is the cache, `there` the backend; `takes_s` is how long the backend thinks."""

    def __init__(self) -> None:
        self.known: dict[str, LookupResult] = {}
        self.there: dict[str, LookupResult] = {}
        self.takes_s = 0.05
        self.cache_takes_s = 0.0
        self.offline = False
        self.fault: Exception | None = None
        self.asked: list[str] = []

    async def cached(self, card_id: CardId) -> LookupResult:
        """Answer from the cache, or fail as no finder should."""
        if self.fault:
            raise self.fault
        await asyncio.sleep(self.cache_takes_s)
        return self.known.get(card_id, Unreachable())

    async def live(self, card_id: CardId) -> LookupResult:
        """Answer as the backend was when it was asked, after it has thought."""
        self.asked.append(card_id)
        answer = Unreachable() if self.offline else self.there.get(card_id, NotFound())
        await asyncio.sleep(self.takes_s)
        return answer
