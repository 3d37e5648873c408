"""What staff do by commands: find, insert, change and remove customers, book payments."""
