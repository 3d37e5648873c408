"""What `taptill setup` finds out and writes; the dialogue itself is in `cli/setup`."""
