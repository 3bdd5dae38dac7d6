"""Idempotency-Key: the first reply is kept in the transaction of its effect and given again to every repetition."""

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.identity import Identity
from services.kit.problems import (
    BadRequest,
    Conflict,
    ErrorItem,
    IdempotencyKeyReused,
    RequestInProgress,
)
from services.kit.secrets import Vault

HEADER = "Idempotency-Key"
FORM = re.compile(r"[\x21-\x7e]{1,255}")
KEPT_HEADERS = ("location", "etag", "content-type", "content-location", "kith-unchanged", "kith-position")
SECRET_LIFE = timedelta(minutes=10)
FIRST_SUCCESS, FIRST_ERROR = 200, 400


@dataclass(frozen=True, slots=True)
class Attempt:
    """One use of a key: who, which key, and a fingerprint of the request."""

    workspace_id: UUID
    actor_id: UUID
    key: str
    fingerprint: bytes

    @property
    def lock(self) -> int:
        """A 64-bit number for the advisory lock of this key."""
        digest = hashlib.blake2b(f"{self.workspace_id}:{self.actor_id}:{self.key}".encode(), digest_size=8)
        return int.from_bytes(digest.digest(), signed=True)


def attempt_of(request: Request, identity: Identity, body: bytes) -> Attempt | None:
    """Return the attempt a request makes, None without a key; a problem for a key that is none."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not FORM.fullmatch(key):
        message = "The key has 1 to 255 visible ASCII characters."
        raise BadRequest(message, errors=[ErrorItem("header", message, name=HEADER)])
    target = f"{request.method} {request.scope.get('raw_path', b'').decode('latin-1')}?{request.url.query}"
    fingerprint = hashlib.sha256(target.encode() + b"\0" + body).digest()
    return Attempt(identity.workspace_id, identity.actor_id, key, fingerprint)


class Replies:
    """The kept replies of one service, encrypted."""

    def __init__(self, vault: Vault, clock: Clock, hours: int) -> None:
        self._vault = vault
        self._clock = clock
        self._life = timedelta(hours=hours)

    async def find(self, session: Session, attempt: Attempt) -> Response | None:
        """Return the reply kept for an attempt, None for a first one; takes the key for this transaction."""
        if not await session.fetchval("SELECT pg_try_advisory_xact_lock($1)", attempt.lock):
            raise RequestInProgress
        row = await session.fetchrow(
            "SELECT fingerprint, status, headers, body, forget_at FROM idempotency_keys"
            " WHERE workspace_id = $1 AND actor_id = $2 AND key = $3 AND expires_at > $4",
            attempt.workspace_id,
            attempt.actor_id,
            attempt.key,
            self._clock.now(),
        )
        if row is None:
            return None
        if row["fingerprint"] != attempt.fingerprint:
            raise IdempotencyKeyReused
        if row["forget_at"] and row["forget_at"] <= self._clock.now():
            detail = "The first reply held a secret and has been forgotten; the effect stands."
            raise Conflict(detail)
        return self._replay(row["status"], row["headers"], row["body"])

    async def keep(self, session: Session, attempt: Attempt, response: Response, *, secret: bool) -> None:
        """Keep a successful reply with the effect that it reports; errors leave nothing to repeat."""
        if not FIRST_SUCCESS <= response.status_code < FIRST_ERROR:
            return
        now = self._clock.now()
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        await session.execute(
            "INSERT INTO idempotency_keys"
            " (workspace_id, actor_id, key, fingerprint, status, headers, body, created_at, expires_at, forget_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
            " ON CONFLICT (workspace_id, actor_id, key) DO UPDATE SET fingerprint = excluded.fingerprint,"
            " status = excluded.status, headers = excluded.headers, body = excluded.body,"
            " created_at = excluded.created_at, expires_at = excluded.expires_at, forget_at = excluded.forget_at",
            attempt.workspace_id,
            attempt.actor_id,
            attempt.key,
            attempt.fingerprint,
            response.status_code,
            headers,
            self._vault.encrypt(bytes(response.body)),
            now,
            now + self._life,
            now + SECRET_LIFE if secret else None,
        )

    def _replay(self, status: int, headers: dict[str, str] | str, body: bytes) -> Response:
        kept = headers if isinstance(headers, dict) else orjson.loads(headers)
        response = Response(self._vault.decrypt(body), status_code=status, headers=kept)
        response.headers["Idempotency-Replayed"] = "true"
        return response


async def purge_replies(session: Session, now: object, limit: int = 5000) -> int:
    """Delete expired replies and forget replies with secrets; returns how many rows went. Worker role."""
    await session.execute(
        "UPDATE idempotency_keys SET body = ''::bytea WHERE forget_at <= $1 AND body <> ''::bytea", now
    )
    return await session.execute(
        "DELETE FROM idempotency_keys"
        " WHERE ctid IN (SELECT ctid FROM idempotency_keys WHERE expires_at <= $1 LIMIT $2)",
        now,
        limit,
    )
