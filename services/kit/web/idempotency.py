"""Idempotency-Key: the first reply is kept in the transaction of its effect and given again to every repetition."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from services.kit.clock import Clock
from services.kit.database import Database, Session
from services.kit.identity import Identity
from services.kit.problems import (
    BadRequest,
    Conflict,
    ErrorItem,
    IdempotencyKeyReused,
    Problem,
    RequestInProgress,
)
from services.kit.secrets import Vault

HEADER = "Idempotency-Key"
FORM = re.compile(r"[\x21-\x7e]{1,255}")
KEPT_HEADERS = ("location", "etag", "content-type", "content-location", "kith-unchanged", "kith-position")
SECRET_LIFE = timedelta(minutes=10)
FIRST_FAILURE = 500
NO_RESULTS = frozenset({401, 403, 428, 429})
"""They say something about the caller or a missing header, not about what was asked: it may well succeed later."""
ID = rb"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
QUOTED_ID = re.compile(b'"' + ID + b'"')
"""The quotation mark makes it twenty times as fast as looking for an id anywhere."""
PATH_ID = re.compile(b"/" + ID)

Act = Callable[[Session], Awaitable[Response]]
"""Runs the operation in a transaction; raises a Problem where it refuses."""
Refuse = Callable[[Problem], Response]
"""Makes the reply that a refusal is answered with."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One use of a key: who, which key, and a fingerprint of the request."""

    workspace_id: UUID
    actor_id: UUID
    key: str
    fingerprint: bytes
    target: bytes

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
    target = f"{request.method} {request.scope.get('raw_path', b'').decode('latin-1')}?{request.url.query}".encode()
    fingerprint = hashlib.sha256(target + b"\0" + body).digest()
    return Attempt(identity.workspace_id, identity.actor_id, key, fingerprint, target)


class Replies:
    """The kept replies of one service, encrypted."""

    def __init__(self, vault: Vault, clock: Clock, hours: int) -> None:
        self._vault = vault
        self._clock = clock
        self._life = timedelta(hours=hours)

    async def once(
        self, database: Database, attempt: Attempt, act: Act, refuse: Refuse, *, secret: bool = False
    ) -> Response:
        """Act and keep the reply, or give the reply again that was kept when it was done before.

        The reply of an effect is kept in its transaction. A refusal leaves no effect to go with: its reply is kept in a
        transaction of its own, after the other is undone.
        """
        acting = False
        try:
            async with database.write(attempt.workspace_id) as session:
                kept = await self.find(session, attempt)
                if kept is not None:
                    return kept
                acting = True
                response = await act(session)
                await self.keep(session, attempt, response, secret=secret)
                return response
        except Problem as problem:
            if not acting or problem.status >= FIRST_FAILURE or problem.status in NO_RESULTS:
                raise
            response = refuse(problem)
        return await self._keep_refusal(database, attempt, response)

    async def _keep_refusal(self, database: Database, attempt: Attempt, response: Response) -> Response:
        """Keep a refusal, unless a twin was quicker between the two transactions: then its reply counts."""
        async with database.write(attempt.workspace_id) as session:
            kept = await self.find(session, attempt)
            if kept is None:
                await self.keep(session, attempt, response, secret=False)
        return kept or response

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
            detail = "The first reply has been forgotten, for it held a secret or somebody's data; the effect stands."
            raise Conflict(detail)
        return self._replay(row["status"], row["headers"], row["body"])

    async def keep(self, session: Session, attempt: Attempt, response: Response, *, secret: bool) -> None:
        """Keep a reply, with the ids of all whom it concerns."""
        now = self._clock.now()
        body = bytes(response.body)
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        await session.execute(
            "INSERT INTO idempotency_keys (workspace_id, actor_id, key, fingerprint, status, headers, body, subjects,"
            " created_at, expires_at, forget_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
            " ON CONFLICT (workspace_id, actor_id, key) DO UPDATE SET fingerprint = excluded.fingerprint,"
            " status = excluded.status, headers = excluded.headers, body = excluded.body,"
            " subjects = excluded.subjects, created_at = excluded.created_at, expires_at = excluded.expires_at,"
            " forget_at = excluded.forget_at",
            attempt.workspace_id,
            attempt.actor_id,
            attempt.key,
            attempt.fingerprint,
            response.status_code,
            headers,
            self._vault.encrypt(body),
            subjects_of(attempt.target, body),
            now,
            now + self._life,
            now + SECRET_LIFE if secret else None,
        )

    def _replay(self, status: int, headers: dict[str, str] | str, body: bytes) -> Response:
        kept = headers if isinstance(headers, dict) else orjson.loads(headers)
        response = Response(self._vault.decrypt(body), status_code=status, headers=kept)
        response.headers["Idempotency-Replayed"] = "true"
        return response


def subjects_of(target: bytes, body: bytes) -> list[str]:
    """Return every id of ours in an address and a reply: of those whom the reply may tell something about."""
    return sorted({found.decode() for found in (*PATH_ID.findall(target), *QUOTED_ID.findall(body))})


async def forget_replies(session: Session, workspace_id: UUID, ids: Iterable[UUID], now: datetime) -> int:
    """Forget the replies that concern somebody who is erased; returns how many. Either role.

    The keys stay, so that a repetition is not taken for something new. There is no index: erasures are rare and
    replies are kept for hours, while every write would pay for it.
    """
    return await session.execute(
        "UPDATE idempotency_keys SET body = ''::bytea, headers = '{}', subjects = '{}', forget_at = $3"
        " WHERE workspace_id = $1 AND subjects && $2::uuid[]",
        workspace_id,
        list(ids),
        now,
    )


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
