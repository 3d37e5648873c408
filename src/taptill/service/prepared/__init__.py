"""Statements that are compiled once, and the connections on which they are run."""
