"""What goes on beside the sales: the chain is walked, a copy is kept."""
