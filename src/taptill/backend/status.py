"""What the status and body of a reply mean: success, a final refusal, or a transient error."""

import re
from typing import Any

from taptill.backend.body import NOT_JSON
from taptill.backend.transport import Reply
from taptill.domain.errors import (
    MalformedError,
    RefusedError,
    UnauthorisedError,
    UnreachableError,
)

DENIED = frozenset({401, 403})
CLASH = 409
"""HTTP calls it Conflict: the row does not meet the condition of the update.

A `Conflict` of settlement is something else, a case for a person.
"""

_NEVER_FINAL = frozenset({408, CLASH, 425, 428, 429})
_TRANSIENT = frozenset({408, 425, 429, 502, 503, 504})
_CLIENT_FAULTS = range(400, 500)
_CODE = re.compile(r"[a-z0-9_-]{1,40}")
_UNKNOWN_FIELD = re.compile(r"""Field \\?["']([A-Za-z0-9_.]{1,80})\\?["'] not found""")
_SEARCHED_CHARACTERS = 2000
"""So many characters of an error body are searched for known texts."""


def successful_body(reply: Reply) -> Any:
    """Return the body of a successful read, or raise what the status means."""
    if not reply.ok:
        raise_for_status(reply)
    if reply.body is NOT_JSON:
        raise MalformedError(detail=f"HTTP {reply.status}, {reply.detail}")
    if not reply.ok:
        raise RefusedError(status=reply.status, detail=error_code(reply))
    return reply.body


def raise_for_status(reply: Reply) -> None:
    """Raise where the status says nothing about the request itself."""
    if reply.status in DENIED:
        raise UnauthorisedError(status=reply.status)
    if reply.is_redirect:
        detail = f"it sends us elsewhere (HTTP {reply.status}), where a token must not go"
        raise MalformedError(detail=detail)
    if (
        reply.status in _NEVER_FINAL
        or reply.status not in _CLIENT_FAULTS
        or is_aborted_transaction(reply)
    ):
        raise UnreachableError(
            place="the Customers API",
            detail=f"HTTP {reply.status}",
            retry_after_s=reply.retry_after_s,
        )


def is_transient(reply: Reply) -> bool:
    """Return whether this is an error that may be over in a moment."""
    return reply.status in _TRANSIENT or is_aborted_transaction(reply)


def is_aborted_transaction(reply: Reply) -> bool:
    """Return whether this is PostgreSQL's 25P02: an earlier transaction failed, which passes."""
    return not reply.ok and "25P02" in str(reply.body)[:_SEARCHED_CHARACTERS]


def is_final(reply: Reply) -> bool:
    """Return whether this very request was refused: nothing was changed, and nothing will be."""
    from_service = (
        reply.body is not NOT_JSON and reply.body is not None and not is_aborted_transaction(reply)
    )
    return from_service and reply.status in _CLIENT_FAULTS and reply.status not in _NEVER_FINAL


def error_code(reply: Reply) -> str:
    """Return the error code of a refusal; its message may hold a person's name and is not used."""
    error = reply.body.get("error") if isinstance(reply.body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "no code given"


def unknown_field(reply: Reply) -> str | None:
    """Return the name of the field that a server says it does not have."""
    if not is_final(reply):
        return None
    match = _UNKNOWN_FIELD.search(str(reply.body)[:_SEARCHED_CHARACTERS])
    return match[1] if match else None
