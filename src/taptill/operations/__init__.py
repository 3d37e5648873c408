"""What people do with a till's books, for commands and screens alike: no option, no word of theirs.

An operation takes open parts and values, reports how far it is by values of `progress.py`, and
returns what came of it or raises an error of `domain/errors.py`. Whoever calls it words both.
"""
