"""An Authorization header in, a role out: tokens, kept as hashes only, and what each role may."""

import secrets
from enum import StrEnum
from hashlib import sha256

import sqlalchemy as sa

from taptill.service import schema
from taptill.service.wire import Json, Refusal, joined

TOKEN_BYTES = 32
SCHEME = "Bearer "


class Role(StrEnum):
    """Who a token is for: a till reads and settles, the office does everything."""

    TILL = "till"
    OFFICE = "office"


_TILL_VERBS = frozenset({"select", "update"})
_TILL_FIELDS = frozenset({"totalDebt", "debtData"})


def add_token(engine: sa.Engine, role: Role, name: str) -> str:
    """Make a token and keep its hash; the token itself is nowhere but in the answer."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = {"name": name, "role": role.value, "sha256": _hash(token)}
    with schema.writing(engine) as connection:
        connection.execute(schema.tokens.insert().values(row))
    return token


def role_of(engine: sa.Engine, header: str) -> Role:
    """Find the role of a request's Authorization header; Refusal 401 if it has none.

    Every known token is compared in full, so that the time tells nothing.
    """
    presented = _hash(header.removeprefix(SCHEME)) if header.startswith(SCHEME) else ""
    with engine.begin() as connection:
        known = connection.execute(sa.select(schema.tokens.c.sha256, schema.tokens.c.role)).all()
    roles = [role for digest, role in known if secrets.compare_digest(digest, presented)]
    if not roles:
        raise Refusal(401, "unauthorised", "a valid bearer token is needed")
    return Role(roles[0])


def check_right(role: Role, verb: str, body: Json) -> None:
    """Refuse with 403 what the role may not do."""
    if role is Role.OFFICE:
        return
    if verb not in _TILL_VERBS:
        raise Refusal(403, "forbidden", "this token may select and update only")
    fields = body.get("fields") if verb == "update" and isinstance(body, dict) else None
    for name in fields if isinstance(fields, dict) else ():
        if name not in _TILL_FIELDS:
            place = joined("fields", name)
            raise Refusal(403, "forbidden", "this token may not write this field", place)


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
