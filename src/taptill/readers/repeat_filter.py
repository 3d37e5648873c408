"""Frames in, whether as many equal ones have come as a site asks for out.

A check of one octet fits one broken frame in 256: readers that are idle beside a strong field send
such frames. A card that lies there is sent again and again, a broken frame hardly twice.
Pure: the caller passes monotonic seconds.
"""

EQUAL_FRAMES_MAX = 5
TRACKED_MAX = 16


class RepeatFilter:
    """Remembers at most `NUMBERS_MAX` numbers, each for `within_ms` since it came last.

    Other frames between two equal ones do not matter: two cards are sent in turn.
    """

    def __init__(self, equal_frames: int, within_ms: int) -> None:
        if problem := equal_frames_problem(equal_frames):
            raise ValueError(problem)
        self._equal_frames = equal_frames
        self._within_s = within_ms / 1000
        self._counts: dict[str, tuple[int, float]] = {}

    def is_confirmed(self, raw: str, now_s: float) -> bool:
        """Count a frame; tell whether this number has come often enough to be believed."""
        if self._equal_frames == 1:
            return True
        count, at_s = self._counts.pop(raw, (0, now_s))
        count = count + 1 if now_s - at_s <= self._within_s else 1
        while len(self._counts) >= TRACKED_MAX:
            del self._counts[next(iter(self._counts))]
        self._counts[raw] = (count, now_s)
        return count >= self._equal_frames


def equal_frames_problem(equal_frames: int) -> str:
    """Say what is wrong with the number of frames that is asked for; nothing if it will do."""
    if 1 <= equal_frames <= EQUAL_FRAMES_MAX:
        return ""
    return f"equal_frames: {equal_frames} is not within 1 to {EQUAL_FRAMES_MAX}"
