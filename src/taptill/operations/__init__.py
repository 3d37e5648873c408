"""Operations on a till's journal that commands and screens share.

An operation takes opened objects and values, reports its progress as values of `progress.py`, and
returns the outcome or raises an error of `domain/errors.py`. The caller puts both into words.
"""
