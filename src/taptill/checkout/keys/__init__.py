"""Keys with their times in, calls of the till out: what a person typed, and what a machine did."""
