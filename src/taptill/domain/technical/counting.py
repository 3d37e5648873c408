"""A count in words."""


def many(count: int, singular: str, several: str = "") -> str:
    """Return a number with its noun: `1 customer`, `2 customers`."""
    return f"{count} {singular if count == 1 else several or f'{singular}s'}"
