"""Card id in, customer out: the cached one at once, the live one beside it."""
