"""Finds and identifies readers, and what to write into the config for them."""
