"""What is tried on a booted machine, each by its name: `python -m tests.machine NAME ...`."""
