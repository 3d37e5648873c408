"""Reads card readers, and reports what they read as `Tap`, `CardProblem` and `ReaderHealth`."""
