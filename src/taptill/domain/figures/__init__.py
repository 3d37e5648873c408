"""What a running till counts of itself: plain values, without a name or a card of anybody."""
