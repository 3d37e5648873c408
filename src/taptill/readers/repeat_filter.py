"""Lets a card's number pass once it was read in as many equal frames as a site asks for.

A checksum of one octet fits one broken frame in 256, and readers that are idle beside a strong
field send many broken frames. A reader sends the number of a card that lies there again and again,
but hardly sends the same broken frame twice. Pure: the caller passes monotonic seconds.
"""

EQUAL_FRAMES_MAX = 5
TRACKED_MAX = 16


class RepeatFilter:
    """Counts equal frames of at most `TRACKED_MAX` numbers, each for `within_ms` since its last.

    Other frames between two equal ones do not matter: of two cards, frames alternate.
    """

    def __init__(self, equal_frames: int, within_ms: int) -> None:
        if problem := equal_frames_problem(equal_frames):
            raise ValueError(problem)
        self._equal_frames = equal_frames
        self._within_s = within_ms / 1000
        self._counts: dict[str, tuple[int, float]] = {}

    def is_confirmed(self, raw: str, now_s: float) -> bool:
        """Count a frame; return whether its number was read often enough to be believed."""
        if self._equal_frames == 1:
            return True
        count, last_s = self._counts.pop(raw, (0, now_s))
        count = count + 1 if now_s - last_s <= self._within_s else 1
        while len(self._counts) >= TRACKED_MAX:
            del self._counts[next(iter(self._counts))]
        self._counts[raw] = (count, now_s)
        return count >= self._equal_frames


def equal_frames_problem(equal_frames: int) -> str:
    """Return what is wrong with this number of equal frames; empty if nothing is."""
    if 1 <= equal_frames <= EQUAL_FRAMES_MAX:
        return ""
    return f"equal_frames: {equal_frames} is not within 1 to {EQUAL_FRAMES_MAX}"
