"""The checks of card readers: whether they open, who holds them, what their cards are."""
