"""Reads the body of an HTTP answer as JSON, whatever its size, encoding and content type."""

import asyncio
import zlib
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from typing import Any

from taptill.domain.technical.exact_json import Json, read_json, read_list

BODY_MAX = 8 * 1024 * 1024
"""A longer body, counted after decompression, is refused: no page of customers is that long."""

AT_ONCE_MAX = 32 * 1024
"""A list of more bytes is parsed in parts: a tap would wait for a page of customers."""

ACCEPT_ENCODING = "gzip"
"""Our `Accept-Encoding`. We decompress ourselves, so that BODY_MAX also stops a decompression
bomb."""

NOT_JSON = object()
"""The value of a body that is not JSON, HTML of a captive portal for example."""

_GZIP_OR_ZLIB = 47  # zlib detects by itself whether it is gzip or deflate
_UNCOMPRESSED = frozenset({"", "identity"})
_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate"})


@dataclass(frozen=True, slots=True)
class Body:
    """`value` is parsed JSON, None for an empty body, or NOT_JSON, and then `detail` says why."""

    value: Any
    detail: str = ""


async def read_body(chunks: AsyncIterable[bytes], headers: Mapping[str, str]) -> Body:
    """Read at most BODY_MAX bytes as JSON; the Content-Type is ignored, as servers get it wrong."""
    encoding = headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _UNCOMPRESSED | _COMPRESSED:
        return Body(NOT_JSON, "packed in a way that nobody asked for")
    decompressor = _Decompressor() if encoding in _COMPRESSED else _Decompressor(plain=True)
    try:
        async for chunk in chunks:
            if not decompressor.add(chunk):
                return Body(NOT_JSON, f"longer than {BODY_MAX // 1024 // 1024} MB")
    except zlib.error:
        return Body(NOT_JSON, "packed badly")
    return await _parse(bytes(decompressor.raw))


class _Decompressor:
    """The decompressed start of a body, at most one byte longer than BODY_MAX."""

    def __init__(self, *, plain: bool = False) -> None:
        self.raw = bytearray()
        self._inflater = None if plain else zlib.decompressobj(_GZIP_OR_ZLIB)

    def add(self, chunk: bytes) -> bool:
        """Add a chunk; return False where the body is too long."""
        bytes_left = BODY_MAX + 1 - len(self.raw)
        self.raw += self._inflater.decompress(chunk, bytes_left) if self._inflater else chunk
        return len(self.raw) <= BODY_MAX


async def _parse(raw: bytes) -> Body:
    text = raw.strip()
    if not text:
        return Body(None)
    try:
        if len(text) > AT_ONCE_MAX and text[:1] == b"[":
            return Body(await _read_in_parts(raw))
        return Body(read_json(raw))
    except (ValueError, RecursionError):
        return Body(NOT_JSON, "a web page, a captive portal's?" if text[:1] == b"<" else "no JSON")


async def _read_in_parts(raw: bytes) -> list[Json]:
    """Parse a list, and let the event loop's other work run between its parts."""
    items: list[Json] = []
    for part in read_list(raw):
        items += part
        await asyncio.sleep(0)
    return items
