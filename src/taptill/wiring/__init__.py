"""Builds a running till from a config, and may import every room below it for that.

A start draws its screen before its other parts are imported. So the order of imports is part of
it: `opening` is what may refuse a start, `ui` follows, and `runtime`, which imports every room,
comes behind the first frame. This package imports none of them by itself.
"""
