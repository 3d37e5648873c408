"""The checks of the machine: board, clock, disk, console."""
