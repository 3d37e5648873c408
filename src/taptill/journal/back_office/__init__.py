"""What the office does with a journal: cases, export files, closing a year."""
