"""JSON bytes in, exact values out, and back: no number on the way ever becomes a float."""

import json
from collections.abc import Mapping

from taptill.domain.technical.exact_json import Json, read_json, write_json

DEPTH_MAX = 32
_CACHE_KEYS = json.JSONEncoder(default=str)
ECHO_MAX = 64
"""How many characters of a name that the client sent go back in an error."""


class ApiError(Exception):
    """An error answer: a status and `{"error": {code, message, path}}`, perhaps with a row."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        path: str = "",
        *,
        row: Json = None,
        details: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        error = {"code": code, "message": message, "path": path, **(details or {})}
        self.body = {"error": error} if row is None else {"error": error, "row": row}


def bad_request(code: str, message: str, path: str) -> ApiError:
    """Return an ApiError with status 400."""
    return ApiError(400, code, message, path)


def child_path(path: str, key: str) -> str:
    """Return the path of an object's member, with the key cut to ECHO_MAX characters."""
    short_key = key if len(key) <= ECHO_MAX else f"{key[:ECHO_MAX]}…"
    return f"{path}.{short_key}" if path else short_key


def parse(body: bytes) -> Json:
    """Read UTF-8 JSON; raises ApiError for anything else, NaN and Infinity included."""
    try:
        text = body.decode()
    except UnicodeDecodeError as fault:
        words = "the body is not UTF-8 (Latin-1 is not taken): encode it as UTF-8"
        raise bad_request("invalid-json", words, "") from fault
    try:
        value = read_json(text)
        # Fewer brackets than that cannot be deeper.
        deep = body.count(b"[") + body.count(b"{") > DEPTH_MAX
        too_deep = deep and _depth(value) > DEPTH_MAX
    except RecursionError:
        too_deep = True
    except ValueError as fault:
        raise bad_request("invalid-json", "the body is not valid JSON", "") from fault
    if too_deep:
        raise bad_request("too-deep", f"nested deeper than {DEPTH_MAX} levels", "")
    return value


def write(value: Json) -> str:
    """Return a value as JSON; every Decimal reads back as the same, with as many digits."""
    return write_json(value, str)


def cache_key(body: Json) -> str:
    """Return a part of a request as a cache key.

    A Decimal and its text have the same key; both are invalid where keys are used.
    """
    return _CACHE_KEYS.encode(body)


def require_object(value: Json, path: str, *keys: str) -> dict[str, Json]:
    """Return a value that is an object with these keys only; raise ApiError (400) otherwise."""
    if not isinstance(value, dict):
        raise bad_request("type", "an object is expected", path)
    for key in value:
        if key not in keys:
            raise bad_request("unknown-key", f"known are {', '.join(keys)}", child_path(path, key))
    return value


def member_or(body: Mapping[str, Json], key: str, default: Json) -> Json:
    """Return a member of an object; the default where it is absent or null."""
    value = body.get(key)
    return default if value is None else value


def require_list(value: Json, path: str, *, max_length: int) -> list[Json]:
    """Return a value that is a list of at most this length; raise ApiError (400) otherwise."""
    if not isinstance(value, list) or len(value) > max_length:
        raise bad_request("type", f"a list of at most {max_length} elements is expected", path)
    return value


def require_integer(value: Json, path: str, *, minimum: int, maximum: int) -> int:
    """Return a value that is an integer within bounds; raise ApiError (400) otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
        raise bad_request("range", f"a whole number from {minimum} to {maximum} is expected", path)
    return value


def count_values(value: Json) -> int:
    """Return the number of values within a value, itself included."""
    return 1 + sum(map(count_values, _children(value)))


def _depth(value: Json) -> int:
    return 1 + max(map(_depth, _children(value)), default=0)


def _children(node: Json) -> list[Json]:
    match node:
        case dict():
            return list(node.values())
        case list():
            return node
        case _:
            return []
