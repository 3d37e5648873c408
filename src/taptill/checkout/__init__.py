"""Customer and basket in, decision and charge out: the till."""
