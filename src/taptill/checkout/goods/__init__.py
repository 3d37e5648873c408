"""Ringing up: keys and barcodes become lines of the basket."""
