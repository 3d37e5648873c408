"""An Authorization header in, a caller out: tokens, kept as hashes only, and what each may do."""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from time import monotonic

import sqlalchemy as sa

from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.database import reading, writing
from taptill.service.wire import Refusal, joined

TOKEN_BYTES = 32
SCHEME = "Bearer "
KNOWN_S_MAX = 1
"""So long tokens are remembered: a new one is let in, and a revoked one kept out, after it."""


class Role(StrEnum):
    """Who a token is for: a till reads and settles, the office does everything."""

    TILL = "till"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token beside its hash."""

    id: int
    role: Role
    name: str

    @property
    def who(self) -> str:
        """Name its holder for the ledger."""
        return self.name or f"token {self.id}"


_TILL_VERBS = frozenset({"select", "update"})
_TILL_FIELDS = frozenset({"totalDebt", "debtData"})


class Door:
    """The tokens as they were at most KNOWN_S_MAX ago."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._known: dict[str, Token] = {}
        self._until_s = 0.0

    @property
    def stale(self) -> bool:
        """Whether the tokens have to be read again."""
        return monotonic() >= self._until_s

    def look(self) -> None:
        """Read the tokens."""
        until_s = monotonic() + KNOWN_S_MAX
        self._known = _tokens(self._engine)
        self._until_s = until_s

    def holder(self, header: str) -> Token:
        """Find the token of an Authorization header; Refusal 401 if it has none.

        It is looked up by its hash: how long that takes tells nothing of the token.
        """
        presented = _hash(header.removeprefix(SCHEME)) if header.startswith(SCHEME) else ""
        if presented not in self._known:
            raise Refusal(401, "unauthorised", "a valid bearer token is needed")
        return self._known[presented]


def add_token(engine: sa.Engine, role: Role, name: str) -> str:
    """Make a token and keep its hash; the token itself is nowhere but in the answer."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = {"name": name, "role": role.value, "sha256": _hash(token)}
    with writing(engine) as connection:
        connection.execute(schema.tokens.insert().values(row))
    return token


def list_tokens(engine: sa.Engine) -> list[Token]:
    """Give what is known of every token, the oldest first."""
    return sorted(_tokens(engine).values(), key=lambda token: token.id)


def revoke_token(engine: sa.Engine, token_id: int) -> bool:
    """Let a token in no more; tell whether there was one."""
    with writing(engine) as connection:
        gone = sa.delete(schema.tokens).where(schema.tokens.c.id == token_id)
        return connection.execute(gone).rowcount == 1


def check_right(role: Role, verb: str, body: Json) -> None:
    """Refuse with 403 what the role may not do."""
    if role is Role.OFFICE:
        return
    if verb not in _TILL_VERBS:
        raise Refusal(403, "forbidden", "this token may select and update only")
    if isinstance(body, dict) and body.get("removed"):
        raise Refusal(403, "forbidden", "this token may not see who was removed", "removed")
    fields = body.get("fields") if verb == "update" and isinstance(body, dict) else None
    for name, value in fields.items() if isinstance(fields, dict) else ():
        place = joined("fields", name)
        if name not in _TILL_FIELDS:
            raise Refusal(403, "forbidden", "this token may not write this field", place)
        if name == "totalDebt" and isinstance(value, dict):
            # A till's money goes together with its mark, or the row no longer tells what is in.
            raise Refusal(403, "forbidden", "this token may not increment", place)


def _tokens(engine: sa.Engine) -> dict[str, Token]:
    kept = schema.tokens.c
    with reading(engine) as connection:
        rows = connection.execute(sa.select(kept.sha256, kept.id, kept.role, kept.name))
        return {digest: Token(number, Role(role), name) for digest, number, role, name in rows}


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
