"""Passing requests on to the services, and their answers back."""

from collections.abc import Awaitable, Callable

from starlette.types import Receive, Send

from gateway.door.answers import finish, send_answer
from gateway.door.bodies import declared_length, read_body, stream_body
from gateway.door.conditions import NOT_MODIFIED, is_known, tag_of, without_body
from gateway.door.headers import inwards, outwards, value_of
from gateway.door.keyring import Holder, Keyring
from gateway.door.names import Ref, fill_names
from gateway.door.negotiation import encoding_for
from gateway.door.packing import PackedStream, is_worth_it, packed
from gateway.door.routes import Operation
from gateway.door.upstream import IDEMPOTENT, Incoming, Outgoing, Upstream
from gateway.door.visit import Visit
from gateway.door.wire import Answer
from gateway.settings import GatewaySettings
from services.kit.identity import HEADER, Identity

IDENTITY = HEADER.encode()
JSON = b"application/json"
OK = 200
FIRST_REDIRECT = 300
READS = frozenset({"GET", "HEAD"})
ENCODING = b"content-encoding"

AskNames = Callable[[Identity, list[str]], Awaitable[dict[str, Ref]]]
"""Returns the names behind ids, as far as a caller may see them."""


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
        if operation.fills_names and holder is not None and isinstance(answer.body, bytes) and is_json(answer):
            answer.body = await fill_names(answer.body, lambda ids: self._ask_names(holder.identity, ids))
        body: bytes | Answer | PackedStream = answer.body
        if isinstance(body, bytes):
            answer.headers = [header for header in answer.headers if header[0] != b"content-length"]
        if not operation.takes_webhooks:
            body = await shape(visit, answer)
        visit.started = True
        await send_answer(send, answer.status, finish(answer.headers, visit.extra), body, head_only=visit.is_head)
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
        length = declared_length(visit.first.get(b"content-length"), limit)
        method = visit.method if operation.takes_webhooks else operation.method
        headers = inwards(visit.headers, keep_credentials=operation.public) + visit.inward
        if holder is not None:
            headers.append((IDENTITY, self._keyring.token(holder, operation.service)))
        if not operation.takes_files:
            body = await read_body(receive, limit)
            return Outgoing(method, visit.target, headers, body, is_repeatable(visit, operation))
        if length is not None:
            headers.append((b"content-length", b"%d" % length))
        return Outgoing(method, visit.target, headers, stream_body(receive, limit))


def is_repeatable(visit: Visit, operation: Operation) -> bool:
    """Tell whether the service recognises a repetition of the request, or none can do harm."""
    if visit.method in IDEMPOTENT or operation.takes_webhooks:
        return True
    return b"idempotency-key" in visit.first


async def shape(visit: Visit, answer: Incoming) -> bytes | Answer | PackedStream:
    """Bring an answer into the shape that was asked for: nothing where the caller has it already, else packed.

    Tags are those of the plain answer: they name versions of rows, and If-Match takes them.
    """
    body = answer.body
    if answer.status == OK and visit.method in READS and isinstance(body, bytes):
        tag = tag_of(answer.headers, body)
        wanted = visit.first.get(b"if-none-match")
        if value_of(answer.headers, b"etag") is None:
            answer.headers.append((b"etag", tag))
        if wanted is not None and is_known(wanted, tag):
            answer.status, answer.headers = NOT_MODIFIED, without_body(answer.headers)
            return b""
    encoding = encoding_for(visit.first.get(b"accept-encoding"))
    if encoding is None or not is_worth_it(answer.headers, body):
        return body
    answer.headers = [*(header for header in answer.headers if header[0] != b"content-length"), (ENCODING, encoding)]
    return await packed(body, encoding) if isinstance(body, bytes) else PackedStream(body, encoding)


def is_json(answer: Incoming) -> bool:
    """Tell whether an answer is a good one in JSON, which may hold references."""
    kind = value_of(answer.headers, b"content-type") or b""
    return answer.status < FIRST_REDIRECT and kind.startswith(JSON)
