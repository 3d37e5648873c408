"""Sales that were made, as lists and searches need them: pages, newest first."""
