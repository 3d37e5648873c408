"""Which lines are said when: views and times in, lines out; it reads no clock and writes nothing.

What a key, a card or the till has led to is said at once. What may pass by itself waits a moment,
and what takes its place meanwhile is said instead. What is about the till itself is said once it
has stayed so for `SETTLED_S`, and not more than `FACTS_MAX` times in `FACTS_S` of each topic: a
network that comes and goes does not bury a sale.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from taptill.checkout.view import TillView
from taptill.ui.plain.news import News, Topic, news
from taptill.ui.screen_settings import ScreenSettings

SETTLED_S = 2.0
FACTS_S = 60.0
FACTS_MAX = 4

TOPICS_MAX = 64
"""More topics than a till has; a site has a handful of readers."""

ORDER = tuple(Topic)
"""In this order are those said that are due at the same time."""

_BESIDE_VERDICT = (Topic.GOODS, Topic.TYPED)
"""What waits of these is said before anything that is said at once."""


@dataclass(slots=True)
class _Topic:
    """A fact: the line that waits and since when it is so, the line that was said, and when.

    `over` is said where nothing waits any more of what was said.
    """

    waiting: tuple[str, ...] | None = None
    over: tuple[str, ...] = ()
    since_s: float = 0.0
    said: tuple[str, ...] = ()
    times_s: deque[float] = field(default_factory=lambda: deque(maxlen=FACTS_MAX))

    @property
    def due_s(self) -> float:
        """Return when the waiting line may be said."""
        settled_s = self.since_s + SETTLED_S
        is_full = len(self.times_s) == FACTS_MAX
        return max(settled_s, self.times_s[0] + FACTS_S) if is_full else settled_s


class Narrator:
    """Says what a till's views mean, for one terminal."""

    def __init__(self) -> None:
        self._view: TillView | None = None
        self._waiting: dict[Topic, tuple[float, News]] = {}
        self._facts: dict[str, _Topic] = {}
        self._last_line = ""

    @property
    def has_said_all(self) -> bool:
        """Return whether nothing waits that Enter might be about."""
        return not self._waiting

    @property
    def due_s(self) -> float | None:
        """Return when something that waits is due; None: nothing waits."""
        dues = [due_s for due_s, _ in self._waiting.values()]
        dues += [topic.due_s for topic in self._facts.values() if topic.waiting is not None]
        return min(dues, default=None)

    def take(self, view: TillView, settings: ScreenSettings, now_s: float) -> list[str]:
        """Return the lines that are said at once because of a view; `now_s` is monotonic."""
        items = news(self._view, view, settings)
        self._view = view
        lines: list[str] = []
        for item in items:
            lines += self._put(item, now_s)
        return lines

    def at(self, now_s: float) -> list[str]:
        """Return the lines that are due."""
        lines = self._said([topic for topic, (due_s, _) in self._waiting.items() if due_s <= now_s])
        for topic in self._facts.values():
            if topic.waiting is not None and topic.due_s <= now_s:
                lines += self._fact_said(topic, now_s)
        return lines

    def hurry(self) -> list[str]:
        """Return all that waits and is about the sale or a page, as Enter may be about it."""
        return self._said(list(self._waiting))

    def heard(self, lines: Iterable[str]) -> None:
        """Record lines that were said besides."""
        for line in lines:
            self._last_line = line

    def _put(self, item: News, now_s: float) -> list[str]:
        if not isinstance(item.topic, Topic):
            self._put_fact(item, now_s)
            return []
        self._waiting.pop(item.topic, None)
        if not item.lines:
            return []
        if item.patience_s:
            self._waiting[item.topic] = (now_s + item.patience_s, item)
            self._hold_back(item.topic, now_s + item.patience_s)
            return []
        before = [topic for topic in _BESIDE_VERDICT if topic is not item.topic]
        lines = [*self._said(before), *item.lines]
        self.heard(lines)
        return lines

    def _hold_back(self, topic: Topic, due_s: float) -> None:
        """Let a verdict wait as long as what is being typed, which it is about."""
        if topic is Topic.TYPED and Topic.VERDICT in self._waiting:
            own_due_s, verdict = self._waiting[Topic.VERDICT]
            self._waiting[Topic.VERDICT] = (max(own_due_s, due_s), verdict)

    def _put_fact(self, item: News, now_s: float) -> None:
        topic = self._facts.get(item.topic)
        if topic is None:
            if len(self._facts) >= TOPICS_MAX:
                return
            topic = self._facts[item.topic] = _Topic()
        topic.waiting, topic.over, topic.since_s = item.lines, item.over, now_s

    def _said(self, topics: Iterable[Topic]) -> list[str]:
        """Return the lines of topics that wait; what was said just before is not said again."""
        lines: list[str] = []
        for topic in sorted(topics, key=ORDER.index):
            if topic in self._waiting:
                item = self._waiting.pop(topic)[1]
                if item.lines != (self._last_line,):
                    lines += item.lines
                    self.heard(item.lines)
        return lines

    def _fact_said(self, topic: _Topic, now_s: float) -> list[str]:
        waiting, topic.waiting = topic.waiting or (), None
        if waiting == topic.said:
            return []
        topic.said = waiting
        lines = waiting or topic.over
        if not lines:
            return []
        topic.times_s.append(now_s)
        self.heard(lines)
        return list(lines)
