"""Look-ups of customers by card: the cached customer at once, the live one beside it."""
