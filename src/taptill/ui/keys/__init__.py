"""A terminal's bytes in, keys out; and the driver that reads and writes a terminal."""
