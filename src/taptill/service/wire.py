"""JSON bytes in, exact values out, and back: no number on the way ever becomes a float."""

import json
from collections.abc import Mapping

from taptill.domain.technical.exact_json import Json, read_json, write_json

DEPTH_MAX = 32
ECHO_MAX = 64
"""How many characters of a name that the client sent go back in an error."""


class Refusal(Exception):  # noqa: N818 - an answer of the API, not a fault of the program
    """The answer is an error status and `{"error": {code, message, path}}`, perhaps with a row."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        path: str = "",
        *,
        row: Json = None,
        more: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        error = {"code": code, "message": message, "path": path, **(more or {})}
        self.body = {"error": error} if row is None else {"error": error, "row": row}


def bad(code: str, message: str, path: str) -> Refusal:
    """Make a 400 that names the place."""
    return Refusal(400, code, message, path)


def joined(path: str, key: str) -> str:
    """Give the path of an object's member; a key that came from the client may be long."""
    shown = key if len(key) <= ECHO_MAX else f"{key[:ECHO_MAX]}…"
    return f"{path}.{shown}" if path else shown


def parse(body: bytes) -> Json:
    """Read UTF-8 JSON; raises Refusal for anything else, NaN and Infinity included."""
    try:
        text = body.decode()
    except UnicodeDecodeError as fault:
        words = "the body is not UTF-8 (Latin-1 is not taken): encode it as UTF-8"
        raise bad("invalid-json", words, "") from fault
    try:
        value = read_json(text)
        # Fewer brackets than that cannot be deeper.
        deep = body.count(b"[") + body.count(b"{") > DEPTH_MAX
        too_deep = deep and _depth(value) > DEPTH_MAX
    except RecursionError:
        too_deep = True
    except ValueError as fault:
        raise bad("invalid-json", "the body is not valid JSON", "") from fault
    if too_deep:
        raise bad("too-deep", f"nested deeper than {DEPTH_MAX} levels", "")
    return value


def write(value: Json) -> str:
    """Write JSON; every Decimal reads back as the same Decimal, with as many digits as it has."""
    return write_json(value, str)


def key_of(body: Json) -> str:
    """Write a part of a request as the key that it is remembered by, quickly.

    A Decimal becomes a text; where keys are taken either is as wrong.
    """
    return json.dumps(body, default=str)


def an_object(value: Json, path: str, *allowed: str) -> dict[str, Json]:
    """Check that a value is an object with no keys but the allowed ones."""
    if not isinstance(value, dict):
        raise bad("type", "an object is expected", path)
    for key in value:
        if key not in allowed:
            raise bad("unknown-key", f"known are {', '.join(allowed)}", joined(path, key))
    return value


def given(body: Mapping[str, Json], key: str, default: Json) -> Json:
    """Give a member of an object; null is as good as absent."""
    value = body.get(key)
    return default if value is None else value


def a_list(value: Json, path: str, *, longest: int) -> list[Json]:
    """Check that a value is a list of bounded length."""
    if not isinstance(value, list) or len(value) > longest:
        raise bad("type", f"a list of at most {longest} elements is expected", path)
    return value


def a_number(value: Json, path: str, *, least: int, most: int) -> int:
    """Check that a value is a whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise bad("range", f"a whole number from {least} to {most} is expected", path)
    return value


def size(value: Json) -> int:
    """Count the values within a value, itself included."""
    return 1 + sum(map(size, _children(value)))


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
