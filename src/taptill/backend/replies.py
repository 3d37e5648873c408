"""A reply in, what it means out: a body, a final no, or trouble that passes."""

import re
from typing import Any

from taptill.backend.body import NO_JSON
from taptill.backend.transport import Reply
from taptill.domain.errors import (
    MalformedError,
    RefusedError,
    UnauthorisedError,
    UnreachableError,
)

DENIED = frozenset({401, 403})
CLASH = 409

_NEVER_FINAL = frozenset({408, CLASH, 425, 428, 429})
_PASSING = frozenset({408, 425, 429, 502, 503, 504})
_CLIENT_FAULTS = range(400, 500)
_CODE = re.compile(r"[a-z0-9_-]{1,40}")
_UNKNOWN_FIELD = re.compile(r"""Field \\?["']([A-Za-z0-9_.]{1,80})\\?["'] not found""")
_LOOKED_AT = 2000
"""Characters of an error that are searched for what is known of it."""


def body_of(reply: Reply) -> Any:
    """Give the body of a successful read, or raise what the status means."""
    if not reply.ok:
        refuse_for_now(reply)
    if reply.body is NO_JSON:
        raise MalformedError(detail=f"HTTP {reply.status}, {reply.detail}")
    if not reply.ok:
        raise RefusedError(status=reply.status, detail=code_of(reply))
    return reply.body


def refuse_for_now(reply: Reply) -> None:
    """Raise where a status says nothing about the request itself."""
    if reply.status in DENIED:
        raise UnauthorisedError(status=reply.status)
    if reply.moved:
        detail = f"it sends us elsewhere (HTTP {reply.status}), where a token must not go"
        raise MalformedError(detail=detail)
    if reply.status in _NEVER_FINAL or reply.status not in _CLIENT_FAULTS or aborted(reply):
        raise UnreachableError(
            place="the Customers API",
            detail=f"HTTP {reply.status}",
            retry_after_s=reply.retry_after_s,
        )


def passes(reply: Reply) -> bool:
    """Tell trouble that may be over in a moment."""
    return reply.status in _PASSING or aborted(reply)


def aborted(reply: Reply) -> bool:
    """Tell PostgreSQL's 25P02 (a transaction that failed before ours), which passes by itself."""
    return not reply.ok and "25P02" in str(reply.body)[:_LOOKED_AT]


def is_final(reply: Reply) -> bool:
    """Tell a refusal of this very request: nothing was changed, and nothing will be."""
    theirs = reply.body is not NO_JSON and reply.body is not None and not aborted(reply)
    return theirs and reply.status in _CLIENT_FAULTS and reply.status not in _NEVER_FINAL


def code_of(reply: Reply) -> str:
    """Give a refusal's code where it is one: its message may hold a person's name."""
    error = reply.body.get("error") if isinstance(reply.body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "no code given"


def unknown_field(reply: Reply) -> str | None:
    """Name the field that a server says it does not have."""
    if not is_final(reply):
        return None
    found = _UNKNOWN_FIELD.search(str(reply.body)[:_LOOKED_AT])
    return found[1] if found else None
