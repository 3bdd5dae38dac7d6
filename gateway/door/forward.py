"""Passing requests on to the services, and their answers back."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from starlette.types import Receive, Send

from gateway.door.answers import finish, send_answer
from gateway.door.bodies import declared_length, read_body, stream_body
from gateway.door.headers import Header, inwards, outwards, value_of
from gateway.door.keyring import Holder, Keyring
from gateway.door.names import Ref, fill_names
from gateway.door.routes import Operation
from gateway.door.upstream import IDEMPOTENT, Incoming, Outgoing, Upstream
from gateway.door.visit import Visit
from gateway.settings import GatewaySettings
from services.kit.identity import HEADER

IDENTITY = HEADER.encode()
JSON = b"application/json"
OK = 200
FIRST_REDIRECT = 300
NOT_MODIFIED = 304
OF_BODY = frozenset({b"content-length", b"content-type", b"content-encoding"})

AskNames = Callable[[UUID, list[str]], Awaitable[dict[str, Ref]]]
"""Returns the names behind ids of a workspace."""


class Forwarder:
    """Sends a visit to the service that answers it."""

    def __init__(self, settings: GatewaySettings, keyring: Keyring, upstream: Upstream, ask_names: AskNames) -> None:
        """Take the collaborators."""
        self._settings = settings
        self._keyring = keyring
        self._upstream = upstream
        self._ask_names = ask_names

    async def forward(
        self, visit: Visit, operation: Operation, holder: Holder | None, receive: Receive, send: Send
    ) -> None:
        """Answer a visit with what its service says."""
        request = await self._outgoing(visit, operation, holder, receive)
        answer = await self._upstream.send(operation.service, request, whole=operation.fills_names)
        answer.headers = outwards(answer.headers)
        await self.reply(visit, operation, holder, answer, send)

    async def reply(
        self, visit: Visit, operation: Operation, holder: Holder | None, answer: Incoming, send: Send
    ) -> None:
        """Send an answer on, with names filled in where the operation asks for it."""
        if is_known(visit, answer):
            answer = Incoming(NOT_MODIFIED, without_body(answer.headers), b"")
        body, headers = answer.body, answer.headers
        if isinstance(body, bytes):
            headers = [header for header in headers if header[0] != b"content-length"]
            if operation.fills_names and holder is not None and is_json(answer):
                body = await fill_names(body, lambda ids: self._ask_names(holder.identity.workspace_id, ids))
        visit.started = True
        await send_answer(send, answer.status, finish(headers, visit.extra), body)
        visit.measure(answer.status)

    def limit(self, operation: Operation) -> int:
        """Return how many bytes of a body the operation takes."""
        if operation.takes_files:
            return self._settings.max_upload_bytes
        if operation.takes_webhooks:
            return self._settings.max_webhook_bytes
        return operation.max_body or self._settings.max_body_bytes

    async def _outgoing(self, visit: Visit, operation: Operation, holder: Holder | None, receive: Receive) -> Outgoing:
        limit = self.limit(operation)
        length = declared_length(visit.headers, limit)
        headers = inwards(visit.headers, keep_credentials=operation.public) + visit.inward
        if holder is not None:
            headers.append((IDENTITY, self._keyring.token(holder, operation.service)))
        if not operation.takes_files:
            body = await read_body(receive, limit)
            return Outgoing(visit.method, visit.target, headers, body, is_repeatable(visit, operation))
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        return Outgoing(visit.method, visit.target, headers, stream_body(receive, limit))


def is_repeatable(visit: Visit, operation: Operation) -> bool:
    """Tell whether the service recognises a repetition of the request, or none can do harm."""
    if visit.method in IDEMPOTENT or operation.takes_webhooks:
        return True
    return value_of(visit.headers, b"idempotency-key") is not None


def is_known(visit: Visit, answer: Incoming) -> bool:
    """Tell whether the caller has the very version that is answered (weak comparison, RFC 9110 13.1.2)."""
    wanted = value_of(visit.headers, b"if-none-match")
    if wanted is None or answer.status != OK or visit.method != "GET" or not isinstance(answer.body, bytes):
        return False
    tag = value_of(answer.headers, b"etag")
    known = {part.strip().removeprefix(b"W/") for part in wanted.split(b",")}
    return tag is not None and tag.removeprefix(b"W/") in known


def without_body(headers: list[Header]) -> list[Header]:
    """Return the headers that an answer without its body keeps."""
    return [header for header in headers if header[0] not in OF_BODY]


def is_json(answer: Incoming) -> bool:
    """Tell whether an answer is a good one in JSON, which may hold references."""
    kind = value_of(answer.headers, b"content-type") or b""
    return answer.status < FIRST_REDIRECT and kind.startswith(JSON)
