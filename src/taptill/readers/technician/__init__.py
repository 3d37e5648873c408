"""A reader nobody knows yet in, what to write into the config out."""
