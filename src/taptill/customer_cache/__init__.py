"""Snapshots in, the last known customer out; may be deleted at any time."""
