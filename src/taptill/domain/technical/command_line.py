"""Commands in texts, which their reader copies."""

import shlex


def command_line(*words: object) -> str:
    """Return words as a shell takes them apart again: a path with a blank in it is quoted."""
    return shlex.join(map(str, words))
