"""Bytes of a card reader in, `Tap`, `CardProblem` and `ReaderHealth` out."""
