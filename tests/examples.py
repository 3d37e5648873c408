"""How many examples Hypothesis tries where a test needs more or fewer than others do."""

from hypothesis import settings

USUAL = 100


def about(examples: int) -> settings:
    """Try this many where the profile tries a hundred, and in proportion where it tries fewer."""
    return settings(max_examples=max(1, examples * settings().max_examples // USUAL))
