"""The list of F4: which receipt is printed."""
