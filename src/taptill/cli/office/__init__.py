"""Commands for the office and for moving a till: one file a command."""
