"""The last known customers in a SQLite file that may be deleted at any time."""
